//! Compares replies, traffic on links and observations with what is expected.

use std::{collections::BTreeMap, slice, time::Duration};

use fault::{CrashPoint, Damage, Fault, FaultCount, FaultName, Link, Refusal, ServiceName, Side};
use http::HeaderMap;
use scenario::{
    BodyExpectation, EvaluationError, Expectations, Expression, Invariant, LinkExpectation, Object,
    OutcomeCount, OutcomePattern, ReplyExpectation, Scope, SharedValue, StatusPattern, Strictness, Value,
};

use crate::{
    BodyPath, Computed, Ending, Exchange, Finding, FindingKind, History, Reply, RequestOutcome, header,
    matching::{compare, shown as shown_value},
};

/// The values that an expression can use after an exchange: `status`, `headers`, `body` and `took` (in seconds) besides
/// the variables. Without a reply `status` is 0 and `body` null.
pub fn reply_scope(variables: &Scope, ending: Option<Ending<'_>>) -> Scope {
    let mut scope = variables.clone();
    let reply = ending.and_then(|ending| ending.received.ok());
    scope.set("status", reply.map_or(0, |reply| reply.status.as_u16()));
    scope.share("headers", SharedValue::of_headers(reply.map_or(&HeaderMap::new(), |reply| &reply.headers)));
    scope.share("body", reply.map_or_else(|| Value::Null.into(), Reply::value));
    scope.set("took", ending.map_or(0.0, |ending| ending.took.as_secs_f64()));
    scope
}

/// Compares an exchange with what a step expects of it.
pub fn judge_exchange(expect: &Expectations, exchange: Exchange<'_>, variables: &Scope) -> Vec<Finding> {
    let mut findings = Vec::new();
    let ending = exchange.ending;
    match ending.map(|ending| ending.received) {
        Some(Ok(reply)) if expect.reply == ReplyExpectation::Forbidden => {
            findings.push(Finding::new(FindingKind::Reply, "none", reply.status.to_string()));
        }
        Some(Ok(reply)) => {
            judge_reply(expect, reply, &reply_scope(variables, ending), &mut findings);
        }
        Some(Err(_)) if expect.reply != ReplyExpectation::Required => {}
        Some(Err(none)) if expects_reply(expect) => {
            findings.push(Finding::new(FindingKind::Reply, statuses(&expect.status), none.to_string()));
        }
        None if expects_reply(expect) => {
            findings.push(Finding::new(FindingKind::Reply, statuses(&expect.status), "none yet"));
        }
        _ => {}
    }
    findings
}

/// Whether a reply is expected. Where outcomes are counted, all of them may be without one.
fn expects_reply(expect: &Expectations) -> bool {
    expect.outcomes.is_empty()
}

fn statuses(allowed: &[StatusPattern]) -> String {
    match allowed {
        [] => "a reply".into(),
        [status] => status.to_string(),
        several => several.iter().map(StatusPattern::to_string).collect::<Vec<_>>().join(" or "),
    }
}

fn judge_reply(expect: &Expectations, reply: &Reply, scope: &Scope, findings: &mut Vec<Finding>) {
    let status = reply.status.as_u16();
    if !expect.status.is_empty() && !expect.status.iter().any(|pattern| pattern.matches(status)) {
        findings.push(Finding::new(FindingKind::Status, statuses(&expect.status), status.to_string()));
    }
    header::judge_headers(&expect.headers, &reply.headers, scope, findings);
    if let Some(body) = &expect.body {
        let (strictness, expected) = match body {
            BodyExpectation::Subset(expected) => (Strictness::Subset, expected),
            BodyExpectation::Exact(expected) => (Strictness::Exact, expected),
        };
        let path = BodyPath::default();
        let compared = if let Some(why) = scope.unusable("body") {
            shown_value(expected, scope).map(|expected| {
                findings.push(Finding::new(FindingKind::Body(path.clone()), expected, why));
            })
        } else {
            let found = scope.get("body").unwrap_or(&Value::Null);
            compare(&path, expected, found, strictness, scope, findings)
        };
        if let Err(error) = compared {
            findings.push(Finding::unevaluated(FindingKind::Body(path), error));
        }
    }
    judge_conditions(&FindingKind::Condition, &expect.that, scope, findings);
}

/// Compares the traffic on links with what a step expects. The traffic is that of the exchanges from `first` on, the number of
/// the first that began while the step ran. `refusals` has the links that refused connections during the step, and why.
///
/// `calls` doesn't count refused connections there, since a link on real sockets doesn't see them. So an expectation
/// must hold whatever their number is: `calls >= 1` can, `calls == 0` can't.
pub fn judge_links(
    expectations: &[LinkExpectation],
    history: &History,
    first: usize,
    variables: &Scope,
    refusals: &BTreeMap<Link, Refusal>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for LinkExpectation { link, holds } in expectations {
        let refusal = refusals.get(link);
        let counted = |exchange: &Exchange<'_>| {
            exchange.link == link && (refusal.is_none() || exchange.outcome() != RequestOutcome::Failed)
        };
        let counts = traffic_counts(history.exchanges_from(first).filter(counted));
        let found = Value::from(counts.clone()).to_string();
        let mut scope = variables.clone();
        counts.into_iter().for_each(|(name, value)| scope.set(&name, value));
        let mut result = holds.holds(&scope);
        if refusal.is_some() && matches!(result, Ok(true)) {
            scope.set("calls", u32::MAX);
            result = holds.holds(&scope);
        }
        let kind = FindingKind::Traffic(link.clone());
        let found = match refusal {
            None => found,
            Some(why) => format!("{found}; calls doesn't count refused connections, and {why}"),
        };
        match result {
            Ok(true) => {}
            Ok(false) => findings.push(Finding {
                // The number that stands for uncounted calls would explain nothing.
                computed: if refusal.is_none() { computed(holds, &scope) } else { Vec::new() },
                ..Finding::new(kind, holds.source(), found)
            }),
            Err(error) => findings.push(Finding::unevaluated(kind, error)),
        }
    }
    findings
}

/// Whether a condition is true of the traffic on a link, of the exchanges from `first` on.
pub fn traffic_holds(
    holds: &Expression,
    link: &Link,
    history: &History,
    first: usize,
    variables: &Scope,
) -> Result<bool, EvaluationError> {
    let counts = traffic_counts(history.exchanges_from(first).filter(|exchange| exchange.link == link));
    let mut scope = variables.clone();
    counts.into_iter().for_each(|(name, value)| scope.set(&name, value));
    holds.holds(&scope)
}

/// The values that an expectation on a link can use.
fn traffic_counts<'a>(exchanges: impl Iterator<Item = Exchange<'a>>) -> Object {
    let (mut calls, mut delivered, mut statuses) = (0_u64, 0_u64, Vec::new());
    for exchange in exchanges {
        calls += 1;
        delivered += u64::from(exchange.delivered);
        statuses.extend(exchange.reply().map(|reply| reply.status.as_u16()));
    }
    let mut counts = Object::new();
    counts.insert("calls".into(), calls.into());
    counts.insert("delivered".into(), delivered.into());
    counts.insert("replied".into(), statuses.len().into());
    counts.insert("statuses".into(), statuses.into());
    counts
}

/// Compares how the requests of a step ended with the expected numbers.
pub fn judge_outcomes(
    expected: &[(OutcomePattern, OutcomeCount)],
    exchanges: &[Exchange<'_>],
) -> Vec<Finding> {
    if expected.is_empty() {
        return Vec::new();
    }
    let mut found: BTreeMap<OutcomePattern, u32> = BTreeMap::new();
    for exchange in exchanges {
        *found.entry(exchange.pattern()).or_default() += 1;
    }
    let range = |count: &OutcomeCount| match count {
        OutcomeCount::Exactly(n) => *n..=*n,
        OutcomeCount::Between(least, most) => *least..=*most,
    };
    let expected_range =
        |pattern| expected.iter().find(|(named, _)| *named == pattern).map(|(_, count)| range(count));
    let too_few =
        expected.iter().any(|(named, count)| found.get(named).copied().unwrap_or(0) < *range(count).start());
    let too_many = |pattern| expected_range(pattern).is_none_or(|range| found[&pattern] > *range.end());
    let unexpected: Vec<_> = exchanges
        .iter()
        .filter(|exchange| too_many(exchange.pattern()))
        .map(|exchange| exchange.id)
        .collect();
    if !too_few && unexpected.is_empty() {
        return Vec::new();
    }
    let expected: Vec<String> =
        expected.iter().map(|(pattern, count)| format!("{}: {}", shown(*pattern), counted(count))).collect();
    let found: Vec<String> =
        found.iter().map(|(pattern, count)| format!("{}: {count}", shown(*pattern))).collect();
    let finding = Finding::new(FindingKind::Outcomes, expected.join(", "), found.join(", "));
    vec![Finding { unexpected, ..finding }]
}

fn shown(pattern: OutcomePattern) -> String {
    match pattern {
        OutcomePattern::Status(status) => status.to_string(),
        OutcomePattern::NoReply => "no_reply".into(),
    }
}

fn counted(count: &OutcomeCount) -> String {
    match count {
        OutcomeCount::Exactly(n) => n.to_string(),
        OutcomeCount::Between(least, u32::MAX) => format!(">= {least}"),
        OutcomeCount::Between(least, most) => format!("{least}-{most}"),
    }
}

/// Whether an invariant holds on what was observed.
pub fn invariant_holds(invariant: &Invariant, observed: &Scope) -> bool {
    invariant.holds.iter().all(|condition| matches!(condition.holds(observed), Ok(true)))
}

/// Compares the reply to an observation of an invariant with what the observation expects of it. `given` has what every
/// expression can name.
pub fn judge_observation(
    invariant: &str,
    observation: &str,
    expect: &Expectations,
    reply: &Reply,
    took: Duration,
    given: &Scope,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let scope = reply_scope(given, Some(Ending { took, received: Ok(reply) }));
    judge_reply(expect, reply, &scope, &mut findings);
    for finding in &mut findings {
        finding.expected = format!("{observation}: {} {}", finding.kind, finding.expected);
        finding.kind = FindingKind::Invariant(invariant.to_owned());
    }
    findings
}

/// Finds the conditions of an invariant that don't hold on what was observed. Each finding shows what its condition names.
pub fn judge_invariant(invariant: &Invariant, observed: &Scope) -> Vec<Finding> {
    let kind = FindingKind::Invariant(invariant.name.clone());
    let mut findings = Vec::new();
    for condition in &invariant.holds {
        let known = findings.len();
        judge_conditions(&kind, slice::from_ref(condition), observed, &mut findings);
        if let Some(part) = findings.get_mut(known).and_then(|finding| finding.computed.last_mut()) {
            part.add_inputs(condition.names().filter_map(|name| Some((name, observed.get(name)?))));
        }
    }
    findings
}

/// Finds the conditions of a `check` step that don't hold.
pub fn judge_check(conditions: &[Expression], variables: &Scope) -> Vec<Finding> {
    let mut findings = Vec::new();
    judge_conditions(&FindingKind::Check, conditions, variables, &mut findings);
    findings
}

/// Finds the conditions of an expectation that don't hold.
pub fn judge_that(conditions: &[Expression], scope: &Scope) -> Vec<Finding> {
    let mut findings = Vec::new();
    judge_conditions(&FindingKind::Condition, conditions, scope, &mut findings);
    findings
}

/// Finds the conditions under which an `eventually` step gives up that are true of an exchange. One that can't be evaluated,
/// as on a reply that didn't come, isn't.
pub fn judge_fail_if(conditions: &[Expression], exchange: Exchange<'_>, variables: &Scope) -> Vec<Finding> {
    let scope = reply_scope(variables, exchange.ending);
    let met = conditions.iter().filter(|condition| condition.holds(&scope) == Ok(true));
    met.map(|condition| {
        // The values that make it true are those that make its opposite false.
        let opposite = Expression::parse(&format!("not ({})", condition.source()));
        let parts = opposite.map_or_else(|_| Vec::new(), |opposite| computed(&opposite, &scope));
        let inputs =
            parts.iter().flat_map(|part| &part.inputs).map(|(source, value)| format!("{source} = {value}"));
        let found = [vec!["it is true".to_owned()], inputs.collect()].concat();
        Finding::new(FindingKind::FailIf, format!("not {}", condition.source()), found.join("; "))
    })
    .collect()
}

pub(crate) fn judge_conditions(
    kind: &FindingKind,
    conditions: &[Expression],
    scope: &Scope,
    findings: &mut Vec<Finding>,
) {
    for condition in conditions {
        match condition.holds(scope) {
            Ok(true) => {}
            Ok(false) => {
                let computed = computed(condition, scope);
                let values: Vec<String> = computed.iter().map(Computed::to_string).collect();
                let found = if values.is_empty() { "false".into() } else { values.join("; ") };
                findings.push(Finding { computed, ..Finding::new(kind.clone(), condition.source(), found) });
            }
            Err(error) => findings.push(Finding::unevaluated(kind.clone(), error)),
        }
    }
}

pub(crate) fn computed(condition: &Expression, scope: &Scope) -> Vec<Computed> {
    condition.false_parts(scope).into_iter().map(Computed::from).collect()
}

/// Finds the faults that were injected and damaged no exchange: without its faults, a scenario proves nothing.
pub fn judge_fired(faults: &[Fault], fired: &BTreeMap<FaultName, FaultCount>) -> Vec<Finding> {
    let finding = |fault: &Fault| {
        let count = fired.get(&fault.name).filter(|count| count.damaged == 0)?;
        let found = match (count.met, count.in_force) {
            (0, 0) => "it never came into force: the steps were over before its `after`".to_owned(),
            (0, _) => "it met no exchange".to_owned(),
            (met, _) => format!("it met {met} and changed none: {}", unchanged(&fault.damage)),
        };
        Some(Finding::new(FindingKind::IdleFault(fault.name.clone()), fault.to_string(), found))
    };
    faults.iter().filter_map(finding).collect()
}

/// Why a fault can have changed no exchange that it met.
fn unchanged(damage: &Damage) -> String {
    match damage {
        Damage::Truncate(bytes) => format!("no reply from the callee was longer than {bytes} bytes"),
        Damage::Corrupt => "no reply from the callee had a body".into(),
        Damage::Bandwidth(_) => "no body passed".into(),
        Damage::Duplicate => "no request was delivered".into(),
        Damage::Lose(Side::Reply)
        | Damage::Latency { side: Side::Reply, .. }
        | Damage::Crash { point: CrashPoint::AfterReply, .. } => "the callee never replied".into(),
        Damage::Latency { side: Side::Request, .. }
        | Damage::Crash { point: CrashPoint::BeforeRequest, .. }
        | Damage::Lose(Side::Request)
        | Damage::Outage(_)
        | Damage::Error(_) => "each had ended before, or the fault was healed first".into(),
    }
}

/// The link of a scenario's own requests to a service.
pub fn client_link(service: &ServiceName) -> Link {
    Link::new(ServiceName::client(), service.clone())
}
