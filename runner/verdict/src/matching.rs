//! Compares a body with the expected one.

use std::collections::BTreeSet;

use scenario::{EvaluationError, Scope, TemplateValue};
use serde_json::Value;

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
            let value = expected.render(scope)?;
            if !same(&value, found) {
                findings.push(differs(path.clone(), value.to_string(), found.to_string()));
            }
        }
    }
    Ok(())
}

fn differs(path: BodyPath, expected: impl Into<String>, found: impl Into<String>) -> Finding {
    Finding::new(FindingKind::Body(path), expected, found)
}

fn shown(expected: &TemplateValue, scope: &Scope) -> Result<String, EvaluationError> {
    match expected {
        TemplateValue::Any => Ok("anything".into()),
        _ => expected.render(scope).map(|value| value.to_string()),
    }
}

/// Equality of JSON values in which `300` and `300.0` are the same number.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64().is_some_and(|x| Some(x) == y.as_f64()),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| same(x, y)))
        }
        _ => a == b,
    }
}
