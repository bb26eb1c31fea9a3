//! Compares single calls on links with what is expected.

use std::{collections::BTreeMap, time::Duration};

use fault::{Link, PathPattern, Refusal};
use scenario::{
    CallPattern, CallsExpectation, Distance, EvaluationError, Expression, MatchingCalls, Scope, SharedValue,
    Value, query_values,
};

use crate::{
    EncodedBody, Exchange, Finding, FindingKind, History, RequestOutcome, header, outline, timing::readable,
};

/// The most calls that a finding lists.
const MOST: usize = 10;
/// The most characters of a value in which calls differ.
const ROOM: usize = 120;

/// Compares the calls from the exchange `first` on, those of a step, with what the step expects. `refusals` has the links that refused connections during the
/// step, and why; as in `expect.links`, refused calls don't count there, and a count has to hold whatever their number is.
pub fn judge_calls(
    expectations: &[CallsExpectation],
    history: &History,
    first: usize,
    variables: &Scope,
    refusals: &BTreeMap<Link, Refusal>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for expectation in expectations {
        let refused = |link: &Link| refusals.get(link);
        let during = history.exchanges_from(first).filter(|exchange| {
            refused(exchange.link).is_none() || exchange.outcome() != RequestOutcome::Failed
        });
        match expectation {
            CallsExpectation::Order(patterns) => findings.extend(judge_order(patterns, during)),
            CallsExpectation::Matching(calls) => {
                let refusal = refused(&calls.pattern.link);
                judge_matching(calls, during.collect(), variables, refusal, &mut findings);
            }
        }
    }
    findings
}

fn judge_matching(
    calls: &MatchingCalls,
    during: Vec<Exchange<'_>>,
    variables: &Scope,
    refusal: Option<&Refusal>,
    findings: &mut Vec<Finding>,
) {
    let kind = FindingKind::Calls(shown(&calls.pattern));
    let during: Vec<Exchange<'_>> =
        during.into_iter().filter(|exchange| matches(&calls.pattern, exchange)).collect();
    let selected = match selected(calls, &during, variables) {
        Ok(selected) => selected,
        Err(error) => return findings.push(Finding::unevaluated(kind, error)),
    };
    // What was left out shows why none is left.
    let (number, shown) = match during.len() {
        some @ 1.. if selected.is_empty() => (format!("no call of {some} matches"), &during),
        _ => (counted(selected.len()), &selected),
    };
    if let Err(found) = judge_count(&calls.count, selected.len(), &number, variables, refusal) {
        let found = format!("{found}{}", listed(shown));
        findings.push(Finding::new(kind.clone(), calls.count.source(), found));
    }
    let compares = calls.apart.is_some() || !calls.same.is_empty() || !calls.different.is_empty();
    if compares && selected.len() < 2 {
        let found = format!("{} to compare{}", counted(selected.len()), listed(&selected));
        return findings.push(Finding::new(kind, "two calls or more", found));
    }
    if let Some(distance) = calls.apart {
        let pairs = selected.windows(2).filter_map(|pair| too_near_or_far(distance, &pair[0], &pair[1]));
        let found: Vec<String> = pairs.take(MOST).collect();
        if !found.is_empty() {
            findings.push(Finding::new(kind.clone(), expected_distance(distance), found.join("\n")));
        }
    }
    let same = calls.same.iter().map(|expression| (expression, Comparison::Same));
    let different = calls.different.iter().map(|expression| (expression, Comparison::Different));
    for (expression, comparison) in same.chain(different) {
        match compared(expression, comparison, &selected, variables) {
            Ok(None) => {}
            Ok(Some(found)) => {
                let expected = format!("{} {}", comparison.word(), expression.source());
                findings.push(Finding::new(kind.clone(), expected, found));
            }
            Err(error) => findings.push(Finding::unevaluated(kind.clone(), error)),
        }
    }
}

/// Those of these calls that match. A condition that has no value for one of them, such as one on a header that it doesn't have, isn't
/// true of it; one that has no value for any of them is an error.
fn selected<'a>(
    calls: &MatchingCalls,
    during: &[Exchange<'a>],
    variables: &Scope,
) -> Result<Vec<Exchange<'a>>, EvaluationError> {
    let (mut selected, mut errors, mut evaluated) = (Vec::new(), Vec::new(), 0);
    for exchange in during {
        let mut differences = Vec::new();
        header::judge_headers(&calls.headers, &exchange.request.headers, variables, &mut differences);
        if !differences.is_empty() {
            continue;
        }
        let scope = call_scope(variables, exchange);
        match calls.that.iter().map(|condition| condition.holds(&scope)).collect::<Result<Vec<bool>, _>>() {
            Ok(results) => {
                evaluated += 1;
                if results.into_iter().all(|holds| holds) {
                    selected.push(*exchange);
                }
            }
            Err(error) => errors.push(error),
        }
    }
    match errors.pop() {
        Some(error) if evaluated == 0 => Err(error),
        _ => Ok(selected),
    }
}

fn matches(pattern: &CallPattern, exchange: &Exchange<'_>) -> bool {
    pattern.link == *exchange.link
        && pattern.method.as_ref().is_none_or(|method| *method == exchange.request.method)
        && pattern.path.matches(path(exchange))
}

/// The path without the query.
fn path<'a>(exchange: &Exchange<'a>) -> &'a str {
    exchange.request.path.split('?').next().unwrap_or_default()
}

/// The values that an expression on a call can use: [`CallPattern::NAMES`] besides the variables.
fn call_scope(variables: &Scope, exchange: &Exchange<'_>) -> Scope {
    let request = exchange.request;
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let body = match EncodedBody::new(&request.headers, &request.body).value() {
        Ok(value) => value.into(),
        Err(unreadable) => SharedValue::unusable(unreadable.to_string()),
    };
    let mut scope = variables.clone();
    scope.set("method", request.method.as_str());
    scope.set("path", path(exchange));
    scope.set("query", query_values(query));
    scope.share("headers", SharedValue::of_headers(&request.headers));
    scope.share("body", body);
    scope.set("status", exchange.reply().map_or(0, |reply| reply.status.as_u16()));
    scope
}

fn judge_count(
    condition: &Expression,
    count: usize,
    number: &str,
    variables: &Scope,
    refusal: Option<&Refusal>,
) -> Result<(), String> {
    let mut scope = variables.clone();
    scope.set("count", count);
    let holds = |scope: &Scope| condition.holds(scope).map_err(|error| error.to_string());
    if !holds(&scope)? {
        return Err(number.to_owned());
    }
    if let Some(why) = refusal {
        scope.set("count", u32::MAX);
        if !holds(&scope)? {
            return Err(format!("{number}; refused connections don't count, and {why}"));
        }
    }
    Ok(())
}

fn too_near_or_far(distance: Distance, one: &Exchange<'_>, next: &Exchange<'_>) -> Option<String> {
    let apart = next.at.saturating_sub(one.at);
    let is_within = distance.least <= apart && distance.most.is_none_or(|most| apart <= most);
    (!is_within).then(|| format!("{} between {} and {}", readable(apart), described(one), described(next)))
}

fn expected_distance(Distance { least, most }: Distance) -> String {
    match most {
        None => format!("apart >= {}", readable(least)),
        Some(most) if least == Duration::ZERO => format!("apart <= {}", readable(most)),
        Some(most) => format!("apart {} to {}", readable(least), readable(most)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Same,
    Different,
}

impl Comparison {
    fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
        }
    }
}

/// The values that contradict the comparison, each with its calls; `None` if none do.
fn compared(
    expression: &Expression,
    comparison: Comparison,
    calls: &[Exchange<'_>],
    variables: &Scope,
) -> Result<Option<String>, EvaluationError> {
    let mut values: Vec<(Value, Vec<&Exchange<'_>>)> = Vec::new();
    for call in calls {
        let value = expression.evaluate(&call_scope(variables, call))?;
        match values.iter_mut().find(|(known, _)| *known == value) {
            Some((_, calls)) => calls.push(call),
            None => values.push((value, vec![call])),
        }
    }
    match comparison {
        Comparison::Same if values.len() < 2 => return Ok(None),
        Comparison::Same => {}
        Comparison::Different => values.retain(|(_, calls)| calls.len() > 1),
    }
    let line = |(value, calls): &(Value, Vec<&Exchange<'_>>)| {
        let calls: Vec<String> = calls.iter().take(MOST).map(|call| described(call)).collect();
        format!("{} in {}", outline(value, ROOM), calls.join(", "))
    };
    let lines: Vec<String> = values.iter().take(MOST).map(line).collect();
    Ok((!lines.is_empty()).then(|| lines.join("\n")))
}

fn judge_order<'a>(patterns: &[CallPattern], during: impl Iterator<Item = Exchange<'a>>) -> Option<Finding> {
    let calls: Vec<Exchange<'_>> =
        during.filter(|exchange| patterns.iter().any(|pattern| matches(pattern, exchange))).collect();
    let mut next = 0_usize;
    let mut fits = true;
    for call in &calls {
        let is_again = next.checked_sub(1).is_some_and(|last| matches(&patterns[last], call));
        if patterns.get(next).is_some_and(|pattern| matches(pattern, call)) {
            next += 1;
        } else if !is_again {
            fits = false;
        }
    }
    if fits && next == patterns.len() {
        return None;
    }
    let expected: Vec<String> = patterns.iter().map(shown).collect();
    let found = if calls.is_empty() { "none of these calls".into() } else { lines(&calls) };
    Some(Finding::new(FindingKind::CallOrder, expected.join("\n"), found))
}

/// `a -> b POST /x`, as far as something is said.
fn shown(CallPattern { link, method, path }: &CallPattern) -> String {
    let path = (*path != PathPattern::default()).then(|| path.to_string());
    let parts = [Some(link.to_string()), method.as_ref().map(ToString::to_string), path];
    parts.into_iter().flatten().collect::<Vec<String>>().join(" ")
}

fn counted(count: usize) -> String {
    match count {
        0 => "no call".into(),
        1 => "1 call".into(),
        _ => format!("{count} calls"),
    }
}

/// The calls below a line.
fn listed(calls: &[Exchange<'_>]) -> String {
    if calls.is_empty() { String::new() } else { format!("\n{}", lines(calls)) }
}

/// One line for each call: `POST /x at 481 ms`. Calls between different services also show their link.
fn lines(calls: &[Exchange<'_>]) -> String {
    let several = calls.iter().any(|call| call.link != calls[0].link);
    let line = |call: &Exchange<'_>| {
        if several { format!("{} {}", call.link, described(call)) } else { described(call) }
    };
    let more = calls.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("… and {more} more"));
    calls.iter().take(MOST).map(line).chain(more).collect::<Vec<_>>().join("\n")
}

fn described(call: &Exchange<'_>) -> String {
    format!("{} {} at {}", call.request.method, call.request.path, readable(call.at))
}
