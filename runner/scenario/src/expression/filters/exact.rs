//! Sums and products of numbers as they are written: 10.1 + 20.2 + 0.3 is 30.6.
//!
//! A JSON number is read into the nearest double, whose shortest spelling is the number that was written, as long as
//! it has at most 15 digits. So numbers are converted to decimals and back through that spelling.

use minijinja::{Error, ErrorKind, Value};
use rust_decimal::{Decimal, RoundingStrategy};

use super::super::kinds::kind;

/// The sum of a list of numbers; 0 of an empty one.
pub(super) fn sum(items: &Value) -> Result<Value, Error> {
    let mut total = Decimal::ZERO;
    for item in items.try_iter()? {
        total = total.checked_add(decimal("sum", &item)?).ok_or_else(|| too_large("sum"))?;
    }
    number("sum", total)
}

/// `a | plus(b)`.
pub(super) fn plus(a: &Value, b: &Value) -> Result<Value, Error> {
    calculate("plus", a, b, Decimal::checked_add)
}

/// `a | minus(b)`.
pub(super) fn minus(a: &Value, b: &Value) -> Result<Value, Error> {
    calculate("minus", a, b, Decimal::checked_sub)
}

/// `a | times(b)`.
pub(super) fn times(a: &Value, b: &Value) -> Result<Value, Error> {
    calculate("times", a, b, Decimal::checked_mul)
}

/// Rounds to this many decimals, or to a whole number; a half away from zero, as is usual with money.
pub(super) fn round(value: &Value, decimals: Option<u32>) -> Result<Value, Error> {
    let rounding = RoundingStrategy::MidpointAwayFromZero;
    number("round", decimal("round", value)?.round_dp_with_strategy(decimals.unwrap_or(0), rounding))
}

fn calculate(
    name: &str,
    a: &Value,
    b: &Value,
    operation: fn(Decimal, Decimal) -> Option<Decimal>,
) -> Result<Value, Error> {
    number(name, operation(decimal(name, a)?, decimal(name, b)?).ok_or_else(|| too_large(name))?)
}

fn decimal(filter: &str, value: &Value) -> Result<Decimal, Error> {
    if !value.is_number() {
        let reason = format!("`{filter}` takes numbers, not a {}", kind(value));
        return Err(Error::new(ErrorKind::InvalidOperation, reason));
    }
    let written = value.to_string();
    written.parse().or_else(|_| Decimal::from_scientific(&written)).map_err(|_| too_large(filter))
}

fn number(filter: &str, exact: Decimal) -> Result<Value, Error> {
    let exact = exact.normalize();
    if let Ok(integer) = i64::try_from(exact)
        && exact.is_integer()
    {
        return Ok(Value::from(integer));
    }
    exact.to_string().parse::<f64>().map(Value::from).map_err(|_| too_large(filter))
}

fn too_large(filter: &str) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("`{filter}` is over numbers of more digits than can be exact"),
    )
}
