//! `{{name}}`, `$name` and `{name}`: how other tools write what is `${name}` here. They would be sent as they stand.

use super::{reader::Reader, yaml::Node};
use crate::Template;

/// Notes variables of the scenario that stand in a template's literal texts as another tool would have them. `{name}`
/// counts in a path only: elsewhere braces are common.
pub(super) fn check(reader: &mut Reader<'_>, node: &Node, text: &str, template: &Template) {
    let is_path = || text.contains(" /");
    for literal in template.literals() {
        let mut end = 0;
        for (start, opening) in literal.match_indices(['$', '{']) {
            if start < end {
                continue;
            }
            let rest = &literal[start..];
            let Some((length, name)) = (match opening {
                "$" => after(rest, "$", ""),
                "{" => after(rest, "{{", "}}").or_else(|| after(rest, "{", "}").filter(|_| is_path())),
                _ => None,
            }) else {
                continue;
            };
            if !reader.names.is_known(name) {
                continue;
            }
            end = start + length;
            reader.names.mark_used(name);
            let written = &rest[..length];
            let span = text.find(written).map_or(node.span, |at| reader.part(node, text, at..at + length));
            let help = format!("write `${{{name}}}`; for the characters themselves `${{'{written}'}}`");
            reader.note(span, format!("`{written}` would be sent as it stands"), help);
        }
    }
}

/// The variable between `open` and `close`, where a text begins with them, and the bytes of all of it.
fn after<'a>(text: &'a str, open: &str, close: &str) -> Option<(usize, &'a str)> {
    let inner = text.strip_prefix(open)?;
    let trimmed = if close.is_empty() { inner } else { inner.trim_start() };
    let name = &trimmed[..trimmed.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(trimmed.len())];
    let rest = &trimmed[name.len()..];
    let rest = if close.is_empty() { rest } else { rest.trim_start().strip_prefix(close)? };
    (!name.is_empty()).then_some((text.len() - rest.len(), name))
}
