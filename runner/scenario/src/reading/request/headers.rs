//! `headers`: one that is sent twice has a list, and null leaves out what would be sent otherwise.

use http::HeaderName;

use super::super::{
    expression::template,
    http::header_name,
    reader::{Reader, all},
    table::Shape,
    yaml::{Entry, Kind, Node},
};
use crate::Template;

/// The value of `headers` where there is something to leave out.
pub(crate) const HEADERS: Shape =
    Shape::Names(&Shape::Either(&[Shape::OneOrMore(&Shape::Text), Shape::Null]));
/// The value of `headers` of what holds for more than one request.
pub(crate) const COMMON_HEADERS: Shape = Shape::Names(&Shape::OneOrMore(&Shape::Text));

/// The headers of a request.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    pub(crate) sent: Vec<(HeaderName, Template)>,
    /// Those with null.
    pub(crate) without: Vec<HeaderName>,
}

/// Headers that are sent, and those that aren't though a service, a client or a scenario has them.
pub(crate) fn headers(reader: &mut Reader<'_>, node: &Node) -> Option<Headers> {
    let mut headers = Headers::default();
    let mut is_right = true;
    for entry in reader.mapping(node, "a mapping of headers")? {
        let name = header_name(reader, entry);
        if entry.value.kind == Kind::Null && !entry.value.is_missing() {
            is_right &= name.is_some();
            headers.without.extend(name);
        } else {
            let values = values(reader, entry);
            is_right &= name.is_some() && values.is_some();
            if let (Some(name), Some(values)) = (name, values) {
                headers.sent.extend(values.into_iter().map(|value| (name.clone(), value)));
            }
        }
    }
    is_right.then_some(headers)
}

/// Headers that are all sent.
pub(crate) fn common_headers(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(HeaderName, Template)>> {
    for entry in node.entries().iter().filter(|entry| entry.value.kind == Kind::Null) {
        let help = "leave the header out".to_owned();
        reader.note(entry.span, format!("`{}` has no value", entry.key), help);
    }
    headers(reader, node).map(|headers| headers.sent)
}

fn values(reader: &mut Reader<'_>, entry: &Entry) -> Option<Vec<Template>> {
    let items = reader.one_or_more(&entry.value);
    all(items.iter().map(|item| {
        let value = template(reader, item, "a header's value")?;
        if value.literals().any(|literal| literal.contains(|c: char| c.is_control() && c != '\t')) {
            let help = "a header is one line: write it without line breaks".to_owned();
            reader.note(item.span, "a header's value can't have control characters in it", help);
        }
        Some(value)
    }))
}
