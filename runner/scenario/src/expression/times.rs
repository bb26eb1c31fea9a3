//! Lengths of time in an expression's text: `took < 300ms` means `took < 0.3`.

use std::{borrow::Cow, ops::Range, time::Duration};

use super::tokens::tokens;
use crate::{Number, parse_duration, value::Exact};

/// From this number of seconds on, one without a unit was probably meant as milliseconds.
const SUSPICIOUS: f64 = 30.0;

/// The source with numbers of seconds in place of the lengths of time in it.
pub(super) fn in_seconds(source: &str) -> Cow<'_, str> {
    let (mut out, mut copied) = (String::new(), 0);
    for (place, time) in literals(source) {
        out.push_str(&source[copied..place.start]);
        out.push_str(&seconds(time).to_string());
        copied = place.end;
    }
    if copied == 0 { source.into() } else { (out + &source[copied..]).into() }
}

/// The number of seconds of a text that is nothing but a length of time.
pub(super) fn number(text: &str) -> Option<Number> {
    match literals(text).as_slice() {
        [(place, time)] if *place == (0..text.len()) => Some(seconds(*time)),
        _ => None,
    }
}

/// The place of a number with which one of these names, which are times in seconds, is compared though it was probably meant
/// as milliseconds: the `300` in `took < 300`.
pub(super) fn meant_as_milliseconds(source: &str, is_time: impl Fn(&str) -> bool) -> Option<Range<usize>> {
    let tokens = tokens(source);
    let text = |at: usize| tokens.get(at).map(|token| &source[token.clone()]);
    let is_comparison = |token: &str| matches!(token, "<" | "<=" | ">" | ">=" | "==" | "!=");
    let is_calculated = |at: Option<usize>| {
        at.and_then(text).is_some_and(|token| matches!(token, "+" | "-" | "*" | "/" | "%" | "|" | "." | "**"))
    };
    let compared = |at: usize| {
        let is_compared = text(at).is_some_and(&is_time) && !is_calculated(at.checked_sub(1));
        let after = is_compared.then_some(at + 2).filter(|_| text(at + 1).is_some_and(is_comparison));
        let before = at.checked_sub(2).filter(|_| is_compared && text(at - 1).is_some_and(is_comparison));
        let number = |at: &usize| {
            let number = text(*at).and_then(|token| token.parse::<f64>().ok());
            number.is_some_and(|number| number >= SUSPICIOUS)
        };
        let after = after.filter(number).filter(|at| !is_calculated(Some(at + 1)));
        after.or(before.filter(number).filter(|at| !is_calculated(at.checked_sub(1))))
    };
    (0..tokens.len()).find_map(compared).map(|at| tokens[at].clone())
}

/// The lengths of time in a source, with their places.
fn literals(source: &str) -> Vec<(Range<usize>, Duration)> {
    let (mut found, mut after) = (Vec::<(Range<usize>, Duration)>::new(), 0);
    for token in tokens(source) {
        let begins = source[token.start..].starts_with(|c: char| c.is_ascii_digit());
        if !begins || token.start < after || source[..token.start].ends_with('.') {
            continue;
        }
        let rest = &source[token.start..];
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(rest.len());
        if let Ok(time) = parse_duration(&rest[..length]) {
            after = token.start + length;
            found.push((token.start..after, time));
        }
    }
    found
}

fn seconds(time: Duration) -> Number {
    let digits = i128::try_from(time.as_micros()).expect("a length of time is at most a day");
    Exact { digits, decimals: 6 }.number()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Expression, Scope};

    #[test]
    fn a_length_of_time_is_a_number_of_seconds() {
        for (source, expected) in [
            ("took < 300ms", "took < 0.3"),
            ("took < 1.5s and took > 500us", "took < 1.5 and took > 0.0005"),
            ("(1m30s + 2m) * 2 == x", "(90 + 120) * 2 == x"),
            ("x['5s'] == '300ms' ~ a.b5s", "x['5s'] == '300ms' ~ a.b5s"),
            ("x[1].s5 < 1", "x[1].s5 < 1"),
        ] {
            assert_eq!(in_seconds(source), expected);
        }
        let mut scope = Scope::default();
        scope.set("took", 0.25);
        let holds = |source| Expression::parse(source).expect(source).holds(&scope);
        assert_eq!(holds("took < 300ms"), Ok(true));
        assert_eq!(holds("took == 250ms and took < 1m"), Ok(true));
        assert_eq!(holds("took > 1.5s"), Ok(false));
    }

    #[test]
    fn a_number_that_was_probably_meant_as_milliseconds_is_found() {
        for (source, expected) in [
            ("took < 300", Some(7..10)),
            ("status == 200 and took<=30", Some(24..26)),
            ("250 > took", Some(0..3)),
            ("took < 29", None),
            ("took < 300ms", None),
            ("took < 300 * 0.001", None),
            ("took * 1000 < 300", None),
            ("body.took < 300", None),
            ("status < 300", None),
        ] {
            assert_eq!(meant_as_milliseconds(source, |name| name == "took"), expected, "{source}");
        }
    }
}
