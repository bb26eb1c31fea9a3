//! A failing scenario with fewer of its steps, that fails in the same way.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use engine::{Rules, ScenarioResult, Stage};
use fault::{FaultName, Seed};
use scenario::{Action, Judging, ProcessStep, Scenario, Signal};
use verdict::{FailureLocation, Verdict};

use crate::{
    Event, Limits,
    captures::{captured, names, requests, requests_mut, without_unused_captures},
    shrink::fewer,
    step,
    trial::{OTHER_NAMES, Trials, complaints, is_invariant},
};

/// Leaves out steps of a failing scenario, as long as it goes on failing for the same reason. Gives what came of the
/// smallest one, and how many runs that took.
///
/// A broken invariant, or a key that doesn't keep its word, is as wrong without some of the steps. What a step expects may
/// well be right only after all that comes before it: a scenario that fails for nothing else keeps its steps up to there.
///
/// `seed` is the command line's. With it the smallest one fails again.
pub async fn reduce<S: Stage>(
    failing: Arc<ScenarioResult>,
    stage: &S,
    rules: &Rules,
    seed: Seed,
    limits: Limits,
    tell: &impl Fn(Event),
) -> (Arc<ScenarioResult>, u32) {
    let trials = Trials { stage, rules, seed };
    let lasting = |complaint: &String| is_invariant(complaint, rules) || complaint.contains(step::ASKED);
    let wrong: BTreeSet<String> = complaints(&failing, rules).into_iter().filter(lasting).collect();
    if wrong.is_empty() {
        let after = place(&failing).map_or(failing.scenario.steps.len(), |step| step + 1);
        let shorter = without(&failing.scenario, after..failing.scenario.steps.len());
        let alike = |result: &ScenarioResult| complaints(result, rules) == complaints(&failing, rules);
        let (result, runs) = trials.run_until(&shorter, OTHER_NAMES, alike).await;
        return (result.unwrap_or(failing), runs);
    }
    let mut reduction = Reduction { trials, limits, tell, wrong, other_names: 0, best: failing, runs: 0 };
    reduction.reduce().await;
    let fails = |result: &ScenarioResult| reduction.is_alike(result);
    if reduction.trials.is_by_chance(&reduction.best.scenario, fails).await {
        reduction.other_names = OTHER_NAMES;
        reduction.reduce().await;
    }
    (reduction.best, reduction.runs)
}

/// What is known so far.
struct Reduction<'a, S, Tell> {
    trials: Trials<'a, S>,
    limits: Limits,
    tell: &'a Tell,
    /// The complaints of which one has to stay.
    wrong: BTreeSet<String>,
    other_names: u32,
    best: Arc<ScenarioResult>,
    runs: u32,
}

impl<S: Stage, Tell: Fn(Event)> Reduction<'_, S, Tell> {
    /// Reduces as far as it goes.
    async fn reduce(&mut self) {
        loop {
            let before = Arc::clone(&self.best);
            self.fewer_steps().await;
            self.smaller_groups().await;
            if Arc::ptr_eq(&self.best, &before) {
                return;
            }
        }
    }

    async fn fewer_steps(&mut self) {
        fewer(steps_before_asking(&self.best.scenario), async |steps| {
            let candidate = without(&self.best.scenario, steps);
            self.take(candidate).await.then(|| steps_before_asking(&self.best.scenario))
        })
        .await;
    }

    async fn smaller_groups(&mut self) {
        for step in (0..steps_before_asking(&self.best.scenario)).rev() {
            for member in (0..members(&self.best.scenario, step)).rev() {
                // What went with another one may have been more than that.
                if member < members(&self.best.scenario, step) {
                    let candidate = without_member(&self.best.scenario, step, member);
                    self.take(candidate).await;
                }
            }
        }
    }

    /// Makes do with this scenario, if it fails alike.
    async fn take(&mut self, candidate: Scenario) -> bool {
        if candidate.steps.is_empty() || self.runs >= self.limits.runs {
            return false;
        }
        let fails = |result: &ScenarioResult| self.is_alike(result);
        let (result, runs) = self.trials.run_until(&candidate, self.other_names, fails).await;
        self.runs += runs;
        let alike = result.is_some();
        if let Some(result) = result {
            self.best = result;
        }
        (self.tell)(Event::Shrunk { runs: self.runs, steps: self.best.scenario.steps.len() });
        alike
    }

    fn is_alike(&self, result: &ScenarioResult) -> bool {
        !complaints(result, self.trials.rules).is_disjoint(&self.wrong)
    }
}

/// The first step that isn't as it must be.
fn place(failing: &ScenarioResult) -> Option<usize> {
    let Verdict::Failed(failures) = &failing.verdict else { return None };
    failures.iter().find_map(|failure| match failure.location {
        FailureLocation::Step { index, .. } => Some(index),
        FailureLocation::End => None,
    })
}

/// How many steps come before those at the end that put everything in order and ask what came of requests. They are no
/// part of what is wrong: without order, nobody could answer.
pub fn steps_before_asking(scenario: &Scenario) -> usize {
    let steps = &scenario.steps;
    let Some(mut end) = steps.iter().position(|step| step.name.ends_with(step::ASKED)) else {
        return steps.len();
    };
    let before = |end: usize| end.checked_sub(1).map(|place| &steps[place].action);
    while let Some(Action::Process(ProcessStep { signal: Signal::Start, .. })) = before(end) {
        end -= 1;
    }
    let waits = usize::from(matches!(before(end), Some(Action::Wait(_))));
    let heals = matches!(before(end - waits), Some(Action::Heal(None)));
    if heals { end - waits - 1 } else { end }
}

/// How many requests of a step are released at once, if there are several.
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

/// The scenario without some steps, and without those that can't do without them.
fn without(scenario: &Scenario, steps: Range<usize>) -> Scenario {
    let mut rest = scenario.clone();
    rest.steps.drain(steps);
    tidied(rest, &captured(scenario))
}

/// What is left of a scenario that made these names, without what can't do without the rest.
fn tidied(mut rest: Scenario, made: &BTreeSet<&str>) -> Scenario {
    let (mut known, mut injected): (BTreeSet<String>, BTreeSet<FaultName>) = Default::default();
    rest.steps.retain(|step| {
        let complete = names(step).iter().all(|name| known.contains(name) || !made.contains(name.as_str()));
        let meaningful = match &step.action {
            Action::Heal(Some(fault)) => injected.contains(fault),
            _ => true,
        };
        if complete && meaningful {
            known.extend(
                requests(step).iter().flat_map(|request| &request.capture).map(|(name, _)| name.clone()),
            );
            if let Action::Inject(inject) = &step.action {
                injected.insert(inject.fault.clone());
            }
        }
        complete && meaningful
    });
    rest.faults.retain(|fault| injected.contains(&fault.name));
    without_unused_captures(&mut rest.steps);
    for request in rest.steps.iter_mut().flat_map(requests_mut) {
        // It was there for what it captured, and now is there for what it does.
        if request.expect.span.is_none() && request.capture.is_empty() {
            request.expect.judging = Judging::Lenient;
        }
    }
    rest
}
