//! What came of all hunts.

use std::{collections::BTreeSet, time::Duration};

use crate::{bug::Bug, hunt::Found, lane::Lane};

/// How many steps a counterexample may have above the smallest there is.
const ABOVE_MINIMUM: usize = 2;

/// What came of the hunts so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    bugs: usize,
    /// Bugs that were found with every seed, small enough.
    good: usize,
    /// After how long, over all bugs and seeds.
    times: Vec<Duration>,
    false_alarms: usize,
}

impl Tally {
    /// Adds what came of one bug, and says it in one line.
    pub(crate) fn add(&mut self, bug: &Bug, found: Vec<Option<Found>>) -> String {
        let seeds = found.len();
        let found: Vec<Found> = found.into_iter().flatten().collect();
        let largest = found.iter().map(|found| found.steps).max().unwrap_or(0);
        let good = found.len() == seeds && largest <= bug.minimum + ABOVE_MINIMUM;
        self.bugs += 1;
        self.good += usize::from(good);
        let mut times: Vec<Duration> = found.iter().map(|found| found.after).collect();
        times.sort_unstable();
        let how = found.iter().map(|found| found.steps).min().map_or_else(String::new, |smallest| {
            let sizes =
                if smallest == largest { smallest.to_string() } else { format!("{smallest}–{largest}") };
            let lanes: BTreeSet<_> = found.iter().map(|found| found.lane).collect();
            let lanes: Vec<&str> = lanes.into_iter().map(Lane::name).collect();
            format!(
                "  median {:>6.2} s  p95 {:>6.2} s  {sizes} steps, smallest possible {}  {}",
                quantile(&times, 50).as_secs_f64(),
                quantile(&times, 95).as_secs_f64(),
                bug.minimum,
                lanes.join(", "),
            )
        });
        self.times.extend(times);
        let mark = if good { "✓" } else { "✗" };
        format!("{mark} {:<36} {:>2} of {seeds}{how}\n    {}", bug.name, found.len(), bug.title)
    }

    /// Adds what was found in the shop as it is, and sums up.
    pub(crate) fn close(&mut self, alarms: &[Option<Found>], limit: u64) -> String {
        self.false_alarms = alarms.iter().flatten().count();
        self.times.sort_unstable();
        format!(
            "\n{} bugs: {} found with every seed, in at most {ABOVE_MINIMUM} steps more than the smallest possible; \
             median {:.2} s, p95 {:.2} s\n\
             the shop as it is, {} times {limit} s: {} false alarms",
            self.bugs,
            self.good,
            quantile(&self.times, 50).as_secs_f64(),
            quantile(&self.times, 95).as_secs_f64(),
            alarms.len(),
            self.false_alarms,
        )
    }

    /// Whether every bug was found and nothing else.
    pub(crate) fn is_good(&self) -> bool {
        self.good == self.bugs && self.false_alarms == 0
    }
}

/// Of sorted times.
fn quantile(times: &[Duration], percent: usize) -> Duration {
    times.get(times.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}
