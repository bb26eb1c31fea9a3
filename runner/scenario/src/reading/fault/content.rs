//! `headers`, `query`, `body` and `that`: the content of the requests that a fault meets.

use fault::{ContentFilter, Selector};

use super::{
    super::{
        condition::conditions,
        expect::expected_body,
        expression::is_any,
        fields::Fields,
        pattern::begins_with_type,
        reader::{Reader, all},
        table::{EXPRESSIONS, Key, Shape},
        yaml::{Entry, Kind, Node},
    },
    plain::{plain_headers, refuse_holes},
};
use crate::{HeaderExpectation, Template, request_content::RequestContent};

pub(super) const CONTENT: &[Key] = &[
    Key::optional("headers", Shape::Names(&Shape::Text), "Only requests with these headers."),
    Key::optional(
        "query",
        Shape::Names(&Shape::Either(&[Shape::OneOrMore(&Shape::Text), Shape::Null])),
        "Only requests with these values in the query; `null`: without it, `${any}`: with any value.",
    ),
    Key::optional(
        "body",
        Shape::Json,
        "Only requests with this in the body, which is written as in `expect`: `{ amount: \"${number > 100}\" }`.",
    ),
    Key::optional(
        "that",
        EXPRESSIONS,
        "Only requests of which this is true, over `method`, `path`, `query`, `headers` and `body`.",
    ),
];

/// The selector with what is said of the content.
pub(super) fn content(reader: &mut Reader<'_>, fields: &Fields<'_>, matching: Selector) -> Option<Selector> {
    let headers = fields.or("headers", Vec::new(), |node| plain_headers(reader, node));
    if let Some(entry) = fields.entry("headers").filter(|_| !matching.headers.is_empty()) {
        reader.note(entry.span, "the headers are matched twice", "leave them out of `match`".to_owned());
    }
    // A link decides by itself, and knows no variables.
    let variables = std::mem::take(&mut reader.names);
    let query = fields.or("query", Vec::new(), |node| query(reader, node));
    let body = fields.optional("body", |node| {
        if has_variable(node) {
            refuse_holes(reader, node);
            return None;
        }
        expected_body(reader, node)
    });
    let that = fields.or("that", Vec::new(), |node| conditions(reader, node, RequestContent::NAMES));
    reader.names = variables;
    let content = RequestContent { query: query?, body: body?, that: that? };
    let is_empty = content.query.is_empty() && content.body.is_none() && content.that.is_empty();
    let headers = [matching.headers, headers?].concat();
    Some(Selector { headers, content: (!is_empty).then(|| ContentFilter::new(content)), ..matching })
}

fn query(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(String, HeaderExpectation)>> {
    let entries = reader.mapping(node, "a mapping of names to values in the query")?;
    if entries.is_empty() {
        reader.note(node.span, "`query: {}` is met by every request", "leave it out".to_owned());
    }
    all(entries.iter().map(|Entry { key, value, .. }| {
        let expected = match &value.kind {
            Kind::Null if !value.is_missing() => HeaderExpectation::Absent,
            Kind::Text(text) if is_any(text) => HeaderExpectation::Present,
            _ => {
                refuse_holes(reader, value);
                let items = reader.one_or_more(value).iter();
                let texts = items
                    .map(|item| reader.text(item, "a value in the query, or `null`").map(Template::literal));
                HeaderExpectation::Values(all(texts)?)
            }
        };
        Some((key.clone(), expected))
    }))
}

/// Whether there is a `${…}` that stands for a variable.
fn has_variable(node: &Node) -> bool {
    match &node.kind {
        Kind::Text(text) => text.contains("${") && !is_any(text) && !begins_with_type(text),
        Kind::List(items) => items.iter().any(has_variable),
        Kind::Mapping(entries) => entries.iter().any(|entry| has_variable(&entry.value)),
        Kind::Null | Kind::Boolean(_) | Kind::Number(..) => false,
    }
}
