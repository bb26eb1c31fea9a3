//! Outcome checks: the last steps of a generated scenario, which send requests again until each has an outcome.

use std::{collections::BTreeSet, time::Duration};

use scenario::{
    Action, Call, EventuallyStep, Expectations, Expression, ProcessStep, RequestStep, Scenario, Signal,
    StatusPattern, Step, Times,
};

use crate::step;

/// The most attempts of one outcome check.
const ATTEMPTS: u32 = 20;

/// Condition of a reply that says that the request happened.
pub(crate) const SUCCESS: &str = "status >= 200 and status < 300";

/// Condition of a reply that says for good that a request happened, which may have one of these statuses.
pub(crate) fn final_success(statuses: &[StatusPattern]) -> String {
    if is_provisional(statuses) { format!("{SUCCESS} and status != 202") } else { SUCCESS.into() }
}

/// Whether 202 leaves the outcome open. It does unless it is the only success that is expected.
fn is_provisional(statuses: &[StatusPattern]) -> bool {
    let mut successes = statuses.iter().filter(|status| status.is_success()).peekable();
    successes.peek().is_none() || successes.any(|status| *status != StatusPattern::Is(202))
}

/// A step that sends the request called `title` again until its outcome is known. `consistent` is true of a reply that agrees
/// with the earlier ones.
pub(crate) fn outcome_check(
    title: &str,
    call: Call,
    statuses: &[StatusPattern],
    consistent: Expression,
    within: Duration,
) -> Step {
    let known = if is_provisional(statuses) { "status < 500 and status != 202" } else { "status < 500" };
    let expect = Expectations { that: vec![expression(known), consistent], ..Expectations::default() };
    let request = RequestStep { call, times: Times::Once, expect, capture: Vec::new() };
    let action =
        Action::Eventually(EventuallyStep { within, every: within / ATTEMPTS, request, fail_if: Vec::new() });
    step::unconditional(format!("{title}: outcome"), action)
}

/// Whether this step is an outcome check: it polls a request that an earlier step sent, and compares the reply with a value
/// captured from the earlier reply. A scenario that was written to a file and read again keeps this property.
pub(crate) fn is_outcome_check(steps: &[Step], index: usize) -> bool {
    let Some(Action::Eventually(EventuallyStep { request, .. })) = steps.get(index).map(|step| &step.action)
    else {
        return false;
    };
    let compared: BTreeSet<&str> = request.expect.names().collect();
    steps[..index].iter().flat_map(Step::requests).any(|earlier| {
        is_same_request(&earlier.call, &request.call)
            && earlier.capture.iter().any(|(name, _)| compared.contains(name.as_str()))
    })
}

/// Ignores bodies: in generated scenarios, two different requests always differ in path or headers.
fn is_same_request(one: &Call, other: &Call) -> bool {
    let headers = |call: &Call| -> Vec<_> {
        call.headers.iter().map(|(name, value)| (name.clone(), value.source())).collect()
    };
    (&one.method, &one.service, one.path.source()) == (&other.method, &other.service, other.path.source())
        && headers(one) == headers(other)
        && one.query.source().eq(other.query.source())
        && one.client == other.client
}

/// The number of steps before the outcome checks at the end and the steps that make them possible (heal, wait, start).
/// All steps when there is no outcome check.
pub fn steps_before_outcome_checks(scenario: &Scenario) -> usize {
    let steps = &scenario.steps;
    let Some(mut end) = (0..steps.len()).find(|index| is_outcome_check(steps, *index)) else {
        return steps.len();
    };
    let before = |end: usize| end.checked_sub(1).map(|index| &steps[index].action);
    while let Some(Action::Process(ProcessStep { signal: Signal::Start, .. })) = before(end) {
        end -= 1;
    }
    let waits = usize::from(matches!(before(end), Some(Action::Wait(_))));
    let heals = matches!(before(end - waits), Some(Action::Heal(None)));
    if heals { end - waits - 1 } else { end }
}

/// An expression that is put together of valid ones.
pub(crate) fn expression(source: &str) -> Expression {
    Expression::parse(source).expect("its parts are valid expressions")
}
