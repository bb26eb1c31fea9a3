//! Sums and products of numbers as they are written: 10.1 + 20.2 + 0.3 is 30.6.

use minijinja::{Error, ErrorKind, Value};

use super::super::{kinds::kind, number};
use crate::{Number, value::Exact};

/// The sum of a list of numbers; 0 of an empty one.
pub(super) fn sum(items: &Value) -> Result<Value, Error> {
    let mut total = Exact { digits: 0, decimals: 0 };
    for item in items.try_iter()? {
        total = total.plus(operand("sum", &item)?).ok_or_else(|| too_large("sum"))?;
    }
    result("sum", Some(total))
}

/// `a | plus(b)`.
pub(super) fn plus(a: &Value, b: &Value) -> Result<Value, Error> {
    result("plus", operand("plus", a)?.plus(operand("plus", b)?))
}

/// `a | minus(b)`.
pub(super) fn minus(a: &Value, b: &Value) -> Result<Value, Error> {
    let Exact { digits, decimals } = operand("minus", b)?;
    result("minus", operand("minus", a)?.plus(Exact { digits: -digits, decimals }))
}

/// `a | times(b)`.
pub(super) fn times(a: &Value, b: &Value) -> Result<Value, Error> {
    let (a, b) = (operand("times", a)?, operand("times", b)?);
    let digits = a.digits.checked_mul(b.digits);
    result("times", digits.map(|digits| Exact { digits, decimals: a.decimals + b.decimals }))
}

/// Rounds to this many decimals, or to a whole number; a half away from zero, as is usual with money.
pub(super) fn round(value: &Value, decimals: Option<u32>) -> Result<Value, Error> {
    let exact = operand("round", value)?;
    let kept = decimals.unwrap_or(0);
    // No number of 38 digits is as much as half of a larger unit.
    let Some(unit) = 10_i128.checked_pow(exact.decimals.saturating_sub(kept)) else {
        return Ok(Value::from(0));
    };
    let half = if unit == 1 { 0 } else { unit / 2 * exact.digits.signum() };
    let digits = exact.digits.checked_add(half).map(|digits| digits / unit);
    result("round", digits.map(|digits| Exact { digits, decimals: exact.decimals.min(kept) }))
}

/// The absolute value.
pub(super) fn abs(value: Value) -> Result<Value, Error> {
    match number::long(&value).map(ToString::to_string) {
        None => minijinja::filters::abs(value),
        Some(written) => Number::parse(written.trim_start_matches('-'))
            .map(|number| number::to_minijinja(&number))
            .ok_or_else(|| too_large("abs")),
    }
}

fn operand(filter: &str, value: &Value) -> Result<Exact, Error> {
    if !number::is_number(value) {
        let reason = format!("`{filter}` takes numbers, not {}", kind(value));
        return Err(Error::new(ErrorKind::InvalidOperation, reason));
    }
    number::from_minijinja(value).and_then(|number| Exact::of(&number)).ok_or_else(|| too_large(filter))
}

fn result(filter: &str, exact: Option<Exact>) -> Result<Value, Error> {
    let exact = exact.ok_or_else(|| too_large(filter))?;
    Ok(number::to_minijinja(&exact.number()))
}

fn too_large(filter: &str) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("`{filter}` is exact for up to 38 digits, and these are more"),
    )
}
