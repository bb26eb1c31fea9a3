//! Points in time as texts of ISO 8601, and the time between them.

use std::time::Duration;

use minijinja::{Error, ErrorKind};

use crate::parse_duration;

const DAY: i64 = 86_400_000;

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Timestamp(i64);

/// The time that is `since_epoch` after 1970-01-01T00:00:00Z: `2026-01-01T00:00:00.000Z`.
pub(super) fn written(since_epoch: Duration) -> String {
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)).written()
}

/// The time that is a length of time later, or earlier if a minus sign stands before that.
pub(super) fn plus_time(time: &str, length: &str) -> Result<String, Error> {
    let unusable = |reason: String| Error::new(ErrorKind::InvalidOperation, reason);
    let begin = Timestamp::parse(time).ok_or_else(|| {
        unusable(format!("`{time}` is no time such as `2026-01-01T12:00:00Z` or `2026-01-01`"))
    })?;
    let (sign, length) = match length.trim().strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, length.trim()),
    };
    let length = parse_duration(length).map_err(|invalid| {
        unusable(invalid.help().map_or(invalid.to_string(), |help| format!("{invalid}: {help}")))
    })?;
    let milliseconds = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    let end = begin.0.checked_add(sign * milliseconds).map(Timestamp);
    let end = end.filter(|end| (0..=9_999).contains(&end.date().0));
    end.map(Timestamp::written).ok_or_else(|| unusable("the years are those from 0 to 9999".into()))
}

impl Timestamp {
    /// Year, month and day, by the proleptic Gregorian calendar.
    fn date(self) -> (i64, i64, i64) {
        // Years begin in March here, so that the leap day is a year's last.
        let days = self.0.div_euclid(DAY) + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        (era * 400 + year + next, month, day)
    }

    fn written(self) -> String {
        let (year, month, day) = self.date();
        let of_day = self.0.rem_euclid(DAY);
        let (seconds, milliseconds) = (of_day / 1_000, of_day % 1_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
    }

    /// Reads a date, or a date and a time with `Z` or an offset. Without either it is UTC.
    fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' ']).map_or((text, None), |(d, t)| (d, Some(t)));
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        if !(1..=12).contains(&month) || day < 1 {
            return None;
        }
        let (shifted, of_year) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let of_era = shifted.rem_euclid(400);
        let of_year = (153 * of_year + 2) / 5 + day - 1;
        let days = shifted.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        let midnight = Self((days - 719_468) * DAY);
        if midnight.date() != (year, month, day) {
            return None;
        }
        let Some(time) = time else { return Some(midnight) };
        let (time, offset) = match time.find(['Z', 'z', '+', '-']) {
            Some(at) => (&time[..at], offset(&time[at..])?),
            None => (time, 0),
        };
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
        let [hour, minute, second] = numbers(&time, ':', [2, 2, 2])?;
        if hour > 23 || minute > 59 || second > 60 || !is_digits(fraction) {
            return None;
        }
        let milliseconds: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
        let minutes = hour * 60 + minute - offset;
        Some(Self(midnight.0 + (minutes * 60 + second) * 1_000 + milliseconds))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Numbers of these lengths, joined by `separator`.
fn numbers<const N: usize>(text: &str, separator: char, lengths: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(separator);
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let part = parts.next().filter(|part| part.len() == length && is_digits(part))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// The minutes of an offset from UTC: `Z`, `+02:00`, `-0330`.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text[1..].replace(':', "");
    let number: i64 = digits.parse().ok().filter(|_| digits.len() == 4 && is_digits(&digits))?;
    let (hours, minutes) = (number / 100, number % 100);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_moved_over_every_border() {
        assert_eq!(written(Duration::ZERO), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(Duration::from_millis(1_767_225_600_789)), "2026-01-01T00:00:00.789Z");
        for (time, length, expected) in [
            ("2026-01-01T00:00:00.500Z", "1h", "2026-01-01T01:00:00.500Z"),
            ("2026-01-01T00:00:00Z", "-1ms", "2025-12-31T23:59:59.999Z"),
            ("2024-02-28", "24h", "2024-02-29T00:00:00.000Z"),
            ("2023-02-28", "24h", "2023-03-01T00:00:00.000Z"),
            ("2000-02-29T23:30:00Z", "45m", "2000-03-01T00:15:00.000Z"),
            ("1969-12-31T23:59:59Z", "2s", "1970-01-01T00:00:01.000Z"),
            ("2026-06-01T12:00:00+02:00", "0s", "2026-06-01T10:00:00.000Z"),
            ("2026-06-01 12:00-0330", "0s", "2026-06-01T15:30:00.000Z"),
            ("2026-06-01T12:00:00.123456", "1s", "2026-06-01T12:00:01.123Z"),
        ] {
            assert_eq!(plus_time(time, length).ok().as_deref(), Some(expected), "{time} {length}");
        }
        for (time, length, expected) in [
            ("tomorrow", "1h", "`tomorrow` is no time such as `2026-01-01T12:00:00Z` or `2026-01-01`"),
            ("2023-02-29", "1h", "`2023-02-29` is no time such as `2026-01-01T12:00:00Z` or `2026-01-01`"),
            ("2023-13-01", "1h", "`2023-13-01` is no time such as `2026-01-01T12:00:00Z` or `2026-01-01`"),
            (
                "2023-02-01T25:00",
                "1h",
                "`2023-02-01T25:00` is no time such as `2026-01-01T12:00:00Z` or `2026-01-01`",
            ),
            ("2023-02-01", "5", "`5` has no unit: write `5s` or `5ms`"),
            ("9999-12-31", "24h", "the years are those from 0 to 9999"),
        ] {
            let error = plus_time(time, length).expect_err("it can't be calculated");
            assert_eq!(error.detail(), Some(expected), "{time} {length}");
        }
    }
}
