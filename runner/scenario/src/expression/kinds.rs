//! Kinds of values: their names, and tests such as `is none`, which refuse a value that is undefined.
//!
//! minijinja's own tests accept it, so that `body.oder is not none` would be true for a misspelled key. Only
//! `is defined` and `is undefined` ask whether there is a value.

use minijinja::{Environment, Error, ErrorKind, Value, tests, value::ValueKind};

use super::number;
use crate::Number;

type Test = fn(&Value) -> bool;

const TESTS: &[(&str, Test)] = &[
    ("none", tests::is_none),
    ("boolean", tests::is_boolean),
    ("true", tests::is_true),
    ("false", tests::is_false),
    ("number", number::is_number),
    ("integer", is_integer),
    ("int", is_integer),
    ("float", is_float),
    ("string", tests::is_string),
    ("sequence", tests::is_sequence),
    ("iterable", tests::is_iterable),
    ("mapping", tests::is_mapping),
];

fn is_integer(value: &Value) -> bool {
    number::long(value).map_or_else(|| tests::is_integer(value), Number::is_integer)
}

fn is_float(value: &Value) -> bool {
    number::is_number(value) && !is_integer(value)
}

pub(super) fn add_to(environment: &mut Environment<'_>) {
    for (name, test) in TESTS {
        environment.add_test(*name, |value: &Value| {
            if value.is_undefined() { Err(Error::from(ErrorKind::UndefinedError)) } else { Ok(test(value)) }
        });
    }
}

/// A value's kind in the words of the documentation, with its article.
pub(super) fn kind(value: &Value) -> String {
    match value.kind() {
        ValueKind::Plain if number::is_number(value) => "a number".into(),
        ValueKind::String => "a text".into(),
        ValueKind::None => "null".into(),
        ValueKind::Seq | ValueKind::Iterable => "a list".into(),
        ValueKind::Map => "an object".into(),
        other => format!("a {other}"),
    }
}
