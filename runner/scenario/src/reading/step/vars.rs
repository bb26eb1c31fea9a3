//! `vars`: variables of a scenario, and of a step.

use super::super::{
    expression::{Role, check_name, value},
    reader::{Reader, all},
    yaml::Node,
};
use crate::TemplateValue;

/// Names with their values, each of which can use those before it.
pub(crate) fn vars(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(String, TemplateValue)>> {
    let entries = reader.mapping(node, "a mapping of names to values")?;
    all(entries.iter().map(|entry| {
        check_name(reader, &entry.key, entry.span);
        let value = value(reader, &entry.value, Role::Sent);
        reader.names.define(&entry.key);
        Some((entry.key.clone(), value?))
    }))
}
