//! Runs many scenarios, some of them side by side.

use std::{num::NonZeroUsize, sync::Arc};

use fault::Seed;
use futures_util::{StreamExt, stream};
use scenario::Scenario;
use verdict::{Failure, FailureLocation, Finding, Verdict};

use crate::{Event, Rules, ScenarioResult, Stage, Summary, run_scenario};

/// The scenarios of a run, and how they are to be run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is to be run, in this order.
    pub scenarios: Vec<Planned>,
    /// What holds for all of them.
    pub rules: Rules,
    /// What all chance comes from. Every scenario has its own share of it, whatever else is run.
    pub seed: Seed,
    /// How many are run side by side.
    pub jobs: NonZeroUsize,
    /// What a failure does to those that haven't begun.
    pub on_failure: OnFailure,
}

/// A scenario of a plan.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Which.
    pub scenario: Arc<Scenario>,
    /// Why it can't be run, if it can't.
    pub skip: Option<String>,
}

/// What a failed scenario does to those that haven't begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// They are run all the same.
    Continue,
    /// They aren't.
    Stop,
}

/// Runs a plan's scenarios in fresh worlds, and tells of it as it happens. `review` may find more wrong with a
/// scenario that passed, such as a snapshot that differs. An environment that fails ends the run: it would fail the
/// next scenario too.
pub async fn run<S: Stage>(
    plan: &Plan,
    stage: &S,
    review: &impl Fn(&ScenarioResult) -> Vec<Finding>,
    tell: &(impl Fn(Event) + Send + Sync),
) -> Summary {
    tell(Event::RunStarted { scenarios: plan.scenarios.len(), seed: plan.seed });
    let mut results = stream::iter(plan.scenarios.iter().enumerate())
        .map(|(index, planned)| run_planned(plan, stage, review, tell, index, planned))
        .buffer_unordered(plan.jobs.get());
    let mut summary = Summary::default();
    while let Some(verdict) = results.next().await {
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
    tell(Event::RunEnded { summary });
    summary
}

async fn run_planned<S: Stage>(
    plan: &Plan,
    stage: &S,
    review: &impl Fn(&ScenarioResult) -> Vec<Finding>,
    tell: &(impl Fn(Event) + Send + Sync),
    index: usize,
    planned: &Planned,
) -> Verdict {
    let scenario = Arc::clone(&planned.scenario);
    tell(Event::ScenarioStarted { index, scenario: Arc::clone(&scenario) });
    let seed = plan.seed.derive(&scenario.name);
    let mut result = if let Some(why) = &planned.skip {
        let (history, took) = Default::default();
        ScenarioResult { scenario, seed, verdict: Verdict::Skipped(why.clone()), history, took }
    } else {
        let stepping = |step| tell(Event::StepStarted { scenario: index, step });
        run_scenario(stage, scenario, &plan.rules, seed, stepping).await
    };
    if result.verdict == Verdict::Passed {
        let findings = review(&result);
        if !findings.is_empty() {
            let failure = Failure { location: FailureLocation::End, findings, exchange: None };
            result.verdict = Verdict::Failed(vec![failure]);
        }
    }
    let verdict = result.verdict.clone();
    tell(Event::ScenarioEnded { index, result: Arc::new(result) });
    verdict
}
