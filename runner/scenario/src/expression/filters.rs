//! The helpers that scenarios need besides minijinja's own.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use minijinja::{Environment, Error, ErrorKind, Value};
use regex::Regex;

/// A pattern's compiled size in bytes may be this at most, so that no pattern can be a bomb.
const PATTERN_SIZE: usize = 1 << 20;

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment
        .add_test("matching", |text: &str, pattern: &str| Ok::<_, Error>(compiled(pattern)?.is_match(text)));
    environment.add_filter("regex", found);
    environment.add_filter("base64", |text: &str| BASE64_STANDARD.encode(text));
    environment.add_filter("base64_decode", |text: &str| {
        let bytes = BASE64_STANDARD.decode(text).map_err(|error| unusable(format!("no base64: {error}")))?;
        String::from_utf8(bytes).map_err(|_| unusable("what base64 gives is no text".into()))
    });
    environment.add_filter("json", |text: &str| {
        let value = serde_json::from_str(text).map_err(|error| unusable(format!("no JSON: {error}")))?;
        Ok::<_, Error>(super::json::to_minijinja(&value))
    });
}

/// What the pattern's first group matches, or all of the match if it has none; undefined when nothing matches.
fn found(text: &str, pattern: &str) -> Result<Value, Error> {
    let captures = compiled(pattern)?.captures(text).and_then(|found| found.get(1).or_else(|| found.get(0)));
    Ok(captures.map_or(Value::UNDEFINED, |found| Value::from(found.as_str())))
}

fn compiled(pattern: &str) -> Result<Regex, Error> {
    let built = regex::RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).build();
    built.map_err(|error| unusable(format!("no regular expression: {error}")))
}

fn unusable(reason: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason)
}
