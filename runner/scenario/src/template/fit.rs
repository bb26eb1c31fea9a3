//! Whether a value is what an expected one says.

use std::collections::BTreeSet;

use crate::{EvaluationError, Fit, Scope, Strictness, TemplateValue, Value};

impl TemplateValue {
    /// Whether `found` is as this says.
    pub fn fits(
        &self,
        found: &Value,
        strictness: Strictness,
        scope: &Scope,
    ) -> Result<bool, EvaluationError> {
        Ok(match (self, found) {
            (Self::Any, _) => true,
            (Self::Pattern(pattern), _) => pattern.fit(found, scope)? == Fit::Fits,
            (Self::Object(entries), Value::Object(fields)) => {
                for (key, expected) in entries {
                    match fields.get(key) {
                        Some(field) if expected.fits(field, strictness, scope)? => {}
                        _ => return Ok(false),
                    }
                }
                strictness == Strictness::Subset || {
                    let known: BTreeSet<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
                    fields.keys().all(|key| known.contains(key.as_str()))
                }
            }
            (Self::Array(expected), Value::Array(found)) => {
                for (expected, found) in expected.iter().zip(found) {
                    if !expected.fits(found, strictness, scope)? {
                        return Ok(false);
                    }
                }
                expected.len() == found.len()
            }
            (Self::Unordered(list), Value::Array(found)) => {
                let partners = partners(&list.items, found, strictness, scope)?;
                let all = partners.iter().all(Option::is_some);
                all && (list.others == Others::Allowed || partners.len() == found.len())
            }
            (Self::Unordered(_), _) => false,
            _ => self.render(scope)? == *found,
        })
    }
}

/// Whether a list that is expected in any order may have other items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// It has the expected items only: `any_order`.
    Forbidden,
    /// It may have others: `contains`.
    Allowed,
}

/// The items of a list, in any order. Each item that is expected has to be there once for each time it is expected.
#[derive(Debug, Clone)]
pub struct UnorderedList {
    /// The expected items.
    pub items: Vec<TemplateValue>,
    /// Whether there may be others.
    pub others: Others,
}

/// For each expected item, the position of the item found that is its partner. As many as possible have one, and no item found
/// is the partner of two: `${any}` doesn't take the only item that another one could have.
pub fn partners(
    expected: &[TemplateValue],
    found: &[Value],
    strictness: Strictness,
    scope: &Scope,
) -> Result<Vec<Option<usize>>, EvaluationError> {
    let mut candidates = Vec::new();
    for expected in expected {
        let mut own = Vec::new();
        for (position, found) in found.iter().enumerate() {
            if expected.fits(found, strictness, scope)? {
                own.push(position);
            }
        }
        candidates.push(own);
    }
    // The expected item that each item found is the partner of.
    let mut taken: Vec<Option<usize>> = vec![None; found.len()];
    for item in 0..expected.len() {
        let mut seen = vec![false; found.len()];
        find_partner(item, &candidates, &mut taken, &mut seen);
    }
    let mut partners = vec![None; expected.len()];
    for (position, item) in taken.into_iter().enumerate() {
        if let Some(item) = item {
            partners[item] = Some(position);
        }
    }
    Ok(partners)
}

/// Finds a partner for `item`, for which others may have to change theirs. Returns whether there is one.
fn find_partner(
    item: usize,
    candidates: &[Vec<usize>],
    taken: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    for &position in &candidates[item] {
        if std::mem::replace(&mut seen[position], true) {
            continue;
        }
        if taken[position].is_none_or(|other| find_partner(other, candidates, taken, seen)) {
            taken[position] = Some(item);
            return true;
        }
    }
    false
}
