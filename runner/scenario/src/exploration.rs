//! What an exploration means, once nothing in it is a mistake.

use std::{ops::RangeInclusive, path::PathBuf, sync::Arc, time::Duration};

use fault::{Fault, ServiceName};
use serde_json::{Number, Value};

use crate::{Call, Expectations, Expression, Span};

/// What sequences are generated from.
#[derive(Debug, Clone)]
pub struct Exploration {
    /// What it says of itself.
    pub name: String,
    /// What it can be selected by.
    pub tags: Vec<String>,
    /// The file it was read from, as it was named.
    pub file: Arc<PathBuf>,
    /// How many steps a sequence has.
    pub length: RangeInclusive<u32>,
    /// How many requests are released at once, at most; each sequence has a number of its own.
    pub clients: RangeInclusive<u32>,
    /// What clients can do.
    pub operations: Vec<Operation>,
    /// The weight of an earlier request being sent once more under its key.
    pub again: u32,
    /// The faults that may happen.
    pub faults: Vec<Fault>,
    /// How often they do, and for how many steps.
    pub inject: Disturbance,
    /// The services that may be killed.
    pub killable: Vec<ServiceName>,
    /// How often one is killed, and for how many steps it stays down.
    pub kill: Disturbance,
    /// The weight of a step that only waits; 0 when there are none.
    pub wait_weight: u32,
    /// How long such a step waits.
    pub wait_times: RangeInclusive<Duration>,
    /// How long the system may take to settle after the last step; `None` for the configuration's.
    pub settle: Option<Duration>,
}

/// How likely something goes wrong, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disturbance {
    /// Its weight; 0 when it never happens.
    pub weight: u32,
    /// How many steps pass until it is over.
    pub steps: RangeInclusive<u32>,
}

/// Something that a client can do.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// Where it begins.
    pub span: Span,
    /// How likely it is, beside the others.
    pub weight: u32,
    /// The values that are drawn for it, by the names it uses for them.
    pub values: Vec<(String, Generator)>,
    /// The handles it uses, each made by another operation before it.
    pub needs: Vec<String>,
    /// What is sent. Besides values and handles it can name [`Operation::KEY`].
    pub call: Call,
    /// What must come of it, if a reply comes at all.
    pub expect: Expectations,
    /// What must come of it, in place of that, when nothing has been wrong yet and nothing else is under way.
    pub undisturbed: Option<Expectations>,
    /// The handles that its success makes, with the expressions that give them.
    pub makes: Vec<(String, Expression)>,
    /// What every success of the same request has in common.
    pub same: Option<Expression>,
    /// Whether it happens once however often it is sent, though it has no key.
    pub idempotent: bool,
}

impl Operation {
    /// The name of the key that each sequence's each operation has for itself.
    pub const KEY: &'static str = "key";

    /// Whether it is sent under a key.
    pub fn has_key(&self) -> bool {
        self.call.names().any(|name| name == Self::KEY)
    }

    /// Whether it can be sent again and happens once.
    pub fn is_repeatable(&self) -> bool {
        self.idempotent || self.has_key()
    }
}

/// Where a value is drawn from. The first of its values is the simplest one.
#[derive(Debug, Clone, PartialEq)]
pub enum Generator {
    /// Whole numbers.
    Integer(RangeInclusive<i64>),
    /// Amounts, in hundredths.
    Money(RangeInclusive<i64>),
    /// One of these.
    OneOf(Vec<Value>),
}

impl Generator {
    /// How many values there are.
    pub fn count(&self) -> u64 {
        match self {
            Self::Integer(range) | Self::Money(range) => {
                range.end().abs_diff(*range.start()).saturating_add(1)
            }
            Self::OneOf(values) => values.len() as u64,
        }
    }

    /// The value with this place among them, counted from 0.
    pub fn value(&self, place: u64) -> Value {
        let nth =
            |range: &RangeInclusive<i64>| range.start().saturating_add_unsigned(place).min(*range.end());
        match self {
            Self::Integer(range) => nth(range).into(),
            Self::Money(range) => money(nth(range)),
            Self::OneOf(values) => {
                usize::try_from(place).ok().and_then(|place| values.get(place)).cloned().unwrap_or_default()
            }
        }
    }
}

/// An amount of hundredths as it is written: `5` or `4.99`.
fn money(hundredths: i64) -> Value {
    if hundredths % 100 == 0 {
        return (hundredths / 100).into();
    }
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    let written = format!("{sign}{whole}.{rest:02}");
    let number = written.parse().ok().and_then(Number::from_f64);
    number.expect("digits with a point are a finite number").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_drawn_as_it_is_written() {
        let money = Generator::Money(-105..=20_000);
        for (place, expected) in
            [(0, "-1.05"), (5, "-1"), (104, "-0.01"), (105, "0"), (106, "0.01"), (6_204, "60.99")]
        {
            assert_eq!(money.value(place).to_string(), expected);
        }
        assert_eq!(money.count(), 20_106);
    }
}
