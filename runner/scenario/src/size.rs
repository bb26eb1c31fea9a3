//! Numbers of bytes, and of bytes a second, as they are written: `64KiB`, `1.5MB`, `100KB/s`, `1Mbit/s`.

use crate::{Number, value::Exact};

/// Units of bytes.
const BYTES: &[(&str, i128)] = &[
    ("B", 1),
    ("KB", 1_000),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];
/// Units of bits.
const BITS: &[(&str, i128)] =
    &[("bit", 1), ("Kbit", 1_000), ("kbit", 1_000), ("Mbit", 1_000_000), ("Gbit", 1_000_000_000)];
/// How other units of bits a second are written here.
const PER_SECOND: &[(&str, &str)] =
    &[("bps", "bit/s"), ("kbps", "kbit/s"), ("mbps", "Mbit/s"), ("gbps", "Gbit/s")];

const SIZES: &str = "write `500`, `64KiB` or `1.5MB`";
const RATES: &str = "write `500`, `100KB/s` or `1Mbit/s`";

/// Why a text is no number of bytes, or of bytes a second.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct InvalidSize {
    message: String,
    /// What to do about it.
    pub(crate) help: String,
}

/// Reads a number of bytes.
pub(crate) fn parse_size(text: &str) -> Result<u64, InvalidSize> {
    let invalid = |message: String, help: String| InvalidSize { message, help };
    let (number, unit) = split(text);
    if unit.ends_with("/s") {
        return Err(invalid(format!("`{text}` is a rate, and has to be a number of bytes"), SIZES.into()));
    }
    quantity(&number, if unit.is_empty() { "B" } else { unit }, BYTES).ok_or_else(|| {
        invalid(format!("`{text}` is no number of bytes"), help(text, &number, unit, "", SIZES))
    })
}

/// Reads a number of bytes a second, which can be written in bits.
pub(crate) fn parse_rate(text: &str) -> Result<u64, InvalidSize> {
    let (number, unit) = split(text);
    let rate = match unit.strip_suffix("/s").map(str::trim_end) {
        None if unit.is_empty() => quantity(&number, "B", BYTES),
        None => None,
        Some(unit) => {
            quantity(&number, unit, BYTES).or_else(|| quantity(&number, unit, BITS).map(|bits| bits / 8))
        }
    };
    rate.ok_or_else(|| InvalidSize {
        message: format!("`{text}` is no number of bytes a second"),
        help: help(text, &number, unit, "/s", RATES),
    })
}

/// The number at the beginning of a text, and the unit after it.
fn split(text: &str) -> (String, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '_')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number.replace('_', ""), unit.trim())
}

fn quantity(number: &str, unit: &str, units: &[(&str, i128)]) -> Option<u64> {
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    let Exact { digits, decimals } = Exact::of(&Number::from_loose(number)?)?;
    u64::try_from(digits.checked_mul(*factor)? / 10_i128.checked_pow(decimals)?).ok()
}

/// What was probably meant by a unit that doesn't exist.
fn help(text: &str, number: &str, unit: &str, after: &str, otherwise: &str) -> String {
    let lower = unit.trim_end_matches("/s").trim_end().to_lowercase();
    if let Some((_, meant)) = PER_SECOND.iter().find(|(name, _)| *name == lower && after == "/s") {
        return format!("write `{number}{meant}`");
    }
    let units = BYTES.iter().chain(BITS.iter().filter(|_| after == "/s"));
    let meant = units.map(|(name, _)| *name).find(|name| name.to_lowercase() == lower);
    match meant.map(|meant| format!("{number}{meant}{after}")) {
        Some(meant) if meant != text => format!("write `{meant}`"),
        _ => otherwise.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_rates_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("500", 500),
            ("500B", 500),
            ("64KiB", 65_536),
            ("1.5MB", 1_500_000),
            ("1.5 MiB", 1_572_864),
            ("10_000", 10_000),
            ("2GB", 2_000_000_000),
            ("3kB", 3_000),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for (text, bytes) in [
            ("500", 500),
            ("100KB/s", 100_000),
            ("1Mbit/s", 125_000),
            ("1.5 MiB/s", 1_572_864),
            ("56 kbit/s", 7_000),
        ] {
            assert_eq!(parse_rate(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn a_size_or_rate_that_is_none_is_refused_with_what_was_meant() {
        for (text, message, help) in [
            ("100kb", "`100kb` is no number of bytes", "write `100KB`"),
            ("1 mib", "`1 mib` is no number of bytes", "write `1MiB`"),
            ("a lot", "`a lot` is no number of bytes", SIZES),
            ("-5KB", "`-5KB` is no number of bytes", SIZES),
            ("5KB/s", "`5KB/s` is a rate, and has to be a number of bytes", SIZES),
            ("99999999999999999999GB", "`99999999999999999999GB` is no number of bytes", SIZES),
        ] {
            let invalid = parse_size(text).expect_err(text);
            assert_eq!((invalid.to_string().as_str(), invalid.help.as_str()), (message, help), "{text}");
        }
        for (text, message, help) in [
            ("100kb", "`100kb` is no number of bytes a second", "write `100KB/s`"),
            ("100KB", "`100KB` is no number of bytes a second", "write `100KB/s`"),
            ("1mbit/s", "`1mbit/s` is no number of bytes a second", "write `1Mbit/s`"),
            ("10Mbps", "`10Mbps` is no number of bytes a second", "write `10Mbit/s`"),
            ("slow", "`slow` is no number of bytes a second", RATES),
        ] {
            let invalid = parse_rate(text).expect_err(text);
            assert_eq!((invalid.to_string().as_str(), invalid.help.as_str()), (message, help), "{text}");
        }
    }
}
