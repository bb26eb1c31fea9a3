//! The values of `capture`: an expression, or `{ secret: expression }`.

use std::collections::BTreeSet;

use super::{
    expression::expression,
    reader::Reader,
    table::{EXPRESSION, Key, Shape, Table},
    yaml::Node,
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
pub(crate) fn captured(reader: &mut Reader<'_>, node: &Node, extra: &[&str]) -> Option<Expression> {
    if !node.is_mapping() {
        return expression(reader, node, extra);
    }
    let fields = reader.fields(node, &SECRET)?;
    fields.get("secret").and_then(|node| expression(reader, node, extra))
}
