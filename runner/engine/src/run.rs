//! Runs the scenarios of a plan, several at a time.

use std::{num::NonZeroUsize, sync::Arc};

use fault::Seed;
use futures_util::{StreamExt, stream};
use scenario::Scenario;
use tokio_util::sync::CancellationToken;
use verdict::{Finding, Verdict};

use crate::{Event, Rules, ScenarioResult, ServiceOutput, Stage, Summary, scenario_run::run_reviewed};

/// The scenarios of a run, and how they are run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The scenarios, in the order in which they are started.
    pub scenarios: Vec<Planned>,
    /// The rules for all of them.
    pub rules: Rules,
    /// Seed of everything random. Each scenario's own seed is derived from it, from the scenario's name and from the number of
    /// its repetition.
    pub seed: Seed,
    /// How many scenarios run at a time.
    pub jobs: NonZeroUsize,
    /// Whether scenarios are started after one has failed.
    pub on_failure: OnFailure,
    /// The scenarios whose results hold what the services wrote.
    pub kept_output: KeptOutput,
    /// Ends the run when it is cancelled: no scenario starts any more, and those that run are dropped with their worlds.
    pub stop: CancellationToken,
}

/// The scenarios whose results hold what the services wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptOutput {
    /// Those that didn't pass.
    OfFailures,
    /// All.
    OfAll,
}

/// A scenario of a plan.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Why it can't be run; `None` if it can.
    pub skip: Option<String>,
    /// How many other runs of it are planned before this one. Each has the run's next seed, so that each has other random
    /// choices and can be had again alone.
    pub repetition: u32,
}

impl Planned {
    /// A scenario that is run once.
    pub fn new(scenario: Arc<Scenario>) -> Self {
        Self { scenario, skip: None, repetition: 0 }
    }
}

/// Whether scenarios are started after one has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// They are started.
    Continue,
    /// They aren't started.
    Stop,
}

/// Runs a plan's scenarios, each in a fresh world. `on_event` is called as things happen. `review` can add findings to
/// a scenario that passed, such as a snapshot that differs. A failure of the environment ends the run, since the next
/// scenario would meet it too. A scenario that was dropped counts as not run.
pub async fn run<S: Stage>(
    plan: &Plan,
    stage: &S,
    review: &impl Fn(&ScenarioResult) -> Vec<Finding>,
    on_event: &(impl Fn(Event) + Send + Sync),
) -> Summary {
    on_event(Event::RunStarted { scenarios: plan.scenarios.len(), seed: plan.seed });
    let mut results = stream::iter(plan.scenarios.iter().enumerate())
        .map(|(index, planned)| run_planned(plan, stage, review, on_event, index, planned))
        .buffer_unordered(plan.jobs.get());
    let mut summary = Summary::default();
    while let Some(Some(verdict)) = plan.stop.run_until_cancelled(results.next()).await {
        summary.count(&verdict);
        let stop = match verdict {
            Verdict::Passed | Verdict::Skipped(_) => false,
            Verdict::Failed(_) => plan.on_failure == OnFailure::Stop,
            Verdict::BrokenOff(_) => true,
        };
        if stop {
            break;
        }
    }
    drop(results);
    let counted = summary.passed + summary.failed + summary.broken_off + summary.skipped;
    summary.not_run = plan.scenarios.len() - counted;
    on_event(Event::RunEnded { summary });
    summary
}

async fn run_planned<S: Stage>(
    plan: &Plan,
    stage: &S,
    review: &impl Fn(&ScenarioResult) -> Vec<Finding>,
    on_event: &(impl Fn(Event) + Send + Sync),
    index: usize,
    planned: &Planned,
) -> Verdict {
    let scenario = Arc::clone(&planned.scenario);
    on_event(Event::ScenarioStarted { index, scenario: Arc::clone(&scenario) });
    let run = plan.seed.after(planned.repetition);
    let seed = run.derive(&scenario.name);
    let mut result = if let Some(why) = &planned.skip {
        let (history, took) = Default::default();
        ScenarioResult {
            scenario,
            seed,
            verdict: Verdict::Skipped(why.clone()),
            history,
            took,
            output: ServiceOutput::default(),
        }
    } else {
        let on_step = |step| on_event(Event::StepStarted { scenario: index, step });
        // A repetition has what the run has whose seed it takes.
        let rules = Rules { run: Some(run), ..plan.rules.clone() };
        run_reviewed(stage, scenario, &rules, seed, on_step, review).await
    };
    if result.verdict == Verdict::Passed && plan.kept_output == KeptOutput::OfFailures {
        result.output = ServiceOutput::default();
    }
    let verdict = result.verdict.clone();
    on_event(Event::ScenarioEnded { index, result: Arc::new(result) });
    verdict
}
