//! `match`, `calls` and `probability`: the exchanges that a fault meets.

use fault::{Calls, PathPattern, Probability, Selector};

use super::{
    super::{
        fields::Fields,
        http::{METHOD, method, words},
        reader::Reader,
        table::{Key, Shape, Table},
        yaml::{Kind, Node},
    },
    content::content,
    plain::plain_headers,
};
use crate::percent;

pub(super) const SELECTORS: &[Key] = &[
    Key::optional(
        "match",
        Shape::Either(&[Shape::Text, Shape::Table(&MATCH)]),
        "The requests it meets: `POST /api/users/*/balance`, or a mapping of `method`, `path` and `headers`.",
    ),
    Key::optional(
        "calls",
        Shape::Either(&[Shape::Whole(1), Shape::Pattern("^([0-9]+-[0-9]+|every [0-9]+[a-z]*)$")]),
        "Which of the matching requests it meets, counted since it was injected: `1`, `1-3`, `every 2nd`.",
    ),
    Key::optional("probability", Shape::Fraction, "The probability with which it meets each of those."),
];

const MATCH: Table = Table {
    what: "a match",
    groups: &[&[
        Key::optional("method", METHOD, "Only this method."),
        Key::optional(
            "path",
            Shape::Pattern("^/"),
            "Only these paths: `*` is one segment, a last `**` all that follow.",
        ),
        Key::optional("headers", Shape::Names(&Shape::Text), "Only requests with these headers."),
    ]],
};

pub(super) fn selector(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Selector> {
    let matching = fields.or("match", Selector::default(), |node| matching(reader, node));
    let calls = fields.or("calls", Calls::All, |node| reader.spelled(node, "a choice of calls"));
    let probability = fields.or("probability", Probability::default(), |node| probability(reader, node));
    let matching = content(reader, fields, matching?);
    Some(Selector { calls: calls?, probability: probability?, ..matching? })
}

fn matching(reader: &mut Reader<'_>, node: &Node) -> Option<Selector> {
    if !node.is_mapping() {
        return method_and_path(reader, node);
    }
    let fields = reader.fields(node, &MATCH)?;
    let method = fields.optional("method", |node| {
        let text = reader.text(node, "a method")?;
        method(reader, node, &text, (0, text.len()))
    });
    let path = fields.or("path", PathPattern::default(), |node| {
        let text = reader.text(node, "a path")?;
        path_pattern(reader, node, &text, 0)
    });
    let headers = fields.or("headers", Vec::new(), |node| plain_headers(reader, node));
    Some(Selector { method: method?, path: path?, headers: headers?, ..Selector::default() })
}

/// `METHOD /path`, or one of the two.
pub(crate) fn method_and_path(reader: &mut Reader<'_>, node: &Node) -> Option<Selector> {
    let text = reader.text(node, "`METHOD /path`, or a mapping of `method`, `path` and `headers`")?;
    let mut words = words(&text);
    let first = words.next().unwrap_or((0, 0));
    if text[first.0..].starts_with('/') {
        let path = path_pattern(reader, node, &text, first.0)?;
        return Some(Selector { path, ..Selector::default() });
    }
    let method = method(reader, node, &text, first);
    let path = match words.next() {
        Some((start, _)) => path_pattern(reader, node, &text, start),
        None => Some(PathPattern::default()),
    };
    Some(Selector { method: Some(method?), path: path?, ..Selector::default() })
}

pub(crate) fn path_pattern(
    reader: &mut Reader<'_>,
    node: &Node,
    text: &str,
    start: usize,
) -> Option<PathPattern> {
    let path = text[start..].trim_end();
    let span = reader.part(node, text, start..start + path.len());
    let segments: Vec<&str> = path.split('/').collect();
    let (message, help) = if !path.starts_with('/') {
        ("a path starts with `/`", format!("write `/{path}`"))
    } else if path.contains("${") {
        ("a path to match has no `${…}` in it", "use `*` for a segment that isn't known".to_owned())
    } else if path.contains(['?', '#']) || path.contains(char::is_whitespace) {
        ("a path is matched without its query", "leave out `?` and what follows".to_owned())
    } else if segments.iter().rev().skip(1).any(|segment| *segment == "**") {
        ("`**` stands for all that follows and has to be last", "use `*` for one segment".to_owned())
    } else if segments.iter().any(|segment| segment.contains('*') && !matches!(*segment, "*" | "**")) {
        ("`*` stands for a whole segment", "write `/*/`".to_owned())
    } else {
        return Some(PathPattern::new(percent::written(path)));
    };
    reader.note(span, message, help);
    None
}

fn probability(reader: &mut Reader<'_>, node: &Node) -> Option<Probability> {
    let Kind::Number(number, _) = &node.kind else {
        reader.wrong_kind(node, "a number from 0 to 1");
        return None;
    };
    match Probability::new(number.as_f64()) {
        Some(probability) if probability.value() > 0.0 => Some(probability),
        Some(_) => {
            reader.note(node.span, "a fault with a probability of 0 never meets anything", None);
            None
        }
        None => {
            let message =
                format!("{} is no probability: it has to be from 0 to 1", reader.written(node.span));
            reader.note(node.span, message, None);
            None
        }
    }
}
