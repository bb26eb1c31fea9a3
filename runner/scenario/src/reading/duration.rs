//! Lengths of time as they are written: `200ms`, `1.5s`, `1m`, `1h`.

use std::time::Duration;

use rust_decimal::{Decimal, prelude::ToPrimitive};

/// Longer than any wait that makes sense, and short enough for every clock.
const LONGEST: Duration = Duration::from_hours(24);

/// Reads a length of time; says what is wrong, and what helps.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, (String, Option<String>)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let example = || Some("write `5s` or `200ms`".to_owned());
    let Ok(number) = number.parse::<Decimal>() else {
        return Err((format!("`{text}` is no length of time"), example()));
    };
    let microseconds = match unit.trim() {
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000_i64,
        "" => return Err((format!("`{text}` has no unit"), Some(format!("write `{text}s` or `{text}ms`")))),
        other => {
            let help = "the units are `ms`, `s`, `m` and `h`".to_owned();
            return Err((format!("`{other}` in `{text}` is no unit of time"), Some(help)));
        }
    };
    let exact = number.checked_mul(Decimal::from(microseconds)).and_then(|exact| exact.to_u64());
    let duration = exact.map(Duration::from_micros).filter(|duration| *duration <= LONGEST);
    duration.ok_or_else(|| (format!("`{text}` is longer than a day"), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_units() {
        for (text, milliseconds) in
            [("200ms", 200), ("5s", 5_000), ("1.5s", 1_500), ("0s", 0), ("2m", 120_000), ("24h", 86_400_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_none_says_why() {
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
            assert_eq!(parse_duration(text), Err((message.to_owned(), help.map(str::to_owned))), "{text}");
        }
    }
}
