use std::ops::RangeInclusive;

use crate::{Number, Value};

/// The values from which one is drawn. The first of them is the simplest.
#[derive(Debug, Clone, PartialEq)]
pub enum Generator {
    /// Whole numbers.
    Integer(RangeInclusive<i64>),
    /// Amounts of money, in hundredths.
    Money(RangeInclusive<i64>),
    /// One of these.
    OneOf(Vec<Value>),
}

impl Generator {
    /// The number of values.
    pub fn count(&self) -> u64 {
        match self {
            Self::Integer(range) | Self::Money(range) => {
                range.end().abs_diff(*range.start()).saturating_add(1)
            }
            Self::OneOf(values) => values.len() as u64,
        }
    }

    /// The value at `index`, counted from 0.
    pub fn value(&self, index: u64) -> Value {
        let nth =
            |range: &RangeInclusive<i64>| range.start().saturating_add_unsigned(index).min(*range.end());
        match self {
            Self::Integer(range) => nth(range).into(),
            Self::Money(range) => money(nth(range)),
            Self::OneOf(values) => {
                usize::try_from(index).ok().and_then(|index| values.get(index)).cloned().unwrap_or_default()
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
    Value::Number(Number::from_loose(&written).expect("digits with a point are a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_drawn_as_it_is_written() {
        let money = Generator::Money(-105..=20_000);
        for (index, expected) in
            [(0, "-1.05"), (5, "-1"), (104, "-0.01"), (105, "0"), (106, "0.01"), (6_204, "60.99")]
        {
            assert_eq!(money.value(index).to_string(), expected);
        }
        assert_eq!(money.count(), 20_106);
    }
}
