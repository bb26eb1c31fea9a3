//! `{{name}}`, `$name`, `{name}`, `:name` and `$(command)`: how other tools write what is `${name}` here. They would be sent as
//! they stand.

use super::{reader::Reader, yaml::Node};
use crate::{Expression, Template};

/// Notes what stands in a template's literal texts as another tool would have a value. `{{…}}` counts in any text of one line;
/// `$name` and `{name}` if there is such a variable, the latter in a path only: elsewhere braces are common. In a path `{name}`
/// and `:name` count, too, where they are all of a segment.
pub(super) fn check(reader: &mut Reader<'_>, node: &Node, text: &str, template: &Template) {
    for literal in template.literals() {
        let mut end = 0;
        for (start, _) in literal.match_indices(['$', '{', ':']) {
            if start < end {
                continue;
            }
            let Some((length, inner)) = found(reader, text, literal, start) else { continue };
            end = start + length;
            for name in Expression::parse(inner).iter().flat_map(Expression::names) {
                reader.names.mark_used(name);
            }
            let written = &literal[start..end];
            let span = text.find(written).map_or(node.span, |at| reader.part(node, text, at..at + length));
            let quote = if written.contains('\'') { '"' } else { '\'' };
            let help =
                format!("{}; for the characters themselves `${{{quote}{written}{quote}}}`", meant(inner));
            reader.note(span, format!("`{written}` would be sent as it stands"), help);
        }
    }
}

/// The bytes of a value of another tool that begins at `start` of a literal text, and what stands within its signs.
fn found<'l>(reader: &Reader<'_>, text: &str, literal: &'l str, start: usize) -> Option<(usize, &'l str)> {
    let rest = &literal[start..];
    let is_known = |(_, name): &(usize, &str)| reader.names.is_known(name);
    let is_segment = |(length, _): &(usize, &str)| {
        let ends = matches!(rest[*length..].chars().next(), None | Some('/' | '?' | '#'));
        is_request(text) && literal[..start].ends_with('/') && ends
    };
    match rest.chars().next()? {
        '{' if rest.starts_with("{{") => within(rest, "{{", "}}").filter(|_| !text.contains('\n')),
        '{' => {
            let is_meant = |found: &_| text.contains(" /") && is_known(found) || is_segment(found);
            after(rest, "{", "}").filter(is_meant)
        }
        ':' => after(rest, ":", "").filter(is_segment),
        _ if rest.starts_with("$(") => {
            within(rest, "$(", ")").filter(|(length, _)| is_segment(&(*length, "")) || text.len() == *length)
        }
        _ => after(rest, "$", "").filter(is_known),
    }
}

/// How the value is written here that another tool calls `inner`.
fn meant(inner: &str) -> String {
    let inner = inner.trim();
    if Expression::parse(inner).is_ok() {
        return format!("write `${{{inner}}}`");
    }
    let words = inner.to_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let example = match () {
        () if has(&["uuid", "guid"]) => "uuid()",
        () if has(&["random"]) => "random(1, 1000)",
        () if has(&["time", "date", "now"]) => "now()",
        () => "name",
    };
    format!("write a variable or a function in `${{…}}`: `${{{example}}}`")
}

/// Whether a text is the line of a request: a method, a service and a path.
fn is_request(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [method, _, path, ..] = words.as_slice() else { return false };
    method.chars().all(|c| c.is_ascii_uppercase()) && path.starts_with('/')
}

/// What stands between `open` and `close` on one line, where a text begins with them, and the bytes of all of it.
fn within<'a>(text: &'a str, open: &str, close: &str) -> Option<(usize, &'a str)> {
    let inner = text.strip_prefix(open)?;
    let inner = &inner[..inner.find(close)?];
    let is_value = !inner.trim().is_empty() && !inner.contains(['{', '}', '\n']);
    is_value.then_some((open.len() + inner.len() + close.len(), inner))
}

/// The variable between `open` and `close`, where a text begins with them, and the bytes of all of it.
fn after<'a>(text: &'a str, open: &str, close: &str) -> Option<(usize, &'a str)> {
    let inner = text.strip_prefix(open)?;
    let trimmed = if close.is_empty() { inner } else { inner.trim_start() };
    let name = &trimmed[..trimmed.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(trimmed.len())];
    let rest = &trimmed[name.len()..];
    let rest = if close.is_empty() { rest } else { rest.trim_start().strip_prefix(close)? };
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    is_name.then_some((text.len() - rest.len(), name))
}
