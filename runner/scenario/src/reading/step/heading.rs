//! The keys that every step has: its name, its condition, and the services that may end meanwhile.

use fault::ServiceName;

use super::super::{
    condition::condition as condition_at,
    fields::Fields,
    reader::{Reader, all},
    services::service_at,
    table::{EXPRESSION, Key, Shape},
    yaml::{Entry, Node},
};
use crate::Expression;

pub(super) const HEADING: &[Key] = &[
    Key::optional("name", Shape::Text, "What the step is called in reports."),
    Key::optional("if", EXPRESSION, "The step is left out, and captures null, unless this is true."),
    Key::optional(
        "may_end",
        Shape::OneOrMore(&Shape::Text),
        "The services that may end by themselves while the step runs; any other fails it.",
    ),
];

#[expect(clippy::option_option, reason = "a step without a condition is not one whose condition is wrong")]
pub(super) fn condition(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Option<Expression>> {
    fields.optional("if", |node| condition_at(reader, node, &[]))
}

pub(super) fn may_end(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Vec<ServiceName>> {
    fields.or("may_end", Vec::new(), |node| {
        all(reader.one_or_more(node).iter().map(|item| service_at(reader, item)))
    })
}

/// The name of the step that does `entry`.
pub(super) fn name(reader: &mut Reader<'_>, fields: &Fields<'_>, entry: &Entry) -> Option<String> {
    match fields.get("name") {
        Some(node) => reader.text(node, "a name"),
        None => Some(summary(reader, entry)),
    }
}

/// The name of a step that has none of its own.
fn summary(reader: &Reader<'_>, entry: &Entry) -> String {
    let inner =
        |key: &str| entry.value.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let text = |node: &Node| reader.written(node.span).trim_matches(['"', '\'']).to_owned();
    match entry.key.as_str() {
        "request" => text(&entry.value),
        "together" => "several requests at once".into(),
        polls @ ("eventually" | "always" | "never") => {
            format!("{polls} {}", inner("request").map(text).unwrap_or_default())
        }
        "inject" => format!("inject {}", text(inner("fault").unwrap_or(&entry.value))),
        action => format!("{action} {}", text(inner("service").unwrap_or(&entry.value))),
    }
}
