//! Removes steps of a failing scenario that aren't needed for it to fail in the same way.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use engine::{Rules, ScenarioResult, Stage};
use fault::{FaultName, Seed};
use scenario::{Action, ClientName, Judging, Scenario};
use verdict::{FailureLocation, Verdict};

use crate::{
    captures::{captured, names, requests_mut, without_unused_captures},
    complaint::{Complaint, complaints_by_name},
    outcome_check::steps_before_outcome_checks,
    progress::Progress,
    shrink::{ShrinkLimits, fewer},
    trial::{FailingRun, OTHER_SEEDS, Trials},
};

/// Removes steps of a failing scenario, as long as it still fails in the same way. Returns the failed run of the smallest
/// scenario, and the number of runs it took.
///
/// A broken invariant, or a failed outcome check, is wrong without some of the steps too. Any other expectation may be right
/// only after all that comes before it: a scenario that fails for nothing else keeps its steps up to there.
///
/// `seed` is the seed of the command line. Other seeds are those that follow it.
pub async fn reduce<S: Stage>(
    failing: Arc<ScenarioResult>,
    stage: &S,
    rules: &Rules,
    seed: Seed,
    limits: ShrinkLimits,
    tell: &impl Fn(Progress),
) -> (FailingRun, u32) {
    let trials = Trials::new(stage, rules, seed);
    let all = complaints_by_name(&failing);
    let lasting: BTreeSet<Complaint> =
        all.iter().filter(|complaint| complaint.holds_without_earlier_steps()).cloned().collect();
    if lasting.is_empty() {
        let after = failing_step(&failing).map_or(failing.scenario.steps.len(), |step| step + 1);
        let shorter = Arc::new(without(&failing.scenario, after..failing.scenario.steps.len()));
        let alike = |result: &ScenarioResult| complaints_by_name(result) == all;
        let (found, runs) = trials.run_until(&shorter, seed, OTHER_SEEDS, alike).await;
        if let Some(found) = found {
            return (FailingRun::confirmed(found), runs);
        }
        // The whole scenario may need the steps after the failed one.
        let (whole, more) = trials.confirm(failing, alike).await;
        return (whole, runs + more);
    }
    let is_alike = |result: &ScenarioResult| !complaints_by_name(result).is_disjoint(&lasting);
    let (best, runs) = trials.confirm(failing, is_alike).await;
    let mut reduction = Reduction { trials, limits, tell, is_alike, other_seeds: 0, best, runs };
    reduction.reduce().await;
    if reduction.trials.depends_on_seed(&reduction.best).await {
        reduction.other_seeds = OTHER_SEEDS;
        reduction.reduce().await;
    }
    (reduction.best, reduction.runs)
}

/// A reduction in progress.
struct Reduction<'a, S, Tell, Alike> {
    trials: Trials<'a, S>,
    limits: ShrinkLimits,
    tell: &'a Tell,
    /// Whether a run fails in the same way as the scenario found at first.
    is_alike: Alike,
    /// The number of further seeds that each scenario is tried with.
    other_seeds: u32,
    /// The failed run of the smallest scenario so far.
    best: FailingRun,
    runs: u32,
}

impl<S: Stage, Tell: Fn(Progress), Alike: Fn(&ScenarioResult) -> bool> Reduction<'_, S, Tell, Alike> {
    /// Removes steps until none can be removed.
    async fn reduce(&mut self) {
        loop {
            let before = Arc::clone(&self.best.result);
            self.fewer_steps().await;
            self.smaller_groups().await;
            if Arc::ptr_eq(&self.best.result, &before) {
                return;
            }
        }
    }

    fn scenario(&self) -> &Scenario {
        &self.best.result.scenario
    }

    async fn fewer_steps(&mut self) {
        fewer(steps_before_outcome_checks(self.scenario()), async |steps| {
            let candidate = without(self.scenario(), steps);
            self.take(candidate).await.then(|| steps_before_outcome_checks(self.scenario()))
        })
        .await;
    }

    async fn smaller_groups(&mut self) {
        for step in (0..steps_before_outcome_checks(self.scenario())).rev() {
            for member in (0..members(self.scenario(), step)).rev() {
                // Removing another member may have removed this one too.
                if member < members(self.scenario(), step) {
                    let candidate = without_member(self.scenario(), step, member);
                    self.take(candidate).await;
                }
            }
        }
    }

    /// Takes a smaller scenario if it fails in the same way.
    async fn take(&mut self, candidate: Scenario) -> bool {
        if candidate.steps.is_empty() || self.runs >= self.limits.runs {
            return false;
        }
        let (seed, candidate) = (self.best.seed.seed(), Arc::new(candidate));
        let (found, runs) = self.trials.run_until(&candidate, seed, self.other_seeds, &self.is_alike).await;
        self.runs += runs;
        let alike = found.is_some();
        if let Some(failing) = found {
            self.best = FailingRun::confirmed(failing);
        }
        let (runs, steps) = (self.runs, self.scenario().steps.len());
        (self.tell)(if alike {
            Progress::Shrunk { runs, steps, failing: self.best.clone() }
        } else {
            Progress::Tried { runs, steps }
        });
        alike
    }
}

/// The index of the first step that fails.
fn failing_step(failing: &ScenarioResult) -> Option<usize> {
    let Verdict::Failed(failures) = &failing.verdict else { return None };
    failures.iter().find_map(|failure| match failure.location {
        FailureLocation::Step { index, .. } => Some(index),
        FailureLocation::Start | FailureLocation::End => None,
    })
}

/// The number of requests that a step sends at once; 0 if it isn't a group of several.
fn members(scenario: &Scenario, step: usize) -> usize {
    match scenario.steps.get(step).map(|step| &step.action) {
        Some(Action::Together(members)) if members.len() > 1 => members.len(),
        _ => 0,
    }
}

/// The scenario without one of the requests of a group.
fn without_member(scenario: &Scenario, step: usize, member: usize) -> Scenario {
    let mut rest = scenario.clone();
    if let Action::Together(members) = &mut rest.steps[step].action {
        members.remove(member);
        if members.len() == 1 {
            rest.steps[step] = members.remove(0);
        }
    }
    tidied(rest, &captured(scenario))
}

/// The scenario without some steps, and without those that depend on them.
fn without(scenario: &Scenario, steps: Range<usize>) -> Scenario {
    let mut rest = scenario.clone();
    rest.steps.drain(steps);
    tidied(rest, &captured(scenario))
}

/// The rest of a scenario that captured these names, without the steps and faults that depend on what was removed.
fn tidied(mut rest: Scenario, captured: &BTreeSet<&str>) -> Scenario {
    let (mut known, mut injected): (BTreeSet<String>, BTreeSet<FaultName>) = Default::default();
    rest.steps.retain(|step| {
        let complete =
            names(step).iter().all(|name| known.contains(name) || !captured.contains(name.as_str()));
        let meaningful = match &step.action {
            Action::Heal(Some(fault)) => injected.contains(fault),
            _ => true,
        };
        if complete && meaningful {
            known.extend(
                step.requests().iter().flat_map(|request| &request.capture).map(|(name, _)| name.clone()),
            );
            if let Action::Inject(inject) = &step.action {
                injected.insert(inject.fault.clone());
            }
        }
        complete && meaningful
    });
    rest.faults.retain(|fault| injected.contains(&fault.name));
    let senders: BTreeSet<ClientName> = rest.senders().into_iter().cloned().collect();
    rest.clients.retain(|client| senders.contains(&client.name));
    without_unused_captures(&mut rest.steps);
    for request in rest.steps.iter_mut().flat_map(requests_mut) {
        // The request was needed for its captures; now it is needed for its effect only.
        if request.expect.span.is_none() && request.capture.is_empty() {
            request.expect.judging = Judging::Lenient;
        }
    }
    rest
}
