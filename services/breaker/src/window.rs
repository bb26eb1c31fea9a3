//! The recent outcomes that decide whether a closed circuit opens, limited by age and by number.

use std::collections::VecDeque;
use std::time::Duration;

/// How a call ended, as far as it shows the health of the dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// The dependency answered and is healthy. Over HTTP: any status below 500.
    Success,
    /// A 5xx status, a timeout, a refused or reset connection, or a reply that was cut off.
    Failure,
}

/// The number of calls in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// All calls.
    pub(crate) calls: u32,
    /// Failed calls.
    pub(crate) failures: u32,
    /// Slow calls; a slow failure counts in both.
    pub(crate) slow: u32,
}

#[derive(Debug, Clone, Copy)]
struct RecordedCall {
    at: Duration,
    outcome: CallOutcome,
    slow: bool,
}

/// The outcomes that are younger than `age`, at most `calls` of them. Each new outcome drops those that no longer count.
#[derive(Debug)]
pub(crate) struct Window {
    age: Duration,
    calls: usize,
    recorded: VecDeque<RecordedCall>,
}

impl Window {
    pub(crate) fn new(age: Duration, calls: u32) -> Self {
        Self { age, calls: calls as usize, recorded: VecDeque::new() }
    }

    /// Adds an outcome and counts what the window holds then.
    pub(crate) fn add(&mut self, now: Duration, outcome: CallOutcome, slow: bool) -> Counts {
        self.recorded.push_back(RecordedCall { at: now, outcome, slow });
        while self.recorded.len() > self.calls
            || self.recorded.front().is_some_and(|call| now.saturating_sub(call.at) >= self.age)
        {
            self.recorded.pop_front();
        }
        let mut counts = Counts::default();
        for call in &self.recorded {
            counts.calls += 1;
            counts.failures += u32::from(call.outcome == CallOutcome::Failure);
            counts.slow += u32::from(call.slow);
        }
        counts
    }

    pub(crate) fn clear(&mut self) {
        self.recorded.clear();
    }
}
