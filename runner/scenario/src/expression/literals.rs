//! Numbers in an expression's text that minijinja would read as other numbers.
//!
//! It reads `9007199254740993.0` as the nearest double and refuses integers beyond 128 bits. Such a literal is compiled as
//! `__number('…')`, and every other one stays as it is.

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use minijinja::{Environment, Error, ErrorKind};
use regex::Regex;

use super::{
    number,
    tokens::{KEYWORDS, tokens},
};
use crate::Number;

const FUNCTION: &str = "__number";

static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[0-9][0-9_]*(\.[0-9_]*)?([eE][+-]?[0-9_]+)?").expect("the pattern is a literal")
});

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_function(FUNCTION, |text: &str| {
        let number = Number::from_loose(text).ok_or_else(|| Error::from(ErrorKind::InvalidOperation))?;
        Ok(number::to_minijinja(&number))
    });
}

/// The source with calls in place of the literals that minijinja would change.
pub(super) fn guard(source: &str) -> Cow<'_, str> {
    if !source.contains(|c: char| c.is_ascii_digit()) {
        return source.into();
    }
    let tokens = tokens(source);
    let (mut out, mut copied) = (String::new(), 0);
    for (at, token) in tokens.iter().enumerate() {
        let Some((literal, number)) = literal(source, token) else { continue };
        if token.start < copied || !changes(&number) {
            continue;
        }
        let sign = sign(source, &tokens, at, literal.end).unwrap_or(literal.start);
        out.push_str(&source[copied..sign]);
        let written = source[sign..literal.end].replace(|c: char| c == '_' || c.is_whitespace(), "");
        out.extend([FUNCTION, "('", &written, "')"]);
        copied = literal.end;
    }
    if copied == 0 { source.into() } else { (out + &source[copied..]).into() }
}

/// The first literal that minijinja can't calculate with.
pub(super) fn long_number(source: &str) -> Option<Number> {
    let mut literals = tokens(source).into_iter().filter_map(|token| Some(literal(source, &token)?.1));
    literals.find(number::is_long)
}

/// Whether there is a sign of arithmetic in an expression.
pub(super) fn has_sign(source: &str) -> bool {
    tokens(source).into_iter().any(|token| matches!(&source[token], "+" | "-" | "*" | "/" | "%"))
}

/// The literal that begins with a token, and its number. A number after a dot is an index.
fn literal(source: &str, token: &Range<usize>) -> Option<(Range<usize>, Number)> {
    let found = LITERAL.find(&source[token.start..])?;
    let number = Number::from_loose(&found.as_str().replace('_', ""))?;
    (!source[..token.start].ends_with('.')).then(|| (token.start..token.start + found.end(), number))
}

/// Whether minijinja's number isn't the one that is written. What has a point or an exponent it reads as a double.
fn changes(written: &Number) -> bool {
    let form = number::to_minijinja(written);
    number::long(&form).is_some() || (form.is_integer() && !written.is_integer())
}

/// The place of the minus sign before a literal, if the literal is its whole operand: minijinja can't negate what it can't
/// calculate with.
fn sign(source: &str, tokens: &[Range<usize>], at: usize, end: usize) -> Option<usize> {
    let text = |at: usize| tokens.get(at).map(|token| &source[token.clone()]);
    let minus = at.checked_sub(1).filter(|minus| text(*minus) == Some("-"))?;
    let before = minus.checked_sub(1).and_then(text);
    let begins_operand = before.is_none_or(|before| {
        KEYWORDS.contains(&before) || before.starts_with(|c| "([{,:=!<>~+-*/%".contains(c))
    });
    let after = source[end..].trim_start();
    let is_operand = !after.starts_with(['|', '.', '[', '(']) && !after.starts_with("**");
    (begins_operand && is_operand).then(|| tokens[minus].start)
}
