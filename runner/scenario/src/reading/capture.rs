//! The values of `capture`: an expression, or `{ secret: expression }`.

use std::collections::BTreeSet;

use super::{
    expression::{check_name, expression},
    reader::Reader,
    table::{EXPRESSION, Key, Shape, Table},
    yaml::{Entry, Node},
};
use crate::Expression;

/// A value that is captured.
pub(crate) const CAPTURED: Shape = Shape::Either(&[EXPRESSION, Shape::Table(&SECRET)]);

const SECRET: Table = Table {
    what: "a secret value",
    groups: &[&[Key::required(
        "secret",
        EXPRESSION,
        "The expression whose value is hidden everywhere, as `***`.",
    )]],
};

/// The captures of a step.
#[derive(Debug, Default)]
pub(crate) struct Captures {
    pub(crate) capture: Vec<(String, Expression)>,
    /// The names whose values are secret.
    pub(crate) secret: BTreeSet<String>,
}

/// The expression of a captured value. Besides variables it can name `extra`.
fn captured(reader: &mut Reader<'_>, node: &Node, extra: &[&str]) -> Option<Expression> {
    if !node.is_mapping() {
        return expression(reader, node, extra);
    }
    let fields = reader.fields(node, &SECRET)?;
    fields.get("secret").and_then(|node| expression(reader, node, extra))
}

/// The values of `capture`. Besides variables they can name `extra`.
pub(crate) fn captures_of(reader: &mut Reader<'_>, entry: &Entry, extra: &[&str]) -> Option<Captures> {
    let entries = reader.mapping(&entry.value, "a mapping of names to expressions")?;
    let read: Vec<_> = entries.iter().map(|capture| captured(reader, &capture.value, extra)).collect();
    let secret =
        entries.iter().filter(|capture| capture.value.is_mapping()).map(|capture| capture.key.clone());
    for capture in entries {
        check_name(reader, &capture.key, capture.span);
        reader.names.define(&capture.key);
    }
    let named = entries.iter().zip(read).map(|(capture, value)| Some((capture.key.clone(), value?)));
    Some(Captures { capture: named.collect::<Option<_>>()?, secret: secret.collect() })
}
