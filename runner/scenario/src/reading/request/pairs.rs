//! `query` and `form`: names with values that can be left out or repeated.

use super::super::{
    expression::template,
    reader::{Reader, all},
    table::Shape,
    yaml::{Entry, Kind, Node},
};
use crate::{Pairs, TemplateValue, Value};

const VALUE: Shape = Shape::Either(&[Shape::Text, Shape::Null]);
/// A mapping of names to one value or a list of them.
pub(crate) const PAIRS: Shape = Shape::Names(&Shape::Either(&[VALUE, Shape::List(&VALUE)]));

/// Names with their values. `wanted` is what the mapping is.
pub(crate) fn pairs(reader: &mut Reader<'_>, node: &Node, wanted: &str) -> Option<Pairs> {
    let entries = reader.mapping(node, wanted)?;
    let read = |entry: &Entry| {
        let value = match &entry.value.kind {
            Kind::List(items) => all(items.iter().map(|item| value(reader, item))).map(TemplateValue::Array),
            _ => value(reader, &entry.value),
        };
        Some((entry.key.clone(), value?))
    };
    all(entries.iter().map(read)).map(Pairs)
}

/// One value, a text as it is written.
fn value(reader: &mut Reader<'_>, node: &Node) -> Option<TemplateValue> {
    if node.kind == Kind::Null && !node.is_missing() {
        return Some(TemplateValue::Plain(Value::Null));
    }
    template(reader, node, "a text, null, or a list of those").map(TemplateValue::Text)
}
