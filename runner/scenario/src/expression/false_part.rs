//! Why a condition is false: its parts that are false, with their operands computed.
//!
//! minijinja gives the value of an expression, and not those of its operands. So the source is cut at the words and signs that
//! bind less than a comparison, and each operand is evaluated as an expression of its own. That happens only once a
//! condition is known to be false.

use std::ops::Range;

use super::{
    Expression, Scope,
    ordering::closing,
    tokens::{follows_is, paths, tokens},
};
use crate::Value;

/// Filters that make one value of many: their input tells more than their result.
const AGGREGATES: [&str; 7] = ["length", "count", "sum", "min", "max", "first", "last"];

/// The most bytes of a named list or object that is an input.
const LONGEST_NAMED: usize = 160;

/// Signs and words that bind less than a filter.
const BOUNDARIES: [&str; 21] = [
    ",", ":", "=", "+", "-", "*", "/", "%", "~", "<", "<=", ">", ">=", "==", "!=", "and", "or", "not", "in",
    "if", "else",
];

/// A part of a condition that is false: one comparison, one test or one value.
#[derive(Debug, Clone, PartialEq)]
pub struct FalsePart {
    /// The part as written.
    pub source: String,
    /// The value of the left operand, or of the only one.
    pub left: Value,
    /// What follows the left operand.
    pub relation: Relation,
    /// Expressions within the part, with the values from which its operands were computed.
    pub inputs: Vec<(String, Value)>,
}

/// What follows the left operand of a [`FalsePart`].
#[derive(Debug, Clone, PartialEq)]
pub enum Relation {
    /// Nothing: the value itself isn't true.
    None,
    /// `not` before it: the value is true.
    Negated,
    /// A test, as written: `is matching('a')`.
    Test(String),
    /// A comparison: its operator and the value of the right operand.
    Comparison(String, Value),
}

impl Relation {
    /// The value of the right operand, if there is one.
    pub fn right(&self) -> Option<&Value> {
        match self {
            Self::Comparison(_, right) => Some(right),
            _ => None,
        }
    }
}

/// The parts of a condition that are false. An operand that has no value leaves its part out.
pub(super) fn false_parts(source: &str, scope: &Scope) -> Vec<FalsePart> {
    let source = unwrapped(source);
    let outer = outer_tokens(source);
    let text = |token: &Range<usize>| &source[token.clone()];
    if outer.iter().any(|token| text(token) == "if") {
        return part(source, source, Relation::None, scope).into_iter().collect();
    }
    // When a disjunction is false, so are all of its parts.
    for word in ["or", "and"] {
        let parts = split(source, outer.iter().filter(|token| text(token) == word));
        if parts.len() > 1 {
            let is_false = |part: &&str| evaluated(part, scope) == Some(Value::Bool(false));
            return parts.into_iter().filter(is_false).flat_map(|part| false_parts(part, scope)).collect();
        }
    }
    if let Some(operand) =
        source.strip_prefix("not").filter(|_| outer.first().is_some_and(|t| text(t) == "not"))
    {
        return part(source, operand.trim(), Relation::Negated, scope).into_iter().collect();
    }
    let operators = operators(source, &outer);
    if operators.is_empty() {
        let test = outer.iter().find(|token| text(token) == "is");
        let (operand, relation) = match test {
            Some(is) => (source[..is.start].trim(), Relation::Test(source[is.start..].to_owned())),
            None => (source, Relation::None),
        };
        return part(source, operand, relation, scope).into_iter().collect();
    }
    let operands = split(source, operators.iter());
    let compared = operands.iter().zip(operands.iter().skip(1)).zip(&operators);
    let pairs = compared.filter_map(|((left, right), operator)| {
        // A comparison with several operators compares each operand with the next.
        let pair = match operators.len() {
            1 => source.to_owned(),
            _ => format!("{left} {} {right}", text(operator)),
        };
        if evaluated(&pair, scope) != Some(Value::Bool(false)) {
            return None;
        }
        let relation = Relation::Comparison(text(operator).to_owned(), evaluated(right, scope)?);
        part(&pair, left, relation, scope)
    });
    pairs.collect()
}

fn part(source: &str, left: &str, relation: Relation, scope: &Scope) -> Option<FalsePart> {
    let left_value = evaluated(left, scope)?;
    let right = match &relation {
        Relation::Comparison(operator, _) => {
            source[left.len()..].trim_start().strip_prefix(operator.as_str())
        }
        _ => None,
    };
    let inputs = inputs(source, &[left, right.unwrap_or_default().trim()], scope);
    Some(FalsePart { source: source.into(), left: left_value, relation, inputs })
}

fn evaluated(source: &str, scope: &Scope) -> Option<Value> {
    Expression::parse(source).ok()?.evaluate(scope).ok()
}

/// The source without white space and brackets around all of it.
fn unwrapped(source: &str) -> &str {
    let source = source.trim();
    let tokens = tokens(source);
    let wrapped = source.starts_with('(') && closing(source, &tokens, 0) + 1 == tokens.len();
    if wrapped { unwrapped(&source[1..source.len() - 1]) } else { source }
}

/// The tokens outside all brackets, without keys after a dot, which may have any name.
fn outer_tokens(source: &str) -> Vec<Range<usize>> {
    let tokens = tokens(source);
    let (mut outer, mut at) = (Vec::new(), 0);
    while let Some(token) = tokens.get(at) {
        match &source[token.clone()] {
            "(" | "[" | "{" => at = closing(source, &tokens, at),
            "." => at += 1,
            _ => outer.push(token.clone()),
        }
        at += 1;
    }
    outer
}

/// The comparison operators among the outer tokens; `not in` is one.
fn operators(source: &str, outer: &[Range<usize>]) -> Vec<Range<usize>> {
    let text = |at: usize| outer.get(at).map(|token| &source[token.clone()]);
    let operator = |at: usize| match text(at)? {
        _ if follows_is(source, outer, at) => None,
        "==" | "!=" | "<" | "<=" | ">" | ">=" => Some(outer[at].clone()),
        "in" if at.checked_sub(1).and_then(text) != Some("not") => Some(outer[at].clone()),
        "not" if text(at + 1) == Some("in") => Some(outer[at].start..outer[at + 1].end),
        _ => None,
    };
    (0..outer.len()).filter_map(operator).collect()
}

/// The texts between the separators.
fn split<'a, 'b>(source: &'a str, separators: impl Iterator<Item = &'b Range<usize>>) -> Vec<&'a str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for separator in separators {
        parts.push(source[from..separator.start].trim());
        from = separator.end;
    }
    parts.push(source[from..].trim());
    parts
}

/// What the operands were computed from: the inputs of aggregates, and the named values that aren't operands themselves.
fn inputs(source: &str, operands: &[&str], scope: &Scope) -> Vec<(String, Value)> {
    let mut sources: Vec<String> = aggregated(source).into_iter().map(str::to_owned).collect();
    let has_aggregate = !sources.is_empty();
    let named = paths(source).into_iter().filter_map(|path| {
        let (name, keys) = path.split_first()?;
        let value = keys.iter().try_fold(scope.get(name)?, |value, key| value.get(key))?;
        // The input of an aggregate shows what matters of a list, and of a long value the beginning tells nothing.
        let is_telling = match value {
            Value::Array(_) | Value::Object(_) => !has_aggregate && value.to_string().len() <= LONGEST_NAMED,
            _ => true,
        };
        is_telling.then(|| path.join("."))
    });
    sources.extend(named);
    sources.retain(|source| !operands.contains(&source.as_str()));
    let value = |source: String| evaluated(&source, scope).map(|value| (source, value));
    let mut inputs: Vec<(String, Value)> = Vec::new();
    for input in sources.into_iter().filter_map(value) {
        if !inputs.contains(&input) {
            inputs.push(input);
        }
    }
    inputs
}

/// The inputs of aggregates, at any depth of brackets: `items | map(attribute='n')` in `(items | map(attribute='n') | sum) > 3`.
fn aggregated(source: &str) -> Vec<&str> {
    let tokens = tokens(source);
    let text = |at: usize| tokens.get(at).map_or("", |token| &source[token.clone()]);
    let pipes = (0..tokens.len()).filter(|at| text(*at) == "|" && AGGREGATES.contains(&text(at + 1)));
    let input = |pipe: usize| {
        let (mut depth, mut start) = (0_usize, pipe);
        while let Some(before) = start.checked_sub(1) {
            match text(before) {
                ")" | "]" | "}" => depth += 1,
                "(" | "[" | "{" if depth == 0 => break,
                "(" | "[" | "{" => depth -= 1,
                _ if depth > 0 || before.checked_sub(1).is_some_and(|dot| text(dot) == ".") => {}
                word if BOUNDARIES.contains(&word) => break,
                _ => {}
            }
            start = before;
        }
        (start < pipe).then(|| source[tokens[start].start..tokens[pipe].start].trim_end())
    };
    pipes.filter_map(input).collect()
}
