//! Header fields of a reply, and what is expected of them.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};
use scenario::{EvaluationError, HeaderExpectation, Object, Scope, SharedValue, Template, Value};

use crate::{Finding, FindingKind};

/// A header's value as text: UTF-8, or else latin-1, of which every byte is a character.
pub fn header_text(value: &HeaderValue) -> Cow<'_, str> {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), Cow::Borrowed)
}

/// The headers as expressions see them.
pub(crate) fn shared(headers: &HeaderMap) -> SharedValue {
    SharedValue::headers(fields(headers))
}

/// The headers by their names: a text, or a list of texts for one that came several times.
pub(crate) fn fields(headers: &HeaderMap) -> Object {
    let mut fields = Object::new();
    for name in headers.keys() {
        let mut values: Vec<Value> = texts(headers, name).map(|text| text.into_owned().into()).collect();
        let value = if values.len() == 1 { values.remove(0) } else { values.into() };
        fields.insert(name.to_string(), value);
    }
    fields
}

/// Compares headers with what is expected of them, and adds every difference to `findings`.
pub(crate) fn judge_headers(
    expected: &[(HeaderName, HeaderExpectation)],
    headers: &HeaderMap,
    scope: &Scope,
    findings: &mut Vec<Finding>,
) {
    for (name, expected) in expected {
        let found: Vec<_> = texts(headers, name).collect();
        let kind = FindingKind::Header(name.to_string());
        let missed = match expected {
            HeaderExpectation::Absent => Ok((!found.is_empty()).then(|| "absent".to_owned())),
            HeaderExpectation::Present => Ok(found.is_empty().then(|| "anything".to_owned())),
            HeaderExpectation::Values(values) => rendered(values, scope)
                .map(|expected| (!holds_all(&found, &expected)).then(|| expected.join("\n"))),
        };
        match missed {
            Ok(None) => {}
            Ok(Some(expected)) => {
                let found = if found.is_empty() { "absent".to_owned() } else { found.join("\n") };
                findings.push(Finding::new(kind, expected, found));
            }
            Err(error) => findings.push(Finding::unevaluated(kind, error)),
        }
    }
}

fn texts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = Cow<'a, str>> {
    headers.get_all(name).into_iter().map(header_text)
}

/// The expected values; one that is a list, such as a header that was captured, stands for its items.
fn rendered(values: &[Template], scope: &Scope) -> Result<Vec<String>, EvaluationError> {
    let text = |value: Value| value.to_text().into_owned();
    let mut texts = Vec::new();
    for value in values {
        match value.value(scope)? {
            Value::Array(items) => texts.extend(items.into_iter().map(text)),
            value => texts.push(text(value)),
        }
    }
    Ok(texts)
}

/// Whether each expected value is found; one that is expected twice has to be there twice.
fn holds_all(found: &[Cow<'_, str>], expected: &[String]) -> bool {
    let mut left: Vec<&str> = found.iter().map(AsRef::as_ref).collect();
    expected.iter().all(|expected| {
        let position = left.iter().position(|found| found == expected);
        position.map(|position| left.swap_remove(position)).is_some()
    })
}
