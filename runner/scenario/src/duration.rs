//! Lengths of time as they are written: `200ms`, `1.5s`, `1m30s`, `1h 5m`.

use std::time::Duration;

use crate::{Number, value::Exact};

/// Longer than any wait that makes sense, and short enough for every clock.
const LONGEST: Duration = Duration::from_hours(24);

/// The units from long to short, each with its length in microseconds.
const UNITS: &[(&str, i128)] =
    &[("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1), ("µs", 1)];

/// Other spellings of units, in lower case.
const SPELLINGS: &[(&[&str], &str)] = &[
    (&["hour", "hours", "hr", "hrs"], "h"),
    (&["min", "mins", "minute", "minutes"], "m"),
    (&["sec", "secs", "second", "seconds"], "s"),
    (&["msec", "msecs", "millis", "millisecond", "milliseconds"], "ms"),
    (&["usec", "usecs", "micros", "microsecond", "microseconds"], "us"),
];

/// Why a text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// It doesn't begin with a number.
    #[error("`{0}` is no length of time")]
    NotANumber(String),
    /// A number in it has no unit.
    #[error("`{0}` has no unit")]
    NoUnit(String),
    /// A unit in it is none of those there are.
    #[error("`{unit}` in `{text}` is no unit of time")]
    UnknownUnit {
        /// The length of time as written.
        text: String,
        /// The part after the number.
        unit: String,
    },
    /// Its units don't go from long to short.
    #[error("the units of `{0}` don't go from long to short")]
    Unordered(String),
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
            Self::UnknownUnit { text, unit } => {
                let lower = unit.to_lowercase();
                let known = UNITS.iter().map(|(unit, _)| *unit).find(|known| *known == lower);
                let meant = || SPELLINGS.iter().find(|(spellings, _)| spellings.contains(&lower.as_str()));
                let meant = known.or_else(|| meant().map(|(_, unit)| *unit));
                Some(meant.map_or_else(
                    || "the units are `h`, `m`, `s`, `ms` and `us`".into(),
                    |meant| format!("write `{}`", respelled(text, unit, meant)),
                ))
            }
            Self::Unordered(_) => Some("write it as `1h5m30s`".into()),
            Self::TooLong(_) => None,
        }
    }
}

/// A length of time with another spelling of one of its units.
fn respelled(text: &str, unit: &str, meant: &str) -> String {
    let Some(start) = text.find(unit) else { return text.into() };
    format!("{}{meant}{}", text[..start].trim_end(), &text[start + unit.len()..])
}

/// Reads a length of time of at most 24 hours: decimal numbers, each with one of the units `h`, `m`, `s`, `ms` and `us`, from
/// long to short. White space may stand between them.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let (mut rest, mut position, mut sum) = (text.trim(), 0, Duration::ZERO);
    loop {
        let (number, after) = rest.split_at(end(rest, |c| c.is_ascii_digit() || c == '.'));
        let number = Number::from_loose(number).ok_or_else(|| InvalidDuration::NotANumber(text.into()))?;
        let after = after.trim_start();
        let (unit, after) = after.split_at(end(after, |c| !c.is_ascii_digit() && !c.is_whitespace()));
        if unit.is_empty() {
            return Err(InvalidDuration::NoUnit(text.into()));
        }
        let Some(found) = UNITS.iter().position(|(name, _)| *name == unit) else {
            return Err(InvalidDuration::UnknownUnit { text: text.into(), unit: unit.into() });
        };
        if found < position {
            return Err(InvalidDuration::Unordered(text.into()));
        }
        position = found + 1;
        let exact = Exact::of(&number).and_then(|Exact { digits, decimals }| {
            let microseconds = digits.checked_mul(UNITS[found].1)? / 10_i128.checked_pow(decimals)?;
            u64::try_from(microseconds).ok()
        });
        let longer = exact.and_then(|exact| sum.checked_add(Duration::from_micros(exact)));
        sum = longer.filter(|sum| *sum <= LONGEST).ok_or_else(|| InvalidDuration::TooLong(text.into()))?;
        rest = after.trim_start();
        if rest.is_empty() {
            return Ok(sum);
        }
    }
}

/// The byte after the first characters of this kind.
fn end(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_part(c)).unwrap_or(text.len())
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
            ("1m30s", 90_000_000, "90s"),
            ("1h 5m", 3_900_000_000, "3900s"),
            ("2 s 500 ms", 2_500_000, "2500ms"),
            ("500us", 500, "0.500ms"),
            ("20µs", 20, "0.020ms"),
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
                Some("the units are `h`, `m`, `s`, `ms` and `us`"),
            ),
            ("1 min", "`min` in `1 min` is no unit of time", Some("write `1m`")),
            ("5sec", "`sec` in `5sec` is no unit of time", Some("write `5s`")),
            ("1h 20Minutes", "`Minutes` in `1h 20Minutes` is no unit of time", Some("write `1h 20m`")),
            ("5S", "`S` in `5S` is no unit of time", Some("write `5s`")),
            ("1m30", "`1m30` has no unit", Some("write `1m30s` or `1m30ms`")),
            ("30s1m", "the units of `30s1m` don't go from long to short", Some("write it as `1h5m30s`")),
            ("1s 1s", "the units of `1s 1s` don't go from long to short", Some("write it as `1h5m30s`")),
            ("23h 61m", "`23h 61m` is longer than a day", None),
            ("25h", "`25h` is longer than a day", None),
            ("99999999999999999999999999h", "`99999999999999999999999999h` is longer than a day", None),
        ] {
            let invalid = parse_duration(text).expect_err(text);
            assert_eq!((invalid.to_string().as_str(), invalid.help().as_deref()), (message, help), "{text}");
        }
    }
}
