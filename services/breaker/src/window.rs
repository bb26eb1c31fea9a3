//! The recent outcomes, by which a closed circuit is judged.

use std::collections::VecDeque;
use std::time::Duration;

/// What came of a call, as far as the dependency's health goes: any answer but a 5xx is a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The dependency answered and is well (a 4xx is an answer).
    Success,
    /// A 5xx, a timeout, a refused or reset connection, a reply that was cut off.
    Failure,
}

/// The counts of what is in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All calls.
    pub calls: u32,
    /// Those that failed.
    pub failures: u32,
    /// Those that were slow; a slow failure counts in both.
    pub slow: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    at: Duration,
    outcome: Outcome,
    slow: bool,
}

/// A window that slides with every call: bounded in age and in number.
#[derive(Debug)]
pub(crate) struct Window {
    age: Duration,
    calls: usize,
    entries: VecDeque<Entry>,
}

impl Window {
    pub(crate) fn new(age: Duration, calls: u32) -> Self {
        Self { age, calls: calls as usize, entries: VecDeque::new() }
    }

    /// Adds an outcome and says what the window holds now.
    pub(crate) fn add(&mut self, now: Duration, outcome: Outcome, slow: bool) -> Counts {
        self.entries.push_back(Entry { at: now, outcome, slow });
        while self.entries.len() > self.calls
            || self.entries.front().is_some_and(|entry| now.saturating_sub(entry.at) >= self.age)
        {
            self.entries.pop_front();
        }
        let mut counts = Counts::default();
        for entry in &self.entries {
            counts.calls += 1;
            counts.failures += u32::from(entry.outcome == Outcome::Failure);
            counts.slow += u32::from(entry.slow);
        }
        counts
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
