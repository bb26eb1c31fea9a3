//! A failing scenario with fewer of its steps, that fails in the same way.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use engine::{Rules, ScenarioResult, Stage};
use fault::FaultName;
use scenario::{Action, Judging, Scenario};

use crate::{
    Event, Limits,
    captures::{captured, names, requests, without_unused_captures},
    shrink::fewer,
    trial::{Trials, complaints},
};

/// Leaves out steps of a failing scenario, as long as what is left complains of something that it complains of. Gives
/// what came of the smallest one, and how many runs that took.
pub async fn reduce<S: Stage>(
    failing: Arc<ScenarioResult>,
    stage: &S,
    rules: &Rules,
    limits: Limits,
    tell: &impl Fn(Event),
) -> (Arc<ScenarioResult>, u32) {
    let trials = Trials { stage, rules, seed: failing.seed };
    let wrong = complaints(&failing, rules);
    let (mut best, mut runs) = (failing, 0);
    let mut tried: BTreeSet<Vec<String>> = BTreeSet::new();
    loop {
        let before = best.scenario.steps.len();
        fewer(before, async |steps| {
            let candidate = without(&best.scenario, steps);
            let names = candidate.steps.iter().map(|step| step.name.clone()).collect();
            if candidate.steps.is_empty() || runs == limits.runs || !tried.insert(names) {
                return None;
            }
            runs += 1;
            let result = trials.run_with(Arc::new(candidate), best.seed).await;
            let alike = !complaints(&result, rules).is_disjoint(&wrong);
            if alike {
                best = Arc::new(result);
            }
            tell(Event::Shrunk { runs, steps: best.scenario.steps.len() });
            alike.then(|| best.scenario.steps.len())
        })
        .await;
        if best.scenario.steps.len() == before {
            return (best, runs);
        }
    }
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
