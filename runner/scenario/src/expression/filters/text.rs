//! Filters and tests of texts.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use minijinja::{Error, ErrorKind, Value};

use super::super::json::to_minijinja;

/// The most bytes of a compiled pattern, so that no pattern can exhaust the memory.
const PATTERN_SIZE: usize = 1 << 20;

/// Whether the pattern matches a part of the text.
pub(super) fn is_matching(text: &str, pattern: &str) -> Result<bool, Error> {
    Ok(compiled(pattern)?.is_match(text))
}

/// What the pattern's first group matches, or all of the match if it has none; undefined when nothing matches.
pub(super) fn regex(text: &str, pattern: &str) -> Result<Value, Error> {
    let captures = compiled(pattern)?.captures(text).and_then(|found| found.get(1).or_else(|| found.get(0)));
    Ok(captures.map_or(Value::UNDEFINED, |found| Value::from(found.as_str())))
}

/// The text's bytes in Base64.
pub(super) fn base64(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

/// The text whose bytes are given in Base64.
pub(super) fn base64_decode(text: &str) -> Result<String, Error> {
    let bytes = BASE64_STANDARD.decode(text).map_err(|error| unusable(format!("no base64: {error}")))?;
    String::from_utf8(bytes).map_err(|_| unusable("what base64 gives is no text".into()))
}

/// The value that a text of JSON holds.
pub(super) fn json(text: &str) -> Result<Value, Error> {
    let value = crate::Value::parse(text).map_err(|error| unusable(error.to_string()))?;
    Ok(to_minijinja(&value))
}

fn compiled(pattern: &str) -> Result<regex::Regex, Error> {
    let built = regex::RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).build();
    built.map_err(|error| unusable(format!("no regular expression: {error}")))
}

fn unusable(reason: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason)
}
