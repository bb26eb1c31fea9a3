//! `JSONPath`'s simple part to expressions: `$.items[0].id` to `body.items[0].id`.

use std::fmt::{Display, Write as _};

use crate::variables::quoted;

/// The expression that a path is below `root`; `None` for filters, slices and searches at any depth. `[*]` is a list of what follows
/// it at each item.
pub(crate) fn expression(path: &str, root: &str) -> Option<String> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut expression = root.to_owned();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[*]").or_else(|| rest.strip_prefix(".*")) {
            if after.is_empty() {
                return Some(expression);
            }
            // A list of lists has no counterpart.
            if after.contains('*') {
                return None;
            }
            let below = self::expression(&format!("${after}"), "")?;
            let attribute = below.strip_prefix('.').filter(|below| !below.contains(['[', '(', '|']))?;
            return Some(format!("({expression} | map(attribute={}) | list)", quoted(attribute)));
        }
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            member(&mut expression, after.get(..end).filter(|name| !name.is_empty())?);
            rest = &after[end..];
        } else {
            let (inner, after) = inside(rest.strip_prefix('[')?)?;
            match inner {
                Inside::Index(index) => item(&mut expression, index),
                Inside::Name(name) => member(&mut expression, &name),
            }
            rest = after;
        }
    }
    Some(expression)
}

enum Inside {
    Index(i64),
    Name(String),
}

/// What stands in brackets, and what follows them.
fn inside(text: &str) -> Option<(Inside, &str)> {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let (name, after) = text[1..].split_once(quote)?;
        return Some((Inside::Name(name.to_owned()), after.trim_start().strip_prefix(']')?));
    }
    let (inner, after) = text.split_once(']')?;
    Some((Inside::Index(inner.trim().parse().ok()?), after))
}

/// Appends what stands in brackets behind a value.
pub(crate) fn item(expression: &mut String, index: impl Display) {
    write!(expression, "[{index}]").expect("a text takes all");
}

/// Appends a member of an object.
pub(crate) fn member(expression: &mut String, name: &str) {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain {
        expression.push('.');
        expression.push_str(name);
    } else {
        item(expression, quoted(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_paths_are_expressions_and_others_are_refused() {
        for (path, expected) in [
            ("$", Some("body")),
            ("$.a.b[0].c", Some("body.a.b[0].c")),
            ("$['x-y'][\"z\"]", Some("body['x-y'].z")),
            ("$.items[*]", Some("body.items")),
            ("$.items[*].id", Some("(body.items | map(attribute='id') | list)")),
            ("$[-1]", Some("body[-1]")),
            ("$..id", None),
            ("$.a[?(@.b == 1)]", None),
            ("$.a[0:2]", None),
            ("$.", None),
            ("$[", None),
            ("id", None),
        ] {
            assert_eq!(expression(path, "body").as_deref(), expected, "{path}");
        }
    }
}
