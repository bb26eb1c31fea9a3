//! Lengths of time as they are written: `200ms`, `1.5s`, `1m`, `1h`.

use std::time::Duration;

use crate::{Number, value::Exact};

/// Longer than any wait that makes sense, and short enough for every clock.
const LONGEST: Duration = Duration::from_hours(24);

/// The units, each with its length in microseconds.
const UNITS: &[(&str, i128)] = &[("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000)];

/// Why a text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// It doesn't begin with a number.
    #[error("`{0}` is no length of time")]
    NotANumber(String),
    /// It is a number without a unit.
    #[error("`{0}` has no unit")]
    NoUnit(String),
    /// Its unit is none of those there are.
    #[error("`{unit}` in `{text}` is no unit of time")]
    UnknownUnit {
        /// The length of time as written.
        text: String,
        /// The part after the number.
        unit: String,
    },
    /// It is longer than 24 hours.
    #[error("`{0}` is longer than a day")]
    TooLong(String),
}

impl InvalidDuration {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotANumber(_) => Some("write `5s` or `200ms`".into()),
            Self::NoUnit(text) => Some(format!("write `{text}s` or `{text}ms`")),
            Self::UnknownUnit { .. } => Some("the units are `ms`, `s`, `m` and `h`".into()),
            Self::TooLong(_) => None,
        }
    }
}

/// Reads a length of time of at most 24 hours: a decimal number and one of the units `ms`, `s`, `m` and `h`.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number = Number::from_loose(number).ok_or_else(|| InvalidDuration::NotANumber(text.into()))?;
    let unit = unit.trim();
    if unit.is_empty() {
        return Err(InvalidDuration::NoUnit(text.into()));
    }
    let Some((_, microseconds)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(InvalidDuration::UnknownUnit { text: text.into(), unit: unit.into() });
    };
    let exact = Exact::of(&number).and_then(|Exact { digits, decimals }| {
        let microseconds = digits.checked_mul(*microseconds)? / 10_i128.checked_pow(decimals)?;
        u64::try_from(microseconds).ok()
    });
    let duration = exact.map(Duration::from_micros).filter(|duration| *duration <= LONGEST);
    duration.ok_or_else(|| InvalidDuration::TooLong(text.into()))
}

/// Writes a length of time as [`parse_duration`] reads it, to the microsecond.
pub(crate) fn written(time: Duration) -> String {
    let microseconds = time.as_micros();
    if microseconds.is_multiple_of(1_000_000) {
        format!("{}s", microseconds / 1_000_000)
    } else if microseconds.is_multiple_of(1_000) {
        format!("{}ms", microseconds / 1_000)
    } else {
        format!("{}.{:03}ms", microseconds / 1_000, microseconds % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit_is_read_and_written_back() {
        for (text, microseconds, back) in [
            ("200ms", 200_000, "200ms"),
            ("5s", 5_000_000, "5s"),
            ("1.5s", 1_500_000, "1500ms"),
            ("0.5 ms", 500, "0.500ms"),
            ("0s", 0, "0s"),
            ("2m", 120_000_000, "120s"),
            ("24h", 86_400_000_000, "86400s"),
        ] {
            let time = parse_duration(text);
            assert_eq!(time, Ok(Duration::from_micros(microseconds)), "{text}");
            assert_eq!(time.map(written), Ok(back.to_owned()), "{text}");
        }
    }

    #[test]
    fn an_invalid_length_of_time_is_refused_with_the_reason() {
        for (text, message, help) in [
            ("5", "`5` has no unit", Some("write `5s` or `5ms`")),
            ("soon", "`soon` is no length of time", Some("write `5s` or `200ms`")),
            ("-5s", "`-5s` is no length of time", Some("write `5s` or `200ms`")),
            (
                "5 years",
                "`years` in `5 years` is no unit of time",
                Some("the units are `ms`, `s`, `m` and `h`"),
            ),
            ("25h", "`25h` is longer than a day", None),
            ("99999999999999999999999999h", "`99999999999999999999999999h` is longer than a day", None),
        ] {
            let invalid = parse_duration(text).expect_err(text);
            assert_eq!((invalid.to_string().as_str(), invalid.help().as_deref()), (message, help), "{text}");
        }
    }
}
