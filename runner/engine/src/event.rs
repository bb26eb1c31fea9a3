//! Events of a run, for displays and reports.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use fault::{Seed, ServiceName};
use scenario::{Scenario, Secrets};
use verdict::{History, Verdict};

use crate::ServiceLog;

/// What happens in a run, reported as it happens.
#[derive(Debug, Clone)]
pub enum Event {
    /// The run starts.
    RunStarted {
        /// Number of scenarios, including those that are skipped.
        scenarios: usize,
        /// Seed of everything random in the run.
        seed: Seed,
    },
    /// A scenario starts: its world will be started next.
    ScenarioStarted {
        /// Its position in the run, from 0.
        index: usize,
        /// The scenario.
        scenario: Arc<Scenario>,
    },
    /// A step starts.
    StepStarted {
        /// Its scenario's position in the run, from 0.
        scenario: usize,
        /// Its position in the scenario, from 0.
        step: usize,
    },
    /// A scenario has ended, and its world is closed.
    ScenarioEnded {
        /// Its position in the run, from 0.
        index: usize,
        /// The result.
        result: Arc<ScenarioResult>,
    },
    /// The run has ended.
    RunEnded {
        /// Numbers of scenarios by result.
        summary: Summary,
    },
}

/// The result of one scenario.
#[derive(Debug, Clone)]
pub struct ScenarioResult {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Seed of everything random in the scenario.
    pub seed: Seed,
    /// The verdict.
    pub verdict: Verdict,
    /// The record of its world.
    pub history: History,
    /// How long its world existed, in the world's time.
    pub took: Duration,
    /// What the services left.
    pub output: ServiceOutput,
}

impl ScenarioResult {
    /// Masks the secrets in what it tells.
    pub(crate) fn mask(&mut self, secrets: &Secrets) {
        if !secrets.is_empty() {
            self.history = self.history.masked(secrets);
            self.verdict.mask(secrets);
        }
    }
}

impl ServiceOutput {
    /// Masks the secrets in what the services wrote.
    pub(crate) fn mask(&mut self, secrets: &Secrets) {
        if !secrets.is_empty() {
            self.logs.values_mut().for_each(|log| log.mask(secrets));
        }
    }
}

/// What the services of a world left: nothing in a simulated world.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceOutput {
    /// What each service wrote, if it wrote anything.
    pub logs: BTreeMap<ServiceName, ServiceLog>,
    /// The folder with the services' data and logs; `None` if it isn't kept.
    pub folder: Option<PathBuf>,
}

/// Numbers of a run's scenarios, by result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Scenarios that passed.
    pub passed: usize,
    /// Scenarios that failed.
    pub failed: usize,
    /// Scenarios during which the environment failed.
    pub broken_off: usize,
    /// Scenarios that need an optional service that is missing.
    pub skipped: usize,
    /// Scenarios that weren't started or haven't ended, because the run ended before.
    pub not_run: usize,
}

impl Summary {
    /// Counts a verdict.
    pub fn count(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::Failed(_) => &mut self.failed,
            Verdict::BrokenOff(_) => &mut self.broken_off,
            Verdict::Skipped(_) => &mut self.skipped,
        } += 1;
    }
}
