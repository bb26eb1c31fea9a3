//! Header fields of a reply, and what is expected of them.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};
use scenario::{EvaluationError, HeaderExpectation, Scope, Template, Value, header_text};

use crate::{Finding, FindingKind};

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
