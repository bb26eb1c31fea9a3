//! Compares a body with the expected one.

use std::collections::BTreeSet;

use scenario::{EvaluationError, Scope, TemplateValue, Value};

use crate::{BodyPath, Finding, FindingKind};

/// Whether an object may have more keys than are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// It may have more.
    Subset,
    /// It must have the same.
    Exact,
}

/// Compares `found`, the value at `path`, with `expected`, and adds every difference to `findings`.
pub(crate) fn compare(
    path: &BodyPath,
    expected: &TemplateValue,
    found: &Value,
    strictness: Strictness,
    scope: &Scope,
    findings: &mut Vec<Finding>,
) -> Result<(), EvaluationError> {
    match (expected, found) {
        (TemplateValue::Any, _) => {}
        (TemplateValue::Object(entries), Value::Object(fields)) => {
            for (key, value) in entries {
                let path = path.key(key);
                match fields.get(key) {
                    Some(field) => compare(&path, value, field, strictness, scope, findings)?,
                    None => findings.push(differs(path, shown(value, scope)?, "absent")),
                }
            }
            if strictness == Strictness::Exact {
                let known: BTreeSet<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
                let unknown = fields.iter().filter(|(key, _)| !known.contains(key.as_str()));
                findings
                    .extend(unknown.map(|(key, value)| differs(path.key(key), "absent", value.to_string())));
            }
        }
        (TemplateValue::Array(expected), Value::Array(found)) => {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&path.index(index), expected, found, strictness, scope, findings)?;
            }
            if expected.len() != found.len() {
                let (expected, found) = (expected.len().to_string(), found.len().to_string());
                findings.push(differs(path.length(), expected, found));
            }
        }
        _ => {
            let value = rendered(expected, scope)?;
            if value != *found {
                findings.push(differs(path.clone(), value.to_string(), found.to_string()));
            }
        }
    }
    Ok(())
}

fn differs(path: BodyPath, expected: impl Into<String>, found: impl Into<String>) -> Finding {
    Finding::new(FindingKind::Body(path), expected, found)
}

/// An expected value as text.
pub(crate) fn shown(expected: &TemplateValue, scope: &Scope) -> Result<String, EvaluationError> {
    match expected {
        TemplateValue::Any => Ok("anything".into()),
        _ => rendered(expected, scope).map(|value| value.to_string()),
    }
}

/// An expected value as JSON, with `${any}` as it is written.
fn rendered(expected: &TemplateValue, scope: &Scope) -> Result<Value, EvaluationError> {
    Ok(match expected {
        TemplateValue::Any => "${any}".into(),
        TemplateValue::Array(items) => {
            Value::Array(items.iter().map(|item| rendered(item, scope)).collect::<Result<_, _>>()?)
        }
        TemplateValue::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), rendered(value, scope)?)))
                .collect::<Result<_, _>>()?,
        ),
        TemplateValue::Plain(_) | TemplateValue::Text(_) => expected.render(scope)?,
    })
}
