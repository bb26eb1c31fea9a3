use fault::PathPattern;

use super::{expectation::header, mapping::Mapping};
use crate::{CallPattern, CallsExpectation, Distance, Expression, MatchingCalls, Value, duration};

pub(super) fn calls(expected: &CallsExpectation) -> Value {
    let mut written = Mapping::default();
    match expected {
        CallsExpectation::Order(patterns) => {
            written.list("order", patterns.iter().map(|pattern| in_order(pattern).into()));
        }
        CallsExpectation::Matching(calls) => {
            let MatchingCalls { pattern, headers, that, count, apart, same, different } = calls.as_ref();
            written.put("link", pattern.link.to_string());
            written.maybe("match", matched(pattern));
            written.names("headers", headers.iter().map(|(name, value)| (name.to_string(), header(value))));
            written.conditions("that", that);
            written.put("count", count.source());
            written.maybe("apart", apart.map(distance));
            let sources = |list: &[Expression]| -> Vec<Value> {
                list.iter().map(|expression| expression.source().into()).collect()
            };
            written.list("same", sources(same).into_iter());
            written.list("different", sources(different).into_iter());
        }
    }
    written.0.into()
}

/// `POST /api/*`, as far as something is said.
fn matched(CallPattern { method, path, .. }: &CallPattern) -> Option<String> {
    let path = (*path != PathPattern::default()).then(|| path.to_string());
    let parts: Vec<String> = method.iter().map(ToString::to_string).chain(path).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// `POST caller -> callee /api/*`, as far as something is said.
fn in_order(CallPattern { link, method, path }: &CallPattern) -> String {
    let path = (*path != PathPattern::default()).then(|| path.to_string());
    let parts = method.iter().map(ToString::to_string).chain([link.to_string()]).chain(path);
    parts.collect::<Vec<String>>().join(" ")
}

fn distance(Distance { least, most }: Distance) -> String {
    match most {
        None => format!(">= {}", duration::written(least)),
        Some(most) if least.is_zero() => format!("<= {}", duration::written(most)),
        Some(most) => format!("{}-{}", duration::written(least), duration::written(most)),
    }
}
