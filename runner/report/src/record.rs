//! All of a run, gathered from its events.

use std::{collections::BTreeMap, sync::Arc};

use engine::{Event, ScenarioResult, Summary};
use explore::SweepTable;
use fault::{Seed, ServiceName};
use scenario::{Scenario, Secrets};
use verdict::BrokenOff;

use crate::{Interruption, Repetitions, ServiceAddress, json::StartedFile, summary, sweep::failures};

/// A run as reports need it, gathered from its events.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// The seed of all chance in the run.
    pub seed: Seed,
    /// The number of scenarios with each verdict.
    pub summary: Summary,
    /// Why the run ended before all scenarios had; `None` if it didn't.
    pub interrupted: Option<Interruption>,
    /// Why the run couldn't begin, or not go on, though no scenario is to blame; `None` if it could.
    pub broken_off: Option<BrokenOff>,
    /// The results of the scenarios, in the order of the run.
    pub results: Vec<Arc<ScenarioResult>>,
    /// Tables of sweeps, each with the position of its baseline among the results. The runs that failed follow the baseline.
    pub(crate) sweeps: Vec<(usize, SweepTable)>,
    /// The position in the run of each result. Scenarios that run side by side end in any order.
    positions: Vec<usize>,
    addresses: BTreeMap<ServiceName, ServiceAddress>,
    /// What no report may hold.
    pub(crate) secrets: Secrets,
    pub(crate) planning: Planning,
}

/// What is known of a run before it begins.
#[derive(Debug, Clone, Default)]
pub struct Planning {
    /// The scenarios, in the order of the run, each as often in succession as it is to run.
    pub scenarios: Vec<Arc<Scenario>>,
    /// How often each of them is to run.
    pub repetitions: Repetitions,
    /// How the run was started, for the report that repeats it.
    pub started: Option<StartedFile>,
}

impl Default for RunRecord {
    fn default() -> Self {
        Self {
            seed: Seed(0),
            summary: Summary::default(),
            interrupted: None,
            broken_off: None,
            results: Vec::new(),
            sweeps: Vec::new(),
            positions: Vec::new(),
            addresses: BTreeMap::new(),
            secrets: Secrets::default(),
            planning: Planning::default(),
        }
    }
}

impl RunRecord {
    /// The record of sweeps: each baseline with the runs that failed.
    pub fn of_sweeps(seed: Seed, tables: Vec<SweepTable>) -> Self {
        let mut record = Self { seed, ..Self::default() };
        for table in tables {
            let baseline = record.results.len();
            let results = [&table.baseline].into_iter().chain(failures(&table)).cloned();
            record.results.extend(results);
            record.sweeps.push((baseline, table));
        }
        record.results.iter().for_each(|result| record.summary.count(&result.verdict));
        record
    }

    /// The same record with the addresses at which a person reaches the services, for the commands that repeat a request.
    #[must_use]
    pub fn with_addresses(self, addresses: BTreeMap<ServiceName, ServiceAddress>) -> Self {
        Self { addresses, ..self }
    }

    /// The same record, whose reports have `***` in place of secrets.
    #[must_use]
    pub fn with_secrets(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    /// The same record of a run that was planned like this.
    #[must_use]
    pub fn with_planning(self, planning: Planning) -> Self {
        Self { planning, ..self }
    }

    /// The record of a run of so many scenarios that couldn't begin.
    #[must_use]
    pub fn not_begun(self, seed: Seed, scenarios: usize, why: BrokenOff) -> Self {
        let summary = Summary { not_run: scenarios, ..Summary::default() };
        Self { seed, summary, broken_off: Some(why), ..self }
    }

    /// Why the run ended before all scenarios had, as a sentence; `None` if it didn't.
    pub(crate) fn early_end(&self) -> Option<String> {
        let broken_off = self.broken_off.as_ref().map(|why| format!("broken off: {why}"));
        broken_off.or_else(|| Some(self.interrupted?.to_string()))
    }

    /// The planned runs that have no result: the name of each, as [`Self::name`] has it, and its scenario.
    pub(crate) fn not_run(&self) -> impl Iterator<Item = (String, &Scenario)> {
        let repetitions = self.planning.repetitions;
        let numbers = (0..repetitions.runs.get()).cycle();
        let planned = self.planning.scenarios.iter().zip(numbers).enumerate();
        let not_run = planned.filter(|(index, _)| self.positions.binary_search(index).is_err());
        not_run
            .map(move |(_, (scenario, number))| (repetitions.numbered(&scenario.name, number), &**scenario))
    }

    /// The number of scenarios, or of their runs, with each verdict.
    pub(crate) fn counts(&self) -> String {
        summary::counts(&self.summary, self.planning.repetitions.counted())
    }

    /// The name of a result's scenario, with the number of the run if there are several.
    pub(crate) fn name(&self, result: &ScenarioResult) -> String {
        self.planning.repetitions.name(result, self.seed)
    }

    /// Where a person reaches a service.
    pub(crate) fn address(&self, service: &ServiceName) -> Option<ServiceAddress> {
        self.addresses.get(service).cloned()
    }

    /// Adds what an event tells.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::RunStarted { seed, .. } => {
                let (addresses, secrets, planning) = (
                    std::mem::take(&mut self.addresses),
                    std::mem::take(&mut self.secrets),
                    std::mem::take(&mut self.planning),
                );
                *self = Self { seed: *seed, addresses, secrets, planning, ..Self::default() };
            }
            Event::ScenarioEnded { index, result } => {
                let at = self.positions.partition_point(|other| other < index);
                self.positions.insert(at, *index);
                self.results.insert(at, Arc::clone(result));
            }
            Event::RunEnded { summary } => self.summary = *summary,
            Event::ScenarioStarted { .. } | Event::StepStarted { .. } => {}
        }
    }
}
