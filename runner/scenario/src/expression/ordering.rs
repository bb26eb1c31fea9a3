//! Why `'a' < 1` is an error here.
//!
//! minijinja orders values of different kinds by their kinds, so that a comparison of a text with a number is true or
//! false, and never an error: once `total` is a text, `body.total < 100` has the same result for every total. Operators
//! can't be replaced, functions can: `a < b` is compiled as `__ordered('<', a, b)`, which refuses such operands.

use std::ops::Range;

use minijinja::{Environment, Error, ErrorKind, Value, value::ValueKind};

use super::{
    headers,
    kinds::kind,
    number,
    tokens::{follows_is, tokens},
};

const FUNCTION: &str = "__ordered";

/// The tests that order, such as the one of `select('<', 5)`.
const TESTS: &[(&str, &[&str])] = &[
    ("<", &["<", "lt", "lessthan"]),
    ("<=", &["<=", "le"]),
    (">", &[">", "gt", "greaterthan"]),
    (">=", &[">=", "ge"]),
];

pub(super) fn add_to(environment: &mut Environment<'_>) {
    environment.add_function(FUNCTION, ordered);
    for (operator, names) in TESTS {
        for name in *names {
            environment.add_test(*name, |left: &Value, right: &Value| ordered(operator, left, right));
        }
    }
}

fn ordered(operator: &str, left: &Value, right: &Value) -> Result<bool, Error> {
    for operand in [left, right] {
        if operand.is_undefined() {
            return Err(Error::from(ErrorKind::UndefinedError));
        }
    }
    let compared = if number::is_number(left) && number::is_number(right) {
        number::compare(left, right)
    } else {
        let both_texts = left.kind() == ValueKind::String && right.kind() == ValueKind::String;
        both_texts.then(|| left.cmp(right))
    };
    let Some(compared) = compared else {
        let reason = format!("`{operator}` can't compare {} with {}", kind(left), kind(right));
        return Err(Error::new(ErrorKind::InvalidOperation, reason));
    };
    Ok(match operator {
        "<" => compared.is_lt(),
        "<=" => compared.is_le(),
        ">" => compared.is_gt(),
        _ => compared.is_ge(),
    })
}

/// The expression with those of its comparisons as calls whose operators are `guarded`; `None` when it has none. The
/// source is known to be an expression.
pub(super) fn guard(source: &str, is_guarded: fn(&str) -> bool) -> Option<String> {
    let tokens = tokens(source);
    let any = tokens.iter().any(|token| is_guarded(&source[token.clone()]));
    any.then(|| guarded(source, &tokens, is_guarded))
}

pub(super) fn is_ordering(token: &str) -> bool {
    matches!(token, "<" | "<=" | ">" | ">=")
}

/// Writes `a < b and f(c > d)` as `__ordered('<', a, b) and f(__ordered('>', c, d))`: between two words or signs that
/// bind less than a comparison lies one comparison, with all of its operands.
fn guarded(source: &str, tokens: &[Range<usize>], is_guarded: fn(&str) -> bool) -> String {
    let text = |at: usize| tokens.get(at).map(|token| &source[token.clone()]);
    let mut out = String::new();
    let mut comparison = Comparison::default();
    let mut at = 0;
    while let Some(token) = text(at) {
        let previous = at.checked_sub(1).and_then(text);
        let gap = at.checked_sub(1).map_or("", |before| &source[tokens[before].end..tokens[at].start]);
        match token {
            // A key after a dot may have any name. A test binds more than a comparison.
            _ if previous == Some(".") || follows_is(source, tokens, at) => comparison.push(gap, token),
            "(" | "[" | "{" => {
                let close = closing(source, tokens, at);
                comparison.push(gap, token);
                comparison.operand.push_str(&guarded(source, &tokens[at + 1..close], is_guarded));
                comparison.operand.push_str(text(close).unwrap_or_default());
                at = close;
            }
            "<" | "<=" | ">" | ">=" | "==" | "!=" | "in" => comparison.operator(token),
            "not" if text(at + 1) == Some("in") => {
                comparison.operator("not in");
                at += 1;
            }
            "and" | "or" | "not" | "if" | "else" | "," | ":" | "=" => {
                comparison.finish(&mut out, is_guarded);
                out.push_str(gap);
                out.push_str(token);
            }
            _ => comparison.push(gap, token),
        }
        at += 1;
    }
    comparison.finish(&mut out, is_guarded);
    out
}

/// The place of the bracket that closes the one at `open`.
pub(super) fn closing(source: &str, tokens: &[Range<usize>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match &source[token.clone()] {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

/// Operands with the operators between them, such as `1 < a <= 3`.
#[derive(Default)]
struct Comparison {
    /// The operands that are complete, each with the operator after it.
    before: Vec<(String, String)>,
    /// The current operand, with the white space before it.
    operand: String,
}

impl Comparison {
    fn push(&mut self, gap: &str, token: &str) {
        self.operand.push_str(gap);
        self.operand.push_str(token);
    }

    fn operator(&mut self, operator: &str) {
        self.before.push((std::mem::take(&mut self.operand), operator.to_owned()));
    }

    /// Writes the comparison. One with several operators compares each neighbour with the next.
    fn finish(&mut self, out: &mut String, is_guarded: fn(&str) -> bool) {
        let Self { before, operand } = std::mem::take(self);
        if before.iter().all(|(_, operator)| !is_guarded(operator)) {
            out.extend(before.into_iter().map(|(left, operator)| format!("{left} {operator}")));
            out.push_str(&operand);
            return;
        }
        let rights = before.iter().skip(1).map(|(right, _)| right).chain([&operand]);
        let links = before.iter().zip(rights).map(|((left, operator), right)| match operator.as_str() {
            operator if is_ordering(operator) => format!("{FUNCTION}('{operator}',{left},{right})"),
            operator if is_guarded(operator) => {
                format!("{}('{operator}',{left},{right})", headers::FUNCTION)
            }
            operator => format!("({left} {operator} {right})"),
        });
        out.push_str(" (");
        out.push_str(&links.collect::<Vec<_>>().join(" and "));
        out.push(')');
    }
}
