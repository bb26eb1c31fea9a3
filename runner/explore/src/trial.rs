//! One run of a generated scenario, with one seed or with several.

use std::{
    iter,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use engine::{Rules, ScenarioResult, Stage, run_scenario};
use fault::Seed;
use scenario::Scenario;
use verdict::{FindingKind, Verdict};

/// The number of further seeds that are tried where a failure depends on the seed.
pub(crate) const OTHER_SEEDS: u32 = 5;
/// The number of attempts to start the services for one run: a machine may be slow for a moment.
const MOST_STARTS: u32 = 3;

/// A scenario that failed, and a seed to run it with again.
#[derive(Debug, Clone)]
pub struct FailingRun {
    /// The failed run; the scenario is in it.
    pub result: Arc<ScenarioResult>,
    /// The seed to run the scenario with again.
    pub seed: ReplaySeed,
}

impl FailingRun {
    /// A run that failed with this seed of a command line.
    pub(crate) fn confirmed((result, seed): (ScenarioResult, Seed)) -> Self {
        Self { result: Arc::new(result), seed: ReplaySeed::Confirmed(seed) }
    }
}

/// The seed of a command line (`--seed`) for a scenario that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaySeed {
    /// The scenario fails with this seed.
    Confirmed(Seed),
    /// The scenario failed again with none of the seeds that were tried.
    Unconfirmed {
        /// The first of them.
        first: Seed,
        /// The number of seeds that were tried.
        tried: u32,
    },
}

impl ReplaySeed {
    /// The confirmed seed, or the first one that was tried.
    pub fn seed(self) -> Seed {
        match self {
            Self::Confirmed(seed) | Self::Unconfirmed { first: seed, .. } => seed,
        }
    }
}

/// What scenarios are tried in.
pub(crate) struct Trials<'a, S> {
    pub(crate) stage: &'a S,
    pub(crate) rules: &'a Rules,
    /// The seed of the command line. Further tries take the numbers after it.
    pub(crate) seed: Seed,
    repeated_starts: AtomicU32,
}

impl<'a, S: Stage> Trials<'a, S> {
    pub(crate) fn new(stage: &'a S, rules: &'a Rules, seed: Seed) -> Self {
        Self { stage, rules, seed, repeated_starts: AtomicU32::new(0) }
    }

    /// How often the services were started once more, because one wasn't ready the first time.
    pub(crate) fn repeated_starts(&self) -> u32 {
        self.repeated_starts.load(Ordering::Relaxed)
    }

    /// Runs a scenario as a command line with this seed does.
    pub(crate) async fn run(&self, scenario: Arc<Scenario>, seed: Seed) -> ScenarioResult {
        let own = seed.derive(&scenario.name);
        self.start_until_ready(scenario, own, seed).await
    }

    /// Runs a scenario with a seed that isn't derived any further.
    pub(crate) async fn run_with_own_seed(&self, scenario: Arc<Scenario>, seed: Seed) -> ScenarioResult {
        self.start_until_ready(scenario, seed, self.seed).await
    }

    /// Runs a scenario with a seed of its own, as a part of the run with another one. It is repeated if its services can't all be
    /// started.
    async fn start_until_ready(&self, scenario: Arc<Scenario>, seed: Seed, run: Seed) -> ScenarioResult {
        let rules = Rules { run: Some(run), ..self.rules.clone() };
        let mut starts = 1;
        loop {
            let result = run_scenario(self.stage, Arc::clone(&scenario), &rules, seed, |_| {}).await;
            let is_unstarted =
                matches!(&result.verdict, Verdict::BrokenOff(broken) if broken.finding().is_some());
            if !is_unstarted || starts == MOST_STARTS {
                return without_idleness(result);
            }
            starts += 1;
            self.repeated_starts.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Runs a scenario with one seed after the other until its result is wanted: with `first`, then with `others` more.
    /// Returns the wanted result and its seed, if there is one, and the number of runs.
    pub(crate) async fn run_until(
        &self,
        scenario: &Arc<Scenario>,
        first: Seed,
        others: u32,
        wanted: impl Fn(&ScenarioResult) -> bool,
    ) -> (Option<(ScenarioResult, Seed)>, u32) {
        let further = (0..=others).map(|number| self.seed.after(number)).filter(|seed| *seed != first);
        let mut runs = 0;
        for seed in iter::once(first).chain(further.take(others as usize)) {
            runs += 1;
            let result = self.run(Arc::clone(scenario), seed).await;
            if wanted(&result) {
                return (Some((result, seed)), runs);
            }
        }
        (None, runs)
    }

    /// Looks for a seed of the command line with which this scenario fails in this way. Returns the given result with an
    /// unconfirmed seed if there is none among those tried, and the number of runs.
    pub(crate) async fn confirm(
        &self,
        failing: Arc<ScenarioResult>,
        fails: impl Fn(&ScenarioResult) -> bool,
    ) -> (FailingRun, u32) {
        let (found, runs) = self.run_until(&failing.scenario, self.seed, OTHER_SEEDS, fails).await;
        let seed = ReplaySeed::Unconfirmed { first: self.seed, tried: runs };
        (found.map_or(FailingRun { result: failing, seed }, FailingRun::confirmed), runs)
    }

    /// Whether this scenario, which failed, passes with another seed.
    pub(crate) async fn depends_on_seed(&self, failing: &FailingRun) -> bool {
        let passes = |result: &ScenarioResult| result.verdict == Verdict::Passed;
        let seed = failing.seed.seed();
        self.run_until(&failing.result.scenario, seed, OTHER_SEEDS, passes).await.0.is_some()
    }
}

/// The result without the findings that a fault met no exchange or that no step could fail, which are no mistakes in a
/// generated scenario.
fn without_idleness(mut result: ScenarioResult) -> ScenarioResult {
    let Verdict::Failed(failures) = &mut result.verdict else { return result };
    for failure in failures.iter_mut() {
        failure.findings.retain(|finding| {
            !matches!(
                finding.kind,
                FindingKind::IdleFault(_) | FindingKind::IdleStub(_) | FindingKind::NothingJudged
            )
        });
    }
    failures.retain(|failure| !failure.findings.is_empty());
    if failures.is_empty() {
        result.verdict = Verdict::Passed;
    }
    result
}
