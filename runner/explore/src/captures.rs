//! The values that steps capture, and which steps use them.

use std::collections::BTreeSet;

use scenario::{Action, DuringStep, ForStep, RequestStep, Rounds, Scenario, Step};

/// The requests of a step and of those within it, mutable.
pub(crate) fn requests_mut(step: &mut Step) -> Vec<&mut RequestStep> {
    match &mut step.action {
        Action::Request(request) => vec![request],
        Action::Eventually(eventually) => vec![&mut eventually.request],
        Action::Watch(watch) => vec![&mut watch.request],
        Action::Together(steps) | Action::For(ForStep { steps, .. }) => {
            steps.iter_mut().flat_map(requests_mut).collect()
        }
        Action::During(DuringStep { request, steps }) => {
            std::iter::once(request).chain(steps.iter_mut().flat_map(requests_mut)).collect()
        }
        Action::Inject(_)
        | Action::Heal(_)
        | Action::Wait(_)
        | Action::Process(_)
        | Action::Run(_)
        | Action::Check(_)
        | Action::Vars(_)
        | Action::WaitUntil(_) => Vec::new(),
    }
}

/// The names of the values that a scenario captures, or sets on its way.
pub(crate) fn captured(scenario: &Scenario) -> BTreeSet<&str> {
    scenario.steps.iter().flat_map(Step::made).collect()
}

/// Removes captures that no step uses, and the names of items that no step of their loop uses.
pub(crate) fn without_unused_captures(steps: &mut [Step]) {
    let used: BTreeSet<String> = steps.iter().flat_map(Step::uses).collect();
    for request in steps.iter_mut().flat_map(requests_mut) {
        request.capture.retain(|(name, _)| used.contains(name));
    }
    without_unused_names(steps, &used);
}

/// The same of commands and loops.
fn without_unused_names(steps: &mut [Step], used: &BTreeSet<String>) {
    for step in steps {
        match &mut step.action {
            Action::Run(run) => run.capture.retain(|(name, _)| used.contains(name)),
            Action::For(ForStep { rounds, steps, .. }) => {
                without_unused_names(steps, used);
                if let Rounds::Each { name, .. } = rounds {
                    name.take_if(|name| !steps.iter().any(|step| step.uses().contains(name)));
                }
            }
            Action::During(DuringStep { steps, .. }) => without_unused_names(steps, used),
            _ => {}
        }
    }
}
