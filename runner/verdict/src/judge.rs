//! Compares replies, traffic on links and observations with what is expected.

use std::collections::BTreeMap;

use fault::{Fault, FaultName, Link, ServiceName};
use http::HeaderMap;
use scenario::{
    BodyExpectation, EvaluationError, Expectations, Expression, Invariant, LinkExpectation, Object,
    OutcomeCount, OutcomePattern, ReplyExpectation, Scope, Value,
};

use crate::{
    BodyPath, Ending, Exchange, Finding, FindingKind, History, Reply, header,
    matching::{Strictness, compare, shown as shown_value},
};

/// The values that an expression can use after an exchange: `status`, `headers`, `body` and `took` (in seconds) besides
/// the variables. Without a reply `status` is 0 and `body` null.
pub fn reply_scope(variables: &Scope, ending: Option<Ending<'_>>) -> Scope {
    let mut scope = variables.clone();
    let reply = ending.and_then(|ending| ending.received.ok());
    scope.set("status", reply.map_or(0, |reply| reply.status.as_u16()));
    scope.share("headers", header::shared(reply.map_or(&HeaderMap::new(), |reply| &reply.headers)));
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

fn statuses(allowed: &[u16]) -> String {
    match allowed {
        [] => "a reply".into(),
        [status] => status.to_string(),
        several => several.iter().map(u16::to_string).collect::<Vec<_>>().join(" or "),
    }
}

fn judge_reply(expect: &Expectations, reply: &Reply, scope: &Scope, findings: &mut Vec<Finding>) {
    let status = reply.status.as_u16();
    if !expect.status.is_empty() && !expect.status.contains(&status) {
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
            findings.push(unevaluated(FindingKind::Body(path), &error));
        }
    }
    judge_conditions(&FindingKind::Condition, &expect.that, scope, findings);
}

/// Compares the traffic on links during a step with what the step expects.
pub fn judge_links(
    expectations: &[LinkExpectation],
    history: &History,
    step: usize,
    variables: &Scope,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for LinkExpectation { link, holds } in expectations {
        let mut scope = variables.clone();
        let counts = traffic_counts(history.exchanges_during(step).filter(|exchange| exchange.link == link));
        let found = Value::from(counts.clone()).to_string();
        let kind = FindingKind::Traffic(link.clone());
        counts.into_iter().for_each(|(name, value)| scope.set(name, value));
        match holds.holds(&scope) {
            Ok(true) => {}
            Ok(false) => findings.push(Finding::new(kind, holds.source(), found)),
            Err(error) => findings.push(unevaluated(kind, &error)),
        }
    }
    findings
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
    let in_range = |count: &OutcomeCount, found: u32| match count {
        OutcomeCount::Exactly(n) => found == *n,
        OutcomeCount::Between(least, most) => (*least..=*most).contains(&found),
    };
    let all_named = found.keys().all(|pattern| expected.iter().any(|(named, _)| named == pattern));
    let all_counted =
        expected.iter().all(|(named, count)| in_range(count, found.get(named).copied().unwrap_or(0)));
    if all_named && all_counted {
        return Vec::new();
    }
    let expected: Vec<String> =
        expected.iter().map(|(pattern, count)| format!("{}: {}", shown(*pattern), counted(count))).collect();
    let found: Vec<String> =
        found.iter().map(|(pattern, count)| format!("{}: {count}", shown(*pattern))).collect();
    vec![Finding::new(FindingKind::Outcomes, expected.join(", "), found.join(", "))]
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

/// Finds the conditions of an invariant that don't hold on what was observed.
pub fn judge_invariant(invariant: &Invariant, observed: &Scope) -> Vec<Finding> {
    let mut findings = Vec::new();
    judge_conditions(
        &FindingKind::Invariant(invariant.name.clone()),
        &invariant.holds,
        observed,
        &mut findings,
    );
    findings
}

/// Finds the conditions of a `check` step that don't hold.
pub fn judge_check(conditions: &[Expression], variables: &Scope) -> Vec<Finding> {
    let mut findings = Vec::new();
    judge_conditions(&FindingKind::Check, conditions, variables, &mut findings);
    findings
}

fn judge_conditions(
    kind: &FindingKind,
    conditions: &[Expression],
    scope: &Scope,
    findings: &mut Vec<Finding>,
) {
    for condition in conditions {
        match condition.holds(scope) {
            Ok(true) => {}
            Ok(false) => {
                findings.push(Finding::new(kind.clone(), condition.source(), named_values(condition, scope)));
            }
            Err(error) => findings.push(unevaluated(kind.clone(), &error)),
        }
    }
}

/// The values of the names in a condition, at most 400 characters each: they show why it is false.
fn named_values(condition: &Expression, scope: &Scope) -> String {
    const LONGEST: usize = 400;
    let named = condition.names().map(|name| {
        let value = scope.get(name).map_or_else(|| "undefined".into(), Value::to_string);
        let short: String = value.chars().take(LONGEST).collect();
        let dots = if short.len() < value.len() { "…" } else { "" };
        format!("{name} = {short}{dots}")
    });
    let values = named.collect::<Vec<_>>().join("; ");
    if values.is_empty() { "false".into() } else { values }
}

fn unevaluated(kind: FindingKind, error: &EvaluationError) -> Finding {
    Finding::new(kind, &*error.expression, error.reason.clone())
}

/// Finds the faults that were injected and damaged no exchange: without its faults, a scenario proves nothing.
pub fn judge_fired(faults: &[Fault], fired: &BTreeMap<FaultName, u64>) -> Vec<Finding> {
    let idle = faults.iter().filter(|fault| fired.get(&fault.name) == Some(&0));
    let finding = |fault: &Fault| {
        Finding::new(FindingKind::IdleFault(fault.name.clone()), fault.to_string(), "it met no exchange")
    };
    idle.map(finding).collect()
}

/// The link of a scenario's own requests to a service.
pub fn client_link(service: &ServiceName) -> Link {
    Link::new(ServiceName::client(), service.clone())
}
