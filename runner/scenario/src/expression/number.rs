//! Numbers as minijinja calculates with them, without a change of their values.
//!
//! minijinja has integers of 128 bits and doubles. A number that one of them stands for exactly, as 0.1 does for the digits
//! `0.1`, is passed as that: it is compared and calculated with as fast as ever. Every other number, such as `1e400`, is an
//! [`LongNumber`]. Each decimal value has one form of the three, so that minijinja's own `==` and `in` are exact.

use std::{cmp::Ordering, fmt, sync::Arc};

use minijinja::{
    Value as Minijinja,
    value::{DynObject, Object, ObjectRepr},
};

use crate::Number;

/// The largest integer up to which every integer is a double of its own.
const LARGEST_DOUBLE_INTEGER: u128 = 1 << 53;
/// The most digits of a decimal that a double always gives back.
const CERTAIN_DIGITS: u64 = 1_000_000_000_000_000;
/// The most digits of an integer of 128 bits.
const LONGEST_INTEGER: i64 = 39;

/// A number that is neither an integer of 128 bits nor a double.
#[derive(Debug)]
struct LongNumber(Number);

impl Object for LongNumber {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        other.downcast_ref::<Self>().map(|other| self.0.cmp(&other.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The form in which minijinja has a number.
#[expect(
    clippy::cast_precision_loss,
    reason = "fifteen digits are below 2^53, and powers of ten up to 10^22 are doubles"
)]
pub(super) fn to_minijinja(number: &Number) -> Minijinja {
    match number.short() {
        Some((digits, 0)) => return Minijinja::from(digits),
        // Both are doubles, and so the quotient is the double nearest to the decimal value.
        Some((digits, decimals)) if digits.unsigned_abs() < CERTAIN_DIGITS => {
            return Minijinja::from(digits as f64 / 10_u64.pow(decimals.into()) as f64);
        }
        _ => {}
    }
    let long = || Minijinja::from_object(LongNumber(number.clone()));
    let double = number.as_f64();
    let decimal = number.decimal();
    if !decimal.is_whole() || decimal.exponent > LONGEST_INTEGER {
        let stands_for_it = Number::from_f64(double).as_ref() == Some(number);
        return if stands_for_it { Minijinja::from(double) } else { long() };
    }
    let sign = if decimal.negative { "-" } else { "" };
    let zeros = usize::try_from(decimal.exponent).unwrap_or(0).saturating_sub(decimal.digits.len());
    let digits = String::from_utf8_lossy(&decimal.digits);
    let written = format!("{sign}{digits}{:0<zeros$}", if digits.is_empty() { "0" } else { "" });
    match (written.parse::<i128>(), written.parse::<u128>()) {
        (Ok(integer), _) if !number.is_integer() && integer.unsigned_abs() <= LARGEST_DOUBLE_INTEGER => {
            Minijinja::from(double)
        }
        (Ok(integer), _) => Minijinja::from(integer),
        (_, Ok(integer)) => Minijinja::from(integer),
        _ => long(),
    }
}

/// The form in which minijinja's own sorting orders all numbers: each is an object. It is not for other use.
pub(super) fn to_sortable(number: &Number) -> Minijinja {
    Minijinja::from_object(LongNumber(number.clone()))
}

/// The number that a value of minijinja is; `None` for other values, infinities and what is no number.
pub(super) fn from_minijinja(value: &Minijinja) -> Option<Number> {
    if let Some(long) = long(value) {
        Some(long.clone())
    } else if !value.is_number() {
        None
    } else if value.is_integer() {
        Number::parse(&value.to_string())
    } else {
        f64::try_from(value.clone()).ok().and_then(Number::from_f64)
    }
}

/// The number that a value of minijinja holds, if minijinja can't calculate with it.
pub(super) fn long(value: &Minijinja) -> Option<&Number> {
    value.downcast_object_ref::<LongNumber>().map(|long| &long.0)
}

/// Whether minijinja can't calculate with a number.
pub(super) fn is_long(number: &Number) -> bool {
    long(&to_minijinja(number)).is_some()
}

/// Whether it is a number, in either form.
pub(super) fn is_number(value: &Minijinja) -> bool {
    value.is_number() || long(value).is_some()
}

/// Compares two numbers by their decimal values; `None` if one of them is no number that JSON has.
pub(super) fn compare(left: &Minijinja, right: &Minijinja) -> Option<Ordering> {
    if left.is_number() && right.is_number() {
        return Some(left.cmp(right));
    }
    Some(from_minijinja(left)?.cmp(&from_minijinja(right)?))
}

#[cfg(test)]
mod tests;
