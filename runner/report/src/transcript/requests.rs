//! How a step's own requests ended, as far as that is certain.

use std::collections::{BTreeMap, BTreeSet};

use scenario::{
    Action, BodyExpectation, Expectations, Judging, Others, OutcomeCount, OutcomePattern, ReplyExpectation,
    RequestStep, Scope, StatusPattern, Step, TemplateValue, Times, UnorderedList, Value,
};
use verdict::{Ending, Exchange, Reply, header_text, reply_scope};

use super::keys::Keys;
use crate::normalise;

/// Reply headers that tell what happened, shown also where no step names them.
const SHOWN_HEADERS: [&str; 4] = ["content-type", "location", "idempotency-replayed", "allow"];

/// How the requests of a step ended. `sent` are its exchanges; of a polled request the last one counts, for how often it
/// is polled is a matter of time.
pub(super) fn lines<'a>(step: &RequestStep, sent: &[Exchange<'a>], keys: &mut Keys<'a>) -> Vec<String> {
    let Some(last) = sent.last() else { return Vec::new() };
    let labels: BTreeSet<String> = sent.iter().map(|exchange| keys.label(exchange)).collect();
    let label = if labels.len() > 1 { " (several keys)".to_owned() } else { keys.label(last) };
    let mut lines = vec![head(last) + &label];
    let uncertain = uncertain(&step.expect, last);
    match (step.times, uncertain, last.ending) {
        (Times::Once, Some(ways), _) => lines.push(ways),
        (Times::Once, None, Some(ending)) => {
            lines.push(name(last.pattern()));
            lines.extend(ending.received.iter().flat_map(|reply| headers(&step.expect, reply)));
            lines.extend(named_values(step, ending));
        }
        (Times::Once, None, None) => lines.push(name(OutcomePattern::NoReply)),
        (Times::Repeat(_), None, Some(ending)) if step.expect.outcomes.is_empty() => {
            lines.extend(counted(&step.expect, sent));
            lines.extend(named_values(step, ending));
        }
        (Times::Repeat(_) | Times::Parallel(_), ..) => lines.extend(counted(&step.expect, sent)),
    }
    lines
}

/// How different requests that were released at once ended. Which of two alike came first isn't certain: each may have
/// ended in the way that is expected of the other.
pub(super) fn together<'a>(step: &Step, sent: &[Exchange<'a>], keys: &mut Keys<'a>) -> Vec<String> {
    let mut lines: Vec<String> = sent.iter().filter_map(|exchange| ended(step, exchange, keys)).collect();
    lines.sort();
    lines
}

/// How the requests of a loop ended, in the order of its rounds. Neighbours that ended alike take one line.
pub(super) fn rounds<'a>(step: &Step, sent: &[Exchange<'a>], keys: &mut Keys<'a>) -> Vec<String> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for line in sent.iter().filter_map(|exchange| ended(step, exchange, keys)) {
        match lines.last_mut() {
            Some((last, times)) if *last == line => *times += 1,
            _ => lines.push((line, 1)),
        }
    }
    let counted = |(line, times): (String, usize)| if times > 1 { format!("{line} ×{times}") } else { line };
    lines.into_iter().map(counted).collect()
}

/// How one of the requests of the steps within a step ended; `None` for one that is polled, whose number isn't certain.
fn ended<'a>(step: &Step, exchange: &Exchange<'a>, keys: &mut Keys<'a>) -> Option<String> {
    let expect = merged(step, exchange)?;
    let ended = uncertain(&expect, exchange).unwrap_or_else(|| name(exchange.pattern()));
    Some(format!("{}{}: {ended}", head(exchange), keys.label(exchange)))
}

/// Whether it isn't certain how one of the requests of the steps within a step ended.
pub(super) fn is_uncertain(step: &Step, exchange: &Exchange<'_>) -> bool {
    merged(step, exchange).is_none_or(|expect| uncertain(&expect, exchange).is_some())
}

/// Everything that steps within a step with this exchange's method and service allow; `None` if one of them polls.
fn merged(step: &Step, exchange: &Exchange<'_>) -> Option<Expectations> {
    let mut merged = Expectations::default();
    for member in step.all() {
        let Some(RequestStep { call, expect, .. }) = member.own_request() else { continue };
        if call.method == exchange.request.method && call.service == exchange.link.callee {
            if matches!(member.action, Action::Eventually(_) | Action::Watch(_)) {
                return None;
            }
            merged.status.extend(&expect.status);
            if expect.reply != ReplyExpectation::Required {
                merged.reply = ReplyExpectation::Optional;
            }
            if expect.judging == Judging::Lenient {
                merged.judging = Judging::Lenient;
            }
        }
    }
    Some(merged)
}

/// A request in one line: `POST orders-service /api/orders`.
pub(super) fn head(exchange: &Exchange<'_>) -> String {
    let Exchange { link, request, .. } = exchange;
    normalise::text(&format!("{} {} {}", request.method, link.callee, request.path))
}

/// The ways in which a request may end, where there are several: then it isn't certain which of them it takes.
pub(super) fn uncertain(expect: &Expectations, exchange: &Exchange<'_>) -> Option<String> {
    if expect.judging == Judging::Lenient {
        return Some("any end".into());
    }
    let ended = exchange.pattern();
    let is_one_of_them = match ended {
        OutcomePattern::Status(status) => expect.status.iter().any(|pattern| pattern.matches(status)),
        OutcomePattern::NoReply => expect.reply == ReplyExpectation::Optional,
    };
    let mut ways: BTreeSet<String> = expect.status.iter().map(StatusPattern::to_string).collect();
    if expect.reply == ReplyExpectation::Optional {
        if ways.is_empty() {
            return Some("a reply or no reply".into());
        }
        ways.insert(name(OutcomePattern::NoReply));
    }
    let several = ways.len() > 1 || matches!(expect.status.as_slice(), [StatusPattern::Class(_)]);
    (several && is_one_of_them).then(|| ways.into_iter().collect::<Vec<_>>().join(" or "))
}

/// How many requests of a step ended how. Where a range is expected, the range, for the number isn't certain.
fn counted(expect: &Expectations, sent: &[Exchange<'_>]) -> Vec<String> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for exchange in sent {
        let ended = uncertain(expect, exchange).unwrap_or_else(|| name(exchange.pattern()));
        *numbers.entry(ended).or_default() += 1;
    }
    let mut shown: BTreeMap<String, String> =
        numbers.into_iter().map(|(ended, number)| (ended, number.to_string())).collect();
    for (pattern, count) in &expect.outcomes {
        if let OutcomeCount::Between(least, most) = count {
            let range =
                if *most == u32::MAX { format!("{least} or more") } else { format!("{least} to {most}") };
            shown.insert(name(*pattern), range);
        }
    }
    shown.into_iter().map(|(ended, number)| format!("{ended}: {number}")).collect()
}

fn name(pattern: OutcomePattern) -> String {
    match pattern {
        OutcomePattern::Status(status) => status.to_string(),
        OutcomePattern::NoReply => "no reply".into(),
    }
}

fn headers(expect: &Expectations, reply: &Reply) -> Vec<String> {
    let expected = expect.headers.iter().map(|(name, _)| name.as_str());
    let names: Vec<&str> =
        SHOWN_HEADERS.into_iter().chain(expected.filter(|name| !SHOWN_HEADERS.contains(name))).collect();
    let mut lines = Vec::new();
    for name in names {
        for value in reply.headers.get_all(name) {
            let value = header_text(value);
            let is_json = value == "application/json" || value.starts_with("application/json;");
            if name != "content-type" || !is_json {
                lines.push(format!("{name}: {}", normalise::text(&value)));
            }
        }
    }
    lines
}

/// What the step names of its reply: values of the body that it expects or captures, and its conditions. Nothing else of
/// a body is shown, so that a new field changes no transcript.
fn named_values(step: &RequestStep, ending: Ending<'_>) -> Vec<String> {
    let scope = reply_scope(&Scope::default(), Some(ending));
    let mut lines = Vec::new();
    if let Some(BodyExpectation::Subset(expected) | BodyExpectation::Exact(expected)) = &step.expect.body {
        let named = || named_part(expected, scope.get("body").cloned().unwrap_or_default());
        let found =
            scope.unusable("body").map_or_else(|| normalise::value(named()).to_string(), normalise::text);
        lines.push(format!("body: {found}"));
    }
    lines.extend(step.expect.that.iter().map(|condition| format!("that: {}", condition.source())));
    for (name, expression) in &step.capture {
        // A time differs from run to run. What other variables are part of isn't known here.
        let value =
            expression.evaluate(&scope).ok().filter(|_| !expression.names().any(|name| name == "took"));
        if let Some(value) = value.filter(|value| !matches!(value, Value::Object(_) | Value::Array(_))) {
            lines.push(format!("{name} = {}", normalise::value(value)));
        }
    }
    lines
}

/// The part of a body that an expectation names.
fn named_part(expected: &TemplateValue, found: Value) -> Value {
    match (expected, found) {
        (TemplateValue::Object(entries), Value::Object(mut fields)) => {
            let part = entries.iter().filter_map(|(key, expected)| {
                Some((key.clone(), named_part(expected, fields.swap_remove(key)?)))
            });
            Value::Object(part.collect())
        }
        (TemplateValue::Array(expected), Value::Array(found)) => {
            expected.iter().zip(found).map(|(expected, found)| named_part(expected, found)).collect()
        }
        // Which of its values it is, or in which order, isn't certain.
        (TemplateValue::Pattern(pattern), _) => format!("[{pattern}]").into(),
        (TemplateValue::Unordered(UnorderedList { others: Others::Allowed, .. }), Value::Array(_)) => {
            "[items in any order]".into()
        }
        // `${any}`, or a variable: an object or a list is expected as a whole, and its fields aren't named.
        (_, Value::Object(_)) => "[object]".into(),
        (_, Value::Array(items)) => format!("[{} items]", items.len()).into(),
        (_, scalar) => scalar,
    }
}
