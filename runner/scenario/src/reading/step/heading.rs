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
        None if entry.key == "steps" => Some(rounds(reader, fields)),
        None => Some(summary(reader, entry)),
    }
}

/// A scalar as it is written, without the quotes around it.
pub(super) fn unquoted(written: &str) -> &str {
    ['"', '\''].iter().find_map(|quote| written.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(written)
}

/// The name of a step that has none of its own.
fn summary(reader: &Reader<'_>, entry: &Entry) -> String {
    let inner =
        |key: &str| entry.value.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let text = |node: &Node| unquoted(reader.written(node.span)).to_owned();
    match entry.key.as_str() {
        "request" => text(&entry.value),
        "together" => "several requests at once".into(),
        polls @ ("eventually" | "always" | "never") => {
            format!("{polls} {}", inner("request").map(text).unwrap_or_default())
        }
        "inject" => format!("inject {}", text(inner("fault").unwrap_or(&entry.value))),
        "wait" if entry.value.is_mapping() => {
            let until = inner("until").map(|until| match until.entries() {
                [entry] => format!("{}: {}", entry.key, text(&entry.value)),
                _ => text(until),
            });
            format!("wait until {}", until.unwrap_or_default())
        }
        "vars" => {
            let names = entry.value.entries().iter().map(|entry| entry.key.as_str());
            format!("set {}", names.collect::<Vec<_>>().join(", "))
        }
        action => format!("{action} {}", text(inner("service").unwrap_or(&entry.value))),
    }
}

/// The name of a loop that has none of its own.
fn rounds(reader: &Reader<'_>, fields: &Fields<'_>) -> String {
    let inner = |key: &str| fields.get("for")?.entries().iter().find(|entry| entry.key == key);
    let text = |entry: &Entry| unquoted(reader.written(entry.value.span)).to_owned();
    match (inner("each"), inner("as"), inner("until")) {
        (_, Some(name), _) => format!("for each {}", text(name)),
        (Some(_), None, _) => "for each item".into(),
        (None, None, Some(condition)) => format!("until {}", text(condition)),
        (None, None, None) => "for".into(),
    }
}
