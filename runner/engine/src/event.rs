//! What the engine tells whoever shows a run.

use std::{sync::Arc, time::Duration};

use fault::Seed;
use scenario::Scenario;
use verdict::{History, Verdict};

/// Something that a person may want to see as it happens.
#[derive(Debug, Clone)]
pub enum Event {
    /// A run begins.
    RunStarted {
        /// How many scenarios it has.
        scenarios: usize,
        /// What all chance in it comes from.
        seed: Seed,
    },
    /// A scenario begins: its world is about to be raised.
    ScenarioStarted {
        /// Its place in the run, from 0.
        index: usize,
        /// Which.
        scenario: Arc<Scenario>,
    },
    /// A step begins.
    StepStarted {
        /// Its scenario's place in the run.
        scenario: usize,
        /// Its place in the scenario, from 0.
        step: usize,
    },
    /// A scenario has ended, and its world is gone.
    ScenarioEnded {
        /// Its place in the run, from 0.
        index: usize,
        /// What came of it.
        result: Arc<ScenarioResult>,
    },
    /// The run has ended.
    RunEnded {
        /// What came of it.
        summary: Summary,
    },
}

/// What came of one scenario.
#[derive(Debug, Clone)]
pub struct ScenarioResult {
    /// Which.
    pub scenario: Arc<Scenario>,
    /// What all chance in it came from.
    pub seed: Seed,
    /// What came of it.
    pub verdict: Verdict,
    /// What happened.
    pub history: History,
    /// How long its steps took, in the world's time.
    pub took: Duration,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Scenarios that passed.
    pub passed: usize,
    /// Scenarios that failed.
    pub failed: usize,
    /// Scenarios during which the environment failed.
    pub broken_off: usize,
    /// Scenarios that need what isn't required and isn't there.
    pub skipped: usize,
    /// Scenarios that weren't begun, because an earlier one failed and the run was to end then.
    pub not_run: usize,
}

impl Summary {
    /// Counts one more verdict.
    pub fn count(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::Failed(_) => &mut self.failed,
            Verdict::BrokenOff(_) => &mut self.broken_off,
            Verdict::Skipped(_) => &mut self.skipped,
        } += 1;
    }
}
