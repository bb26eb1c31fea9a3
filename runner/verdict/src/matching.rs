//! Compares a body with the expected one.

use std::collections::BTreeSet;

use scenario::{
    BodyExpectation, EvaluationError, Fit, Others, Scope, Strictness, TemplateValue, UnorderedList, Value,
    partners,
};

use crate::{BodyPath, Finding, FindingKind, outline};

/// The most characters of a value that is of another type.
const ROOM: usize = 160;

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
        (TemplateValue::Pattern(pattern), _) => {
            let found = match pattern.fit(found, scope)? {
                Fit::Fits => return Ok(()),
                Fit::OtherType => described(found),
                Fit::ConditionFails => outline(found, ROOM),
            };
            findings.push(differs(path.clone(), pattern.to_string(), found));
        }
        (TemplateValue::Unordered(list), Value::Array(found)) => {
            compare_unordered(path, list, found, strictness, scope, findings)?;
        }
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

/// Whether `found` has every key of which the expected body names a value. Of one that is missing everywhere it can't be known
/// whether it is misspelled. `${any}` and types ask whether a key is there.
pub fn has_expected_keys(expected: &BodyExpectation, found: &Value) -> bool {
    let (BodyExpectation::Subset(expected) | BodyExpectation::Exact(expected)) = expected;
    has_keys(expected, found)
}

fn has_keys(expected: &TemplateValue, found: &Value) -> bool {
    match (expected, found) {
        (TemplateValue::Object(entries), Value::Object(fields)) => {
            entries.iter().all(|(key, value)| match fields.get(key) {
                Some(field) => has_keys(value, field),
                None => matches!(value, TemplateValue::Any | TemplateValue::Pattern(_)),
            })
        }
        _ => true,
    }
}

/// Compares lists whose items can have any order: shows the items without a partner.
fn compare_unordered(
    path: &BodyPath,
    list: &UnorderedList,
    found: &[Value],
    strictness: Strictness,
    scope: &Scope,
    findings: &mut Vec<Finding>,
) -> Result<(), EvaluationError> {
    let partners = partners(&list.items, found, strictness, scope)?;
    let missing: Vec<&TemplateValue> = list
        .items
        .iter()
        .zip(&partners)
        .filter(|(_, partner)| partner.is_none())
        .map(|(item, _)| item)
        .collect();
    let mut others: Vec<usize> =
        (0..found.len()).filter(|position| !partners.contains(&Some(*position))).collect();
    // One item each without a partner: what differs between them tells more.
    if let ([expected], [position], Others::Forbidden) = (missing.as_slice(), others.as_slice(), list.others)
    {
        return compare(&path.index(*position), expected, &found[*position], strictness, scope, findings);
    }
    if list.others == Others::Allowed {
        others.clear();
    }
    for expected in missing {
        let found = match found.len() {
            0 => "absent: the list is empty".into(),
            items => format!("absent among its {items} items, each of which counts once"),
        };
        findings.push(differs(path.clone(), format!("an item {}", shown(expected, scope)?), found));
    }
    findings.extend(
        others.into_iter().map(|other| differs(path.index(other), "absent", outline(&found[other], ROOM))),
    );
    Ok(())
}

/// A value with its type.
fn described(value: &Value) -> String {
    let kind = match value {
        Value::Null => return "null".into(),
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("{}, {kind}", outline(value, ROOM))
}

fn differs(path: BodyPath, expected: impl Into<String>, found: impl Into<String>) -> Finding {
    Finding::new(FindingKind::Body(path), expected, found)
}

/// An expected value as text.
pub(crate) fn shown(expected: &TemplateValue, scope: &Scope) -> Result<String, EvaluationError> {
    match expected {
        TemplateValue::Any => Ok("anything".into()),
        TemplateValue::Pattern(pattern) => Ok(pattern.to_string()),
        _ => rendered(expected, scope).map(|value| value.to_string()),
    }
}

/// An expected value as JSON, with what stands for many values as it is written.
fn rendered(expected: &TemplateValue, scope: &Scope) -> Result<Value, EvaluationError> {
    Ok(match expected {
        TemplateValue::Any | TemplateValue::Pattern(_) | TemplateValue::Unordered(_) => expected.source(),
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
