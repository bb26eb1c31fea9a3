//! Conditions: expressions that have to be true, and could be false.

use super::{
    expression::expression,
    reader::{Reader, all},
    suggestion,
    yaml::Node,
};
use crate::{Expression, Scope};

/// Names of numbers, where they have a meaning of their own.
const NUMBERS: &[&str] = &["status", "took", "calls", "delivered", "replied", "count", "exit"];

/// A condition. Besides variables it can name `extra`. One that is the same whatever happens is a mistake.
pub(crate) fn condition(reader: &mut Reader<'_>, node: &Node, extra: &[&str]) -> Option<Expression> {
    let condition = expression(reader, node, extra)?;
    let source = condition.source().trim();
    let always = |result| format!("`{source}` is always {result}");
    if condition.names().next().is_none() {
        let message = match condition.holds(&Scope::default()) {
            Ok(result) => always(result),
            Err(_) => format!("`{source}` is the same whatever happens"),
        };
        let known: Vec<&str> =
            extra.iter().copied().chain(reader.names.known().iter().map(String::as_str)).collect();
        let help = if known.is_empty() {
            "compare what a step before it captured".to_owned()
        } else {
            format!("say something about {}", suggestion::list(&known))
        };
        reader.note(node.span, message, help);
    } else if condition.always() == Some(true) {
        reader.note(node.span, always(true), "say something that could be otherwise".to_owned());
    }
    check_operands(reader, node, &condition);
    check_times(reader, node, &condition, |name| name == "took");
    Some(condition)
}

/// Notes a part between `and` and `or` that can't be true: a number or a text, and names of numbers.
fn check_operands(reader: &mut Reader<'_>, node: &Node, condition: &Expression) {
    let source = condition.source();
    if condition.names().next().is_none() {
        return;
    }
    for place in condition.operands() {
        let part = &source[place.clone()];
        let is_literal = part.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '"' | '\''));
        if is_literal || NUMBERS.contains(&part) && !reader.names.is_known(part) {
            let help = if is_literal {
                format!("compare it: `status == {part}`, or `status in [200, {part}]` for one of several")
            } else {
                format!("compare it: `{part} == 200`")
            };
            let span = reader.part(node, source, place.clone());
            reader.note(span, format!("`{part}` is neither true nor false"), help);
        }
    }
}

/// Notes a number that was probably meant as milliseconds, where a name is a time in seconds.
pub(crate) fn check_times(
    reader: &mut Reader<'_>,
    node: &Node,
    condition: &Expression,
    is_time: impl Fn(&str) -> bool,
) {
    let source = condition.source();
    let Some(place) = condition.meant_as_milliseconds(is_time) else { return };
    let number = &source[place.clone()];
    let help = format!("write `{number}ms`, or `{number}s` if that is meant");
    let span = reader.part(node, source, place);
    reader.note(span, format!("times are in seconds here: this is {number} of them"), help);
}

/// One or more conditions. Besides variables they can name `extra`.
pub(crate) fn conditions(reader: &mut Reader<'_>, node: &Node, extra: &[&str]) -> Option<Vec<Expression>> {
    all(reader.one_or_more(node).iter().map(|item| condition(reader, item, extra)))
}
