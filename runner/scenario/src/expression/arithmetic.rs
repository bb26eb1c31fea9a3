//! What to do where minijinja's arithmetic meets a number that it can't calculate with.

use super::{code::Code, literals, number};
use crate::{Number, Scope, Value};

/// The help for an expression whose operation failed, if it has a sign of arithmetic and such a number.
pub(super) fn help(source: &str, code: &Code, scope: &Scope) -> Option<String> {
    if !literals::has_sign(source) {
        return None;
    }
    let named = || code.names.iter().filter_map(|name| scope.get(name)).find_map(long_number);
    let number = literals::long_number(source).or_else(|| named().cloned())?;
    Some(format!(
        "a sign such as `+` can't calculate with {number}; `plus`, `minus`, `times` and `sum` are exact"
    ))
}

/// The first number in a value that minijinja can't calculate with.
fn long_number(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(found) => number::is_long(found).then_some(found),
        Value::Array(items) => items.iter().find_map(long_number),
        Value::Object(entries) => entries.values().find_map(long_number),
        _ => None,
    }
}
