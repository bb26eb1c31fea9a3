//! `calls`: the single calls on links while a step ran.

use std::time::Duration;

use fault::{Link, PathPattern};

use super::{
    super::{
        condition::{condition, conditions},
        expression::expression,
        fault::{method_and_path, path_pattern},
        http::{method, words},
        reader::{Reader, all},
        services::link,
        suggestion,
        table::{DURATION, EXPRESSION, EXPRESSIONS, Key, Shape, Table},
        yaml::{Kind, Node},
    },
    expected_headers,
    outcomes::parse_count,
};
use crate::{
    Binding, Bindings, CallPattern, CallsExpectation, Distance, Expression, MatchingCalls, OutcomeCount,
    parse_duration,
};

/// What a count can name besides the variables.
const COUNT: &str = "count";

const DISTANCE: Shape = Shape::Either(&[DURATION, Shape::Pattern(r"^(>=|<=|>|<)|-")]);

pub(crate) const CALLS: Table = Table {
    what: "an expectation on calls",
    groups: &[&[
        Key::optional("link", Shape::Pattern("->"), "The link of the calls: `caller -> callee`."),
        Key::optional("match", Shape::Text, "Only these calls: `POST /api/users/*/balance`."),
        Key::optional(
            "headers",
            Shape::Names(&super::EXPECTED_HEADER),
            "Only calls with these headers: a value, a list of values, `null` for absent, `${any}` for any.",
        ),
        Key::optional(
            "that",
            EXPRESSIONS,
            "Only calls of which this is true, over `method`, `path`, `query`, `headers`, `body` and `status`.",
        ),
        Key::optional(
            COUNT,
            Shape::Either(&[Shape::Whole(0), EXPRESSION]),
            "How many there are: `2`, `1-3`, or a condition such as `count >= 1`, which it is unless said otherwise.",
        ),
        Key::optional(
            "apart",
            DISTANCE,
            "The time between one and the next: `\">= 100ms\"`, `\"<= 1s\"`, `100ms-1s`.",
        ),
        Key::optional("same", EXPRESSIONS, "What is the same in all of them: `headers['idempotency-key']`."),
        Key::optional("different", EXPRESSIONS, "What is another one in each of them: `body.id`."),
        Key::optional(
            "order",
            Shape::List(&Shape::Text),
            "Calls in the order in which they happen: `POST payment-service -> users-service /api/users/*/balance`.",
        ),
    ]],
};

pub(super) fn calls(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<CallsExpectation>> {
    let Kind::List(items) = &node.kind else {
        reader.wrong_kind(node, "a list of expectations on calls: `- { link: a -> b, count: 1 }`");
        return None;
    };
    if items.is_empty() {
        reader.note(node.span, "this list is empty", None);
    }
    all(items.iter().map(|item| expectation(reader, item)))
}

fn expectation(reader: &mut Reader<'_>, node: &Node) -> Option<CallsExpectation> {
    let fields = reader.fields(node, &CALLS)?;
    if let Some(order) = fields.entry("order") {
        let others: Vec<&str> = CALLS.keys().map(|key| key.name).filter(|name| *name != "order").collect();
        if let [other, ..] = fields.present(&others).as_slice() {
            let help = "make an entry of its own of it".to_owned();
            reader.note(other.span, format!("`{}` doesn't go together with `order`", other.key), help);
        }
        return self::order(reader, &order.value).map(CallsExpectation::Order);
    }
    let link = if let Some(node) = fields.get("link") {
        link_at(reader, node)
    } else {
        let help = "say on which link: `link: caller -> callee`".to_owned();
        reader.note(node.span, "an expectation on calls needs the key `link`", help);
        None
    };
    let matching = fields.optional("match", |node| method_and_path(reader, node));
    let headers = fields.or("headers", Vec::new(), |node| expected_headers(reader, node));
    let that = fields.or("that", Vec::new(), |node| conditions(reader, node, CallPattern::NAMES));
    let count = match fields.get(COUNT) {
        Some(node) => self::count(reader, node),
        None => Expression::parse("count >= 1").ok(),
    };
    let apart = fields.optional("apart", |node| distance(reader, node));
    let same = fields.or("same", Vec::new(), |node| of_call(reader, node));
    let different = fields.or("different", Vec::new(), |node| of_call(reader, node));
    let matching = matching?.unwrap_or_default();
    let pattern = CallPattern { link: link?, method: matching.method, path: matching.path };
    Some(CallsExpectation::Matching(Box::new(MatchingCalls {
        pattern,
        headers: headers?,
        that: that?,
        count: count?,
        apart: apart?,
        same: same?,
        different: different?,
    })))
}

fn link_at(reader: &mut Reader<'_>, node: &Node) -> Option<Link> {
    let text = reader.text(node, "a link: `caller -> callee`")?;
    link(reader, &text, node.span)
}

/// A number of calls, a range of numbers, or a condition on `count`.
fn count(reader: &mut Reader<'_>, node: &Node) -> Option<Expression> {
    let text = reader.text(node, "a count, such as `2`, `1-3` or `count >= 1`")?;
    if let Some(number) = parse_count(&text) {
        let source = match number {
            OutcomeCount::Exactly(count) => format!("count == {count}"),
            OutcomeCount::Between(least, u32::MAX) => format!("count >= {least}"),
            OutcomeCount::Between(0, most) => format!("count <= {most}"),
            OutcomeCount::Between(least, most) => format!("{least} <= count <= {most}"),
        };
        check_count(reader, node, &Expression::parse(&source).ok()?);
        return Expression::parse(&source).ok();
    }
    let operator = text.trim_start();
    if operator.starts_with(['=', '<', '>', '!']) {
        let help = format!("write `count {}`", operator.trim_end());
        reader.note(node.span, format!("`{text}` compares nothing"), help);
        return None;
    }
    let condition = condition(reader, node, &[COUNT])?;
    if condition.names().next().is_some() && condition.names().all(|name| reader.names.is_known(name)) {
        let help = "write `2`, `1-3` or `count >= 1`".to_owned();
        reader.note(node.span, format!("`{}` says nothing about the `count`", condition.source()), help);
    }
    check_count(reader, node, &condition);
    Some(condition)
}

/// Notes a condition that every number meets.
fn check_count(reader: &mut Reader<'_>, node: &Node, condition: &Expression) {
    let bindings: Bindings = [(COUNT.to_owned(), Binding::Name("calls".into()))].into();
    if condition.bind(&bindings).always() == Some(true) {
        let help = "say something that could be otherwise".to_owned();
        reader.note(node.span, format!("`{}` is always true", condition.source()), help);
    }
}

/// Expressions that are compared between calls.
fn of_call(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Expression>> {
    all(reader.one_or_more(node).iter().map(|item| {
        let expression = expression(reader, item, CallPattern::NAMES)?;
        if expression.names().all(|name| reader.names.is_known(name)) {
            let help = format!("say something about {}", suggestion::list(CallPattern::NAMES));
            reader.note(item.span, format!("`{}` says nothing about a call", expression.source()), help);
        }
        Some(expression)
    }))
}

/// `>= 100ms`, `<= 1s` or `100ms-1s`.
fn distance(reader: &mut Reader<'_>, node: &Node) -> Option<Distance> {
    let text = reader.text(node, "a distance in time, such as `\">= 100ms\"`")?;
    let trimmed = text.trim();
    let bound = |signs: &[&str]| signs.iter().find_map(|sign| trimmed.strip_prefix(sign));
    let (least, most) = if let Some(least) = bound(&[">=", ">"]) {
        (Some(least), None)
    } else if let Some(most) = bound(&["<=", "<"]) {
        (None, Some(most))
    } else if let Some((least, most)) = trimmed.split_once('-') {
        (Some(least), Some(most))
    } else {
        let help = format!("write `\">= {trimmed}\"`, `\"<= {trimmed}\"`, or a range such as `100ms-1s`");
        reader.note(node.span, format!("`{trimmed}` says neither at least nor at most"), help);
        return None;
    };
    let mut time = |text: Option<&str>| match text.map(|text| parse_duration(text.trim())) {
        None => Some(None),
        Some(Ok(time)) => Some(Some(time)),
        Some(Err(invalid)) => {
            reader.note(node.span, invalid.to_string(), invalid.help());
            None
        }
    };
    let (least, most) = (time(least)?, time(most)?);
    let least = least.unwrap_or(Duration::ZERO);
    if most.is_none() && least.is_zero() {
        reader.note(node.span, "calls are always at least that far apart", "say how far".to_owned());
    } else if most.is_some_and(|most| most < least) {
        reader.note(
            node.span,
            format!("no distance is within `{trimmed}`"),
            "the shorter one comes first".to_owned(),
        );
    }
    Some(Distance { least, most })
}

fn order(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<CallPattern>> {
    let Kind::List(items) = &node.kind else {
        reader.wrong_kind(node, "a list of calls in their order");
        return None;
    };
    if items.len() < 2 {
        reader.note(node.span, "an order takes two calls", "say which call comes before which".to_owned());
    }
    all(items.iter().map(|item| in_order(reader, item)))
}

/// `POST caller -> callee /path`, without a method or a path if any will do.
fn in_order(reader: &mut Reader<'_>, node: &Node) -> Option<CallPattern> {
    let text = reader.text(node, "a call: `POST caller -> callee /path`")?;
    let (Some(arrow), Some(first)) = (text.find("->"), words(&text).next()) else {
        let help = "write `POST caller -> callee /path`".to_owned();
        reader.note(node.span, format!("`{text}` names no link"), help);
        return None;
    };
    let has_method = first.1 < arrow && !text[first.1..arrow].trim().is_empty();
    let method = if has_method { method(reader, node, &text, first).map(Some) } else { Some(None) };
    let after = text[arrow..].find('/').map_or(text.len(), |slash| arrow + slash);
    let start = if has_method { first.1 } else { first.0 };
    let names = text[start..after].trim();
    let begin = start + text[start..].find(names).unwrap_or(0);
    let span = reader.part(node, &text, begin..begin + names.len());
    let link = link(reader, names, span);
    let path = if after == text.len() {
        Some(PathPattern::default())
    } else {
        path_pattern(reader, node, &text, after)
    };
    Some(CallPattern { link: link?, method: method?, path: path? })
}
