//! Headers and bodies of faults, which have no `${…}` in them: a link decides by itself, and knows no variables.

use http::{HeaderName, HeaderValue};

use super::super::{
    expression::{Role, value},
    http::header_name,
    reader::{Reader, all},
    yaml::{Entry, Kind, Node},
};
use crate::Scope;

/// Headers without `${…}`.
pub(super) fn plain_headers(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let entries = reader.mapping(node, "a mapping of headers")?;
    let read = |entry: &Entry| {
        let name = header_name(reader, entry);
        let value = reader.text(&entry.value, "a header's value");
        refuse_holes(reader, &entry.value);
        let value = HeaderValue::try_from(value?);
        if value.is_err() {
            reader.note(entry.value.span, "a header's value can't have control characters", None);
        }
        Some((name?, value.ok()?))
    };
    all(entries.iter().map(read))
}

/// A body without `${…}`: a text as it is, anything else as JSON.
pub(super) fn plain_body(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    refuse_holes(reader, node);
    if let Kind::Text(text) = &node.kind {
        return Some(text.clone());
    }
    let value = value(reader, node, Role::Sent)?;
    value.render(&Scope::default()).ok().map(|value| value.to_string())
}

pub(super) fn refuse_holes(reader: &mut Reader<'_>, node: &Node) {
    match &node.kind {
        Kind::Text(text) => {
            if let Some(at) = text.find("${") {
                let help = "a link decides by itself, and knows no variables".to_owned();
                reader.note(reader.part(node, text, at..at + 2), "a fault can't have `${…}` in it", help);
            }
        }
        Kind::List(items) => items.iter().for_each(|item| refuse_holes(reader, item)),
        Kind::Mapping(entries) => entries.iter().for_each(|entry| refuse_holes(reader, &entry.value)),
        Kind::Null | Kind::Boolean(_) | Kind::Number(..) => {}
    }
}
