//! Filters and tests of texts.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use minijinja::{Error, ErrorKind, Value, value::ValueKind};

use super::super::{json::to_minijinja, kinds::kind};
use crate::percent;

/// The most bytes of a compiled pattern, so that no pattern can exhaust the memory.
const PATTERN_SIZE: usize = 1 << 20;

/// Whether the pattern matches a part of the text, or of one of a list of texts.
pub(super) fn is_matching(value: &Value, pattern: &str) -> Result<bool, Error> {
    let pattern = compiled(pattern)?;
    Ok(texts("matching", value)?.iter().any(|text| text.as_str().is_some_and(|text| pattern.is_match(text))))
}

/// What the pattern's first group matches, or all of the match if it has none; undefined when nothing matches. Of a list
/// of texts, the first that matches counts.
pub(super) fn regex(value: &Value, pattern: &str) -> Result<Value, Error> {
    let pattern = compiled(pattern)?;
    let texts = texts("regex", value)?;
    let captures = texts.iter().find_map(|text| pattern.captures(text.as_str()?));
    let found = captures.and_then(|captures| captures.get(1).or_else(|| captures.get(0)));
    Ok(found.map_or(Value::UNDEFINED, |found| Value::from(found.as_str())))
}

/// The text, or the texts of a list.
fn texts(helper: &str, value: &Value) -> Result<Vec<Value>, Error> {
    let texts = match value.kind() {
        ValueKind::Seq => value.try_iter()?.collect(),
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        _ => vec![value.clone()],
    };
    match texts.iter().find(|text| text.as_str().is_none()) {
        Some(other) => Err(unusable(format!("`{helper}` takes a text, not {}", kind(other)))),
        None => Ok(texts),
    }
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

/// The value percent-encoded, or the entries of an object as a query: `a=1&b=x%20y`.
pub(super) fn urlencode(value: &Value) -> Result<String, Error> {
    let encoded = |value: &Value| percent::component(&value.to_string());
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Map => {
            let pairs = value
                .try_iter()?
                .map(|key| Ok(format!("{}={}", encoded(&key), encoded(&value.get_item(&key)?))));
            Ok(pairs.collect::<Result<Vec<_>, Error>>()?.join("&"))
        }
        _ => Ok(encoded(value)),
    }
}

/// The value that a text of JSON holds.
pub(super) fn json(text: &str) -> Result<Value, Error> {
    let value = crate::Value::parse(text).map_err(|error| unusable(error.to_string()))?;
    Ok(to_minijinja(&value))
}

/// The regular expression that a text is.
pub(in super::super) fn compiled(pattern: &str) -> Result<regex::Regex, Error> {
    let built = regex::RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).build();
    built.map_err(|error| {
        // A mistake in the syntax repeats the pattern before its last line, which says what is wrong.
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        unusable(format!("no regular expression: {reason}"))
    })
}

fn unusable(reason: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason)
}
