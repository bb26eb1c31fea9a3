//! JSON to minijinja's values and back. `299.99` stays `299.99`, and an integer stays an integer.

use super::{error::describe as describe_error, number};
use crate::{Number, Value};
use minijinja::{Value as Minijinja, value::ValueKind};

/// Deeper than any JSON text that is read, so that only a value that an expression builds can exceed it.
const DEPTH: usize = 200;

pub(super) fn to_minijinja(value: &Value) -> Minijinja {
    to_minijinja_with(value, number::to_minijinja)
}

/// The same, with another form for numbers.
pub(super) fn to_minijinja_with(value: &Value, number: fn(&Number) -> Minijinja) -> Minijinja {
    let convert = |value| to_minijinja_with(value, number);
    match value {
        Value::Null => Minijinja::from(()),
        Value::Bool(value) => Minijinja::from(*value),
        Value::Number(found) => number(found),
        Value::String(text) => Minijinja::from(text.as_str()),
        Value::Array(items) => items.iter().map(convert).collect::<Vec<_>>().into(),
        Value::Object(entries) => {
            Minijinja::from_pairs(entries.iter().map(|(key, value)| (key.as_str(), convert(value))))
        }
    }
}

/// Why a value is not JSON.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotJson {
    #[error("a part of its value is undefined")]
    Undefined,
    #[error("its value is nested too deeply")]
    Deep,
    #[error("its value, {0}, is no number that JSON has")]
    Number(Minijinja),
    #[error("its value is of a kind that JSON doesn't have ({0})")]
    Kind(ValueKind),
    #[error("{0}")]
    Unreadable(String),
}

pub(super) fn from_minijinja(value: &Minijinja) -> Result<Value, NotJson> {
    convert(value, DEPTH)
}

fn convert(value: &Minijinja, depth: usize) -> Result<Value, NotJson> {
    let deeper = depth.checked_sub(1).ok_or(NotJson::Deep)?;
    let unreadable = |error: minijinja::Error| NotJson::Unreadable(describe_error(&error));
    Ok(match value.kind() {
        ValueKind::None => Value::Null,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number => {
            Value::Number(number::from_minijinja(value).ok_or_else(|| NotJson::Number(value.clone()))?)
        }
        ValueKind::Plain if let Some(long) = number::long(value) => Value::Number(long.clone()),
        ValueKind::String => Value::String(value.to_string()),
        ValueKind::Seq | ValueKind::Iterable => Value::Array(
            value
                .try_iter()
                .map_err(unreadable)?
                .map(|item| convert(&item, deeper))
                .collect::<Result<_, _>>()?,
        ),
        ValueKind::Map => {
            let keys = value.try_iter().map_err(unreadable)?;
            let entry = |key: Minijinja| {
                Ok((key.to_string(), convert(&value.get_item(&key).map_err(unreadable)?, deeper)?))
            };
            Value::Object(keys.map(entry).collect::<Result<_, NotJson>>()?)
        }
        ValueKind::Undefined => return Err(NotJson::Undefined),
        other => return Err(NotJson::Kind(other)),
    })
}

/// A value's kind in a few words, with the value itself if it is short.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() <= 40 => format!("the text {value}"),
        Value::String(_) => "a long text".into(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".into(),
    }
}

/// The content of `name`, for the message about a key that it doesn't have.
pub(super) fn outline(name: &str, value: &Value) -> String {
    match value {
        Value::Object(entries) if entries.is_empty() => format!("`{name}` is an empty object and"),
        Value::Object(entries) => {
            let shown: Vec<_> = entries.keys().take(12).map(|key| format!("`{key}`")).collect();
            let more = if entries.len() > shown.len() { ", …" } else { "" };
            format!("`{name}` has {}{more}; it", shown.join(", "))
        }
        other => format!("`{name}` is {} and", describe(other)),
    }
}
