//! The tables as a reference shows them.

use super::{
    file_kind::FileKind,
    request::REQUEST_LINE,
    table::{DURATION, Key, Presence, Shape, Table},
};

/// A kind of mapping, for a reference.
#[derive(Debug, Clone)]
pub struct TableReference {
    /// What such a mapping is, with its article: "a step".
    pub what: &'static str,
    /// The kind of file at whose top it stands first.
    pub file: FileKind,
    /// Its keys, in the order of the table.
    pub keys: Vec<KeyReference>,
}

/// A key, for a reference.
#[derive(Debug, Clone)]
pub struct KeyReference {
    /// Its name.
    pub name: &'static str,
    /// Whether it can be left out.
    pub presence: Presence,
    /// The values that it can have, in words. A mapping is called what it is in [`TableReference::what`].
    pub values: String,
    /// What these mappings are.
    pub tables: Vec<&'static str>,
    /// What it stands for when it is left out.
    pub default: Option<&'static str>,
    /// What it means, in one line.
    pub doc: &'static str,
}

/// The tables of these kinds of files, each before those that it is the first to refer to.
pub fn tables(kinds: &[FileKind]) -> Vec<TableReference> {
    let mut found = Vec::new();
    for kind in kinds {
        collect(kind.table(), *kind, &mut found);
    }
    found
}

fn collect(table: &'static Table, file: FileKind, found: &mut Vec<TableReference>) {
    if found.iter().any(|known| known.what == table.what) {
        return;
    }
    let keys = table.keys().map(of_key).collect();
    found.push(TableReference { what: table.what, file, keys });
    for inner in table.keys().flat_map(|key| key.shape.tables()) {
        collect(inner, file, found);
    }
}

fn of_key(key: &'static Key) -> KeyReference {
    KeyReference {
        name: key.name,
        presence: key.presence,
        values: values(&key.shape),
        tables: key.shape.tables().into_iter().map(|table| table.what).collect(),
        default: key.default,
        doc: key.doc,
    }
}

/// The values of a shape, in words.
fn values(shape: &Shape) -> String {
    match shape {
        Shape::Text => "text".into(),
        Shape::Expression => "expression".into(),
        Shape::Pattern(pattern) => of_pattern(pattern),
        Shape::Whole(least) => format!("whole number of at least {least}"),
        Shape::Fraction => "number from 0 to 1".into(),
        Shape::Status => "status from 100 to 599".into(),
        Shape::Boolean => "`true` or `false`".into(),
        Shape::True => "`true`".into(),
        Shape::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        Shape::Json => "any value".into(),
        Shape::Table(table) => table.what.into(),
        Shape::Names(value) => format!("mapping of names to: {}", values(value)),
        Shape::List(item) => format!("list of: {}", values(item)),
        Shape::OneOrMore(item) => format!("{}, or a list of these", values(item)),
        Shape::Either(shapes) => shapes.iter().map(values).collect::<Vec<_>>().join(", or "),
        Shape::Null => "`null`".into(),
    }
}

/// Patterns that have a name, or an example that says more.
const PATTERNS: &[(&Shape, &str)] = &[
    (&DURATION, "duration"),
    (&REQUEST_LINE, "`METHOD service /path`"),
    (&Shape::Pattern("->"), "`caller -> callee`"),
    (&Shape::Pattern("^/"), "path"),
    (&Shape::Pattern("^http://"), "address that begins with `http://`"),
    (&Shape::Pattern("^[0-9]+-[0-9]+$"), "range such as `1-3`"),
];

fn of_pattern(pattern: &str) -> String {
    let is = |shape: &Shape| matches!(shape, Shape::Pattern(known) if *known == pattern);
    match PATTERNS.iter().find(|(shape, _)| is(shape)) {
        Some((_, words)) => (*words).into(),
        None => format!("text that matches `{pattern}`"),
    }
}
