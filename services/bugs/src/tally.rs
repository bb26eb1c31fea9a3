//! The results of all hunts.

use std::{collections::BTreeSet, time::Duration};

use crate::{bug::Bug, hunt::Find, strategy::Strategy};

/// The number of steps that a counterexample may have beyond the smallest possible.
const ABOVE_MINIMUM: usize = 2;

/// The results of the hunts so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    bugs: usize,
    /// Bugs that were found with every seed, in few enough steps.
    good: usize,
    /// The times of all finds, over all bugs and seeds.
    times: Vec<Duration>,
    false_alarms: usize,
}

impl Tally {
    /// Adds the finds of one bug, one for each seed. Returns them as two lines of text.
    pub(crate) fn add(&mut self, bug: &Bug, finds: Vec<Option<Find>>) -> String {
        let seeds = finds.len();
        let finds: Vec<Find> = finds.into_iter().flatten().collect();
        let largest = finds.iter().map(|find| find.steps).max().unwrap_or(0);
        let good = finds.len() == seeds && largest <= bug.minimum + ABOVE_MINIMUM;
        self.bugs += 1;
        self.good += usize::from(good);
        let mut times: Vec<Duration> = finds.iter().map(|find| find.after).collect();
        times.sort_unstable();
        let how = finds.iter().map(|find| find.steps).min().map_or_else(String::new, |smallest| {
            let sizes =
                if smallest == largest { smallest.to_string() } else { format!("{smallest}–{largest}") };
            let strategies: BTreeSet<_> = finds.iter().map(|find| find.strategy).collect();
            let strategies: Vec<&str> = strategies.into_iter().map(Strategy::name).collect();
            format!(
                "  median {:>6.2} s  p95 {:>6.2} s  {sizes} steps, smallest possible {}  {}",
                quantile(&times, 50).as_secs_f64(),
                quantile(&times, 95).as_secs_f64(),
                bug.minimum,
                strategies.join(", "),
            )
        });
        self.times.extend(times);
        let mark = if good { "✓" } else { "✗" };
        format!("{mark} {:<36} {:>2} of {seeds}{how}\n    {}", bug.name, finds.len(), bug.title)
    }

    /// Adds the finds in the unpatched shop. Returns the summary.
    pub(crate) fn close(&mut self, alarms: &[Option<Find>], limit: u64) -> String {
        self.false_alarms = alarms.iter().flatten().count();
        self.times.sort_unstable();
        format!(
            "\n{} bugs: {} found with every seed, in at most {ABOVE_MINIMUM} steps more than the smallest possible; \
             median {:.2} s, p95 {:.2} s\n\
             the unpatched shop, {} times {limit} s: {} false alarms",
            self.bugs,
            self.good,
            quantile(&self.times, 50).as_secs_f64(),
            quantile(&self.times, 95).as_secs_f64(),
            alarms.len(),
            self.false_alarms,
        )
    }

    /// Whether every bug was found with every seed, and nothing was found in the unpatched shop.
    pub(crate) fn is_good(&self) -> bool {
        self.good == self.bugs && self.false_alarms == 0
    }
}

/// The quantile of sorted times; zero if there are none.
fn quantile(times: &[Duration], percent: usize) -> Duration {
    times.get(times.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}
