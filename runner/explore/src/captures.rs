//! The values that steps capture, and which steps use them.

use std::collections::BTreeSet;

use scenario::{Action, Expression, RequestStep, Scenario, Step};

/// The requests of a step, mutable.
pub(crate) fn requests_mut(step: &mut Step) -> Vec<&mut RequestStep> {
    match &mut step.action {
        Action::Request(request) => vec![request],
        Action::Eventually(eventually) => vec![&mut eventually.request],
        Action::Watch(watch) => vec![&mut watch.request],
        Action::Together(members) => members.iter_mut().flat_map(requests_mut).collect(),
        _ => Vec::new(),
    }
}

/// The names of the values that a scenario captures.
pub(crate) fn captured(scenario: &Scenario) -> BTreeSet<&str> {
    let captures = scenario.steps.iter().flat_map(Step::requests).flat_map(|request| &request.capture);
    captures.map(|(name, _)| name.as_str()).collect()
}

/// Removes captures that no step uses.
pub(crate) fn without_unused_captures(steps: &mut [Step]) {
    let used: BTreeSet<String> = steps.iter().flat_map(names).collect();
    for request in steps.iter_mut().flat_map(requests_mut) {
        request.capture.retain(|(name, _)| used.contains(name));
    }
}

/// The names that a step uses.
pub(crate) fn names(step: &Step) -> BTreeSet<String> {
    let of_requests = step.requests();
    let of_requests = of_requests.iter().flat_map(|request| {
        let captures = request.capture.iter().flat_map(|(_, value)| value.names());
        request.call.names().chain(request.expect.names()).chain(captures)
    });
    let members: &[Step] = match &step.action {
        Action::Together(members) => members,
        _ => &[],
    };
    let conditions = [step].into_iter().chain(members).flat_map(|step| &step.condition);
    let checks: &[Expression] = match &step.action {
        Action::Check(checks) => checks,
        Action::Eventually(eventually) => &eventually.fail_if,
        _ => &[],
    };
    of_requests.chain(conditions.chain(checks).flat_map(Expression::names)).map(str::to_owned).collect()
}
