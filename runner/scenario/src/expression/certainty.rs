//! Conditions that are true, or false, whatever their variables are: `calls >= 0`, `x == x`.

use super::{
    times,
    tokens::{is_word, tokens},
};
use crate::Number;

/// The least values of names with a meaning of their own.
const LEAST: &[(&str, f64)] =
    &[("status", 100.0), ("took", 0.0), ("index", 0.0), ("calls", 0.0), ("delivered", 0.0), ("replied", 0.0)];
/// Filters that give a number of things.
const COUNTING: &[&str] = &["length", "count"];

/// The result of a condition whatever its variables are, where it is plain to see; `None` where it may depend on them.
pub(super) fn always(source: &str) -> Option<bool> {
    let tokens: Vec<&str> = tokens(source).into_iter().map(|token| &source[token]).collect();
    joined(&tokens)
}

/// The same of a condition that may have parts joined by `or` and `and`.
fn joined(tokens: &[&str]) -> Option<bool> {
    if tokens.iter().any(|token| matches!(*token, "(" | "[" | "{" | "if" | "else" | "not")) {
        return single(tokens);
    }
    let results = |word: &str, part: fn(&[&str]) -> Option<bool>| -> Vec<Option<bool>> {
        tokens.split(|token| *token == word).map(part).collect()
    };
    if tokens.contains(&"or") {
        let parts = results("or", joined);
        let all_false = parts.iter().all(|part| *part == Some(false)).then_some(false);
        return parts.contains(&Some(true)).then_some(true).or(all_false);
    }
    let parts = results("and", single);
    let all_true = parts.iter().all(|part| *part == Some(true)).then_some(true);
    parts.contains(&Some(false)).then_some(false).or(all_true)
}

/// The same of a condition without such parts.
fn single(tokens: &[&str]) -> Option<bool> {
    match tokens {
        ["true"] => return Some(true),
        ["false"] => return Some(false),
        _ => {}
    }
    if let [name, "is", "defined"] = tokens {
        // A name that doesn't exist is a mistake before the run.
        return is_word(name).then_some(true);
    }
    let is_comparison = |token: &&str| matches!(*token, "==" | "!=" | "<" | "<=" | ">" | ">=");
    let mut parts = tokens.splitn(2, is_comparison);
    let (left, right) = (parts.next()?, parts.next()?);
    let joins = |token: &&str| matches!(*token, "and" | "or" | "not" | "in" | "is" | "if" | "else");
    if left.is_empty() || right.iter().any(is_comparison) || tokens.iter().any(joins) {
        return None;
    }
    let operator = tokens[left.len()];
    if left == right {
        return Some(matches!(operator, "==" | "<=" | ">="));
    }
    let number = |tokens: &[&str]| {
        let text = tokens.concat();
        Number::from_loose(&text).or_else(|| times::number(&text)).map(|number| number.as_f64())
    };
    if let Some(least) = least(left) {
        return bounded(least, operator, number(right)?);
    }
    let turned = operator.replace('<', "g").replace('>', "<").replace('g', ">");
    bounded(least(right)?, &turned, number(left)?)
}

fn is_sign(token: &&str) -> bool {
    matches!(*token, "+" | "-" | "*" | "/" | "%" | "~")
}

/// The value that something is never less than: a name with such a bound, or how long a list is.
fn least(tokens: &[&str]) -> Option<f64> {
    match tokens {
        [name] => LEAST.iter().find(|(known, _)| known == name).map(|(_, least)| *least),
        // A filter binds more than a sign: in `total - items | length` only `items` is counted.
        [counted @ .., "|", filter] if COUNTING.contains(filter) && !counted.iter().any(is_sign) => Some(0.0),
        _ => None,
    }
}

/// How something that is never less than `least` compares with a number, if that is certain.
fn bounded(least: f64, operator: &str, number: f64) -> Option<bool> {
    match operator {
        ">=" if number <= least => Some(true),
        ">" | "!=" if number < least => Some(true),
        "<" if number <= least => Some(false),
        "<=" | "==" if number < least => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certain_and_what_is_not() {
        for (source, expected) in [
            ("calls >= 0", Some(true)),
            ("took > -0.5", Some(true)),
            ("took >= 0ms", Some(true)),
            ("0s > took", Some(false)),
            ("took >= 1.5s", None),
            ("0 <= replied", Some(true)),
            ("-1 < delivered", Some(true)),
            ("status >= 100", Some(true)),
            ("status != 0", Some(true)),
            ("statuses | length >= 0", Some(true)),
            ("calls < 0", Some(false)),
            ("0 > calls", Some(false)),
            ("status == 0", Some(false)),
            ("body.id == body.id", Some(true)),
            ("body.a  >=  body.a", Some(true)),
            ("a != a", Some(false)),
            ("body is defined", Some(true)),
            ("body.a == 1 or true", Some(true)),
            ("body.a == 1 or calls >= 0 and status >= 100", Some(true)),
            ("body.a == 1 and false", Some(false)),
            ("calls < 0 or false", Some(false)),
            ("body.a == 1 or calls >= 0 and body.b", None),
            ("(body.a or true) and body.b", None),
            ("not body.a or true", None),
            ("calls >= 1", None),
            ("calls > 0", None),
            ("calls == 0", None),
            ("calls != 0", None),
            ("0 < calls", None),
            ("body.calls >= 0", None),
            ("status >= 200", None),
            ("status == 100", None),
            ("body.a == body.b", None),
            ("body.a is defined", None),
            ("a == a == b", None),
            ("calls >= 0 and body.ok", None),
            ("not calls >= 0", None),
            ("total - items | length >= 0", None),
            ("-items | count >= 0", None),
            ("calls >= -inf", None),
            ("x[calls >= 0]", None),
            ("body", None),
            ("== 1", None),
        ] {
            assert_eq!(always(source), expected, "{source}");
        }
    }
}
