//! Plain scalars, by the rules of YAML 1.2's core schema: `yes` and `2026-01-01` are texts.

use super::node::Kind;
use crate::Number;

/// The value of a scalar without quotes.
pub(super) fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Boolean(true),
        "false" | "False" | "FALSE" => Kind::Boolean(false),
        _ => number(text)
            .map_or_else(|| Kind::Text(text.to_owned()), |number| Kind::Number(number, text.to_owned())),
    }
}

/// Whether a text is a number unless it is quoted.
pub(crate) fn is_number(text: &str) -> bool {
    number(text).is_some()
}

fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let digits = digits.chars().all(|c| c.is_digit(radix)).then_some(digits)?;
            let integer = u128::from_str_radix(digits, radix).ok()?;
            return Number::parse(&integer.to_string());
        }
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let well_formed = !(whole.is_empty() && fraction.is_empty())
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    if !well_formed {
        return None;
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Some(integer.into());
    }
    let exact = Number::from_loose(text)?;
    let is_integer = exact.is_integer() && !text.contains('.');
    // A decimal gets its shortest form, unless that would be another number.
    let shortest = Number::from_f64(exact.as_f64()).filter(|shortest| !is_integer && *shortest == exact);
    shortest.or(Some(exact))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_shortest_form_unless_that_is_another_number() {
        let check = |text: &str, expected: &str| {
            let Kind::Number(number, written) = plain(text) else { panic!("{text} is a number") };
            assert_eq!((&*number.to_string(), &*written), (expected, text));
        };
        for (text, expected) in [
            ("1.10", "1.1"),
            ("01234", "1234"),
            ("+5", "5"),
            ("-0", "0"),
            ("1e3", "1000.0"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("0o17", "15"),
            ("9007199254740993", "9007199254740993"),
            ("9007199254740993.0", "9007199254740993.0"),
            ("18446744073709551616", "18446744073709551616"),
            ("+0123456789012345678901234567890", "123456789012345678901234567890"),
            ("-340282366920938463463374607431768211457", "-340282366920938463463374607431768211457"),
            ("0xFFFFFFFFFFFFFFFFFF", "4722366482869645213695"),
            ("1234567890123456.78", "1234567890123456.78"),
            ("1e400", "1e400"),
            ("-.1e-400", "-0.1e-400"),
        ] {
            check(text, expected);
        }
    }
}
