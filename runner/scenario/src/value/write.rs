//! A value as JSON text, in one line, or indented with `{:#}`.

use std::fmt::{self, Write as _};

use super::Value;

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = f.alternate().then_some(0);
        write(f, self, indent)
    }
}

/// Writes a value. `indent` is the depth of its lines, if there is a line for each item.
fn write(f: &mut fmt::Formatter<'_>, value: &Value, indent: Option<usize>) -> fmt::Result {
    match value {
        Value::Null => f.write_str("null"),
        Value::Bool(value) => f.write_str(if *value { "true" } else { "false" }),
        Value::Number(number) => write!(f, "{number}"),
        Value::String(text) => quoted(f, text),
        Value::Array(items) => sequence(f, ['[', ']'], items, indent, write),
        Value::Object(entries) => sequence(f, ['{', '}'], entries, indent, |f, (key, value), indent| {
            quoted(f, key)?;
            f.write_str(if indent.is_some() { ": " } else { ":" })?;
            write(f, value, indent)
        }),
    }
}

fn sequence<T>(
    f: &mut fmt::Formatter<'_>,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    indent: Option<usize>,
    item: impl Fn(&mut fmt::Formatter<'_>, T, Option<usize>) -> fmt::Result,
) -> fmt::Result {
    let deeper = indent.map(|indent| indent + 1);
    let mut is_empty = true;
    f.write_char(open)?;
    for next in items {
        if !is_empty {
            f.write_char(',')?;
        }
        is_empty = false;
        line(f, deeper)?;
        item(f, next, deeper)?;
    }
    if !is_empty {
        line(f, indent)?;
    }
    f.write_char(close)
}

/// Begins a line, if there is a line for each item.
fn line(f: &mut fmt::Formatter<'_>, indent: Option<usize>) -> fmt::Result {
    let Some(indent) = indent else { return Ok(()) };
    f.write_char('\n')?;
    (0..indent).try_for_each(|_| f.write_str("  "))
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        f.write_str(&rest[..at])?;
        match rest.as_bytes()[at] {
            b'\n' => f.write_str("\\n")?,
            b'\r' => f.write_str("\\r")?,
            b'\t' => f.write_str("\\t")?,
            b'\x08' => f.write_str("\\b")?,
            b'\x0c' => f.write_str("\\f")?,
            control @ 0..=0x1f => write!(f, "\\u{control:04x}")?,
            sign => write!(f, "\\{}", char::from(sign))?,
        }
        rest = &rest[at + 1..];
    }
    f.write_str(rest)?;
    f.write_char('"')
}
