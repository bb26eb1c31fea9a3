//! A failing scenario with fewer of its steps, that fails in the same way.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use engine::{Rules, ScenarioResult, Stage};
use fault::FaultName;
use scenario::{Action, Judging, ProcessStep, Scenario, Signal};
use verdict::{Place, Verdict};

use crate::{
    Event, Limits,
    captures::{captured, names, requests, without_unused_captures},
    shrink::fewer,
    step,
    trial::{Trials, complaints, is_invariant},
};

/// Leaves out steps of a failing scenario, as long as it goes on failing for the same reason. Gives what came of the
/// smallest one, and how many runs that took.
///
/// A broken invariant, or a key that doesn't keep its word, is as wrong without some of the steps. What a step expects may
/// well be right only after all that comes before it: a scenario that fails for nothing else keeps its steps up to there.
pub async fn reduce<S: Stage>(
    failing: Arc<ScenarioResult>,
    stage: &S,
    rules: &Rules,
    limits: Limits,
    tell: &impl Fn(Event),
) -> (Arc<ScenarioResult>, u32) {
    let trials = Trials { stage, rules, seed: failing.seed };
    let lasting = |complaint: &String| is_invariant(complaint, rules) || complaint.contains(step::ASKED);
    let wrong: BTreeSet<String> = complaints(&failing, rules).into_iter().filter(lasting).collect();
    if wrong.is_empty() {
        let after = place(&failing).map_or(failing.scenario.steps.len(), |step| step + 1);
        let shorter = Arc::new(without(&failing.scenario, after..failing.scenario.steps.len()));
        let result = trials.run_with(shorter, failing.seed).await;
        let alike = complaints(&result, rules) == complaints(&failing, rules);
        return (if alike { Arc::new(result) } else { failing }, 1);
    }
    let (mut best, mut runs) = (failing, 0);
    loop {
        let before = best.scenario.steps.len();
        fewer(steps_before_asking(&best.scenario), async |steps| {
            let candidate = without(&best.scenario, steps);
            if candidate.steps.is_empty() || runs == limits.runs {
                return None;
            }
            runs += 1;
            let result = trials.run_with(Arc::new(candidate), best.seed).await;
            let alike = !complaints(&result, rules).is_disjoint(&wrong);
            if alike {
                best = Arc::new(result);
            }
            tell(Event::Shrunk { runs, steps: best.scenario.steps.len() });
            alike.then(|| steps_before_asking(&best.scenario))
        })
        .await;
        if best.scenario.steps.len() == before {
            return (best, runs);
        }
    }
}

/// The first step that isn't as it must be.
fn place(failing: &ScenarioResult) -> Option<usize> {
    let Verdict::Failed(failures) = &failing.verdict else { return None };
    failures.iter().find_map(|failure| match failure.place {
        Place::Step { index, .. } => Some(index),
        Place::End => None,
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

/// The scenario without some steps, and without those that can't do without them.
fn without(scenario: &Scenario, steps: Range<usize>) -> Scenario {
    let made: BTreeSet<String> = captured(scenario).into_iter().map(str::to_owned).collect();
    let mut rest = scenario.clone();
    rest.steps.drain(steps);
    let (mut known, mut injected): (BTreeSet<String>, BTreeSet<FaultName>) = Default::default();
    rest.steps.retain(|step| {
        let complete = names(step).iter().all(|name| known.contains(name) || !made.contains(name));
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
    for step in &mut rest.steps {
        // It was there for what it captured, and now is there for what it does.
        if let Action::Request(request) = &mut step.action
            && request.expect.span.is_none()
            && request.capture.is_empty()
        {
            request.expect.judging = Judging::Lenient;
        }
    }
    rest
}
