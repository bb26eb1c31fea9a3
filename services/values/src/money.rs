//! Money: whole minor units inside, a JSON number with at most two decimals on the wire.
//!
//! A number is taken by its shortest decimal text (`299.99`), never by float arithmetic, so what was written is what
//! is booked. Up to 2^53 minor units, text and float name the same amount.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Number;

/// The largest amount that a request may name: 1,000,000,000.00.
pub const LARGEST: Money = Money(100_000_000_000);
/// The most that one account may hold: every JSON reader can still tell it from its neighbours.
pub const ACCOUNT_LIMIT: Money = Money((1 << 53) - 1);

/// An amount in minor units (cents). Serde writes it as that integer; [`wire`] and the APIs write `299.99`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

/// Why a number is no amount of money. Fits "… must …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a JSON number.
    #[error("must be a number")]
    NotANumber,
    /// Finer than a hundredth.
    #[error("must have at most two decimals")]
    TooFine,
    /// Beyond [`LARGEST`] on either side.
    #[error("must not be more than 1000000000.00")]
    TooLarge,
    /// Not above zero, for an [`Amount`].
    #[error("must be more than zero")]
    NotPositive,
    /// Zero, for a [`Change`].
    #[error("must not be zero")]
    Zero,
    /// Below zero, for an [`Opening`].
    #[error("must not be negative")]
    Negative,
}

impl Money {
    /// 0.00.
    pub const ZERO: Money = Money(0);

    /// An amount in minor units: `Money::minor(29_999)` is 299.99.
    pub const fn minor(units: i64) -> Self {
        Self(units)
    }

    /// The minor units.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The sum, or `None` when it overflows.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` when it overflows.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The same amount the other way.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// The amount without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Reads a decimal such as `-12.5`, exactly.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        Self::parse_within(LARGEST, text)
    }

    fn parse_within(largest: Self, text: &str) -> Result<Self, MoneyError> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        if let Some((_, exponent)) = digits.split_once(['e', 'E']) {
            // The shortest text has an exponent only below 0.00001 and from 10^16 on.
            return Err(if exponent.starts_with('-') { MoneyError::TooFine } else { MoneyError::TooLarge });
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) {
            return Err(MoneyError::NotANumber);
        }
        if fraction.len() > 2 {
            return Err(MoneyError::TooFine);
        }
        let units = format!("{whole}{fraction:0<2}").parse::<i64>().map_err(|_| MoneyError::TooLarge)?;
        if units > largest.0 {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self(if negative { -units } else { units }))
    }

    /// Reads a JSON number, exactly.
    pub fn from_number(number: &Number) -> Result<Self, MoneyError> {
        Self::parse(&number.to_string())
    }

    /// The JSON number: `299.99`, `50.0`.
    pub fn to_number(self) -> Number {
        let nearest: f64 = self.to_string().parse().expect("a decimal is a float's text");
        Number::from_f64(nearest).expect("a decimal is finite")
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", units / 100, units % 100)
    }
}

/// `#[serde(with = "values::money::wire")]`: the number as other services write it.
pub mod wire {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use serde_json::Number;

    use super::{ACCOUNT_LIMIT, Money};

    /// Writes the JSON number.
    pub fn serialize<S: Serializer>(money: &Money, serializer: S) -> Result<S::Ok, S::Error> {
        money.to_number().serialize(serializer)
    }

    /// Reads the JSON number, exactly: a balance as well, which may be more than a request may name.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        let number = Number::deserialize(deserializer)?;
        Money::parse_within(ACCOUNT_LIMIT, &number.to_string()).map_err(D::Error::custom)
    }
}

macro_rules! bounded {
    ($(#[doc = $doc:literal])+ $type:ident, $accepts:expr, $error:ident) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $type(Money);

        impl $type {
            /// The amount, if it is within the bounds.
            pub fn new(money: Money) -> Result<Self, MoneyError> {
                let accepts: fn(Money) -> bool = $accepts;
                if money.abs() > LARGEST {
                    Err(MoneyError::TooLarge)
                } else if accepts(money) {
                    Ok(Self(money))
                } else {
                    Err(MoneyError::$error)
                }
            }

            /// The amount.
            pub fn money(self) -> Money {
                self.0
            }
        }
    };
}

bounded!(
    /// An amount that a request names: from 0.01 to 1,000,000,000.00.
    Amount,
    |money| money > Money::ZERO,
    NotPositive
);
bounded!(
    /// An amount that a request adds or, with a minus, takes: within ±1,000,000,000.00, and not zero.
    Change,
    |money| money != Money::ZERO,
    Zero
);
bounded!(
    /// What an account starts with: from 0.00 to 1,000,000,000.00.
    Opening,
    |money| money >= Money::ZERO,
    Negative
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_by_its_text() {
        let check = |json: &str, expected: Result<i64, MoneyError>| {
            let number: Number = serde_json::from_str(json).unwrap();
            assert_eq!(Money::from_number(&number).map(Money::units), expected, "{json}");
        };
        check("299.99", Ok(29_999));
        check("0.1", Ok(10));
        check("50", Ok(5_000));
        check("50.00", Ok(5_000));
        check("-0.01", Ok(-1));
        check("-0", Ok(0));
        check("1000000000.00", Ok(100_000_000_000));
        check("1000000000.01", Err(MoneyError::TooLarge));
        check("1e3", Ok(100_000));
        check("1e300", Err(MoneyError::TooLarge));
        check("9223372036854775807", Err(MoneyError::TooLarge));
        check("0.001", Err(MoneyError::TooFine));
        check("0.30000000000000004", Err(MoneyError::TooFine));
        check("1e-9", Err(MoneyError::TooFine));
        check("999999999.991", Err(MoneyError::TooFine));
    }

    #[test]
    fn what_is_written_reads_back() {
        for units in [0, 1, 9, 10, 99, 100, 29_999, 30_000, 4_035, -1, -12_345, LARGEST.units()] {
            let money = Money::minor(units);
            assert_eq!(Money::from_number(&money.to_number()), Ok(money));
        }
        assert_eq!(serde_json::to_string(&Money::minor(4_035).to_number()).unwrap(), "40.35");
    }

    #[test]
    fn balances_of_other_services_may_be_beyond_what_a_request_names() {
        #[derive(Debug, Serialize, Deserialize)]
        struct Account(#[serde(with = "wire")] Money);
        for money in [LARGEST.units() + 1, 999_999_999_999_999, -999_999_999_999_999].map(Money::minor) {
            let text = serde_json::to_string(&Account(money)).unwrap();
            let Account(read) = serde_json::from_str(&text).unwrap();
            assert_eq!(read, money, "{text}");
        }
        assert!(serde_json::from_str::<Account>("1e20").is_err());
    }

    #[test]
    fn bounds_are_those_of_the_contract() {
        let beyond = Money::minor(LARGEST.units() + 1);
        assert_eq!(Amount::new(Money::ZERO), Err(MoneyError::NotPositive));
        assert_eq!(Amount::new(Money::minor(-1)), Err(MoneyError::NotPositive));
        assert_eq!(Amount::new(LARGEST).map(Amount::money), Ok(LARGEST));
        assert_eq!(Amount::new(beyond), Err(MoneyError::TooLarge));
        assert_eq!(Change::new(Money::minor(-1)).map(Change::money), Ok(Money::minor(-1)));
        assert_eq!(Change::new(Money::ZERO), Err(MoneyError::Zero));
        assert_eq!(Change::new(beyond.negated()), Err(MoneyError::TooLarge));
        assert_eq!(Opening::new(Money::ZERO).map(Opening::money), Ok(Money::ZERO));
        assert_eq!(Opening::new(Money::minor(-1)), Err(MoneyError::Negative));
    }
}
