//! The keys of each kind of mapping: written down once, for the reader and for the JSON Schema.
//!
//! Each file beside this one that reads a mapping holds its table. A new key is a line of a table, with its name, its
//! shape and its description, and a function of that file that reads its value.

/// The keys of one kind of mapping.
#[derive(Debug)]
pub(crate) struct Table {
    /// What such a mapping is, with its article.
    pub(crate) what: &'static str,
    /// Its keys, in groups so that tables can share some.
    pub(crate) groups: &'static [&'static [Key]],
}

/// A key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) presence: Presence,
    /// The values it can have, as far as a schema can tell.
    pub(crate) shape: Shape,
    /// What it means in one line, as editors and references show it.
    pub(crate) doc: &'static str,
    /// What it stands for when it is left out, as it would be written.
    pub(crate) default: Option<&'static str>,
}

/// Whether a key may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It may not.
    Required,
    /// It may.
    Optional,
    /// A mapping has exactly one of its keys of this presence.
    OneOf,
}

/// The values that a key can have.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A text, in which numbers and booleans count as they are written.
    Text,
    /// An expression.
    Expression,
    /// A text of this regular expression.
    Pattern(&'static str),
    /// A whole number of at least this.
    Whole(u64),
    /// A number between 0 and 1.
    Fraction,
    /// An HTTP status.
    Status,
    /// `true` or `false`.
    Boolean,
    /// `true`; the key is left out for `false`.
    True,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any JSON value.
    Json,
    /// A mapping with these keys.
    Table(&'static Table),
    /// A mapping of names that the author chooses to values of this shape.
    Names(&'static Shape),
    /// A list.
    List(&'static Shape),
    /// One value, or a list of them.
    OneOrMore(&'static Shape),
    /// Any of these.
    Either(&'static [Shape]),
    /// null, where it has a meaning.
    Null,
}

/// A length of time: `200ms`, `1.5s`, `1m30s`, `1h 5m`.
pub(crate) const DURATION: Shape = Shape::Pattern(r"^\s*([0-9]+(\.[0-9]+)?\s*(h|m|s|ms|us|µs)\s*)+$");
/// A number of bytes: `500`, `64KiB`, `1.5MB`.
pub(crate) const SIZE: Shape =
    Shape::Either(&[Shape::Whole(0), Shape::Pattern(r"^[0-9]+(\.[0-9]+)?\s*([kKMG]?B|[KMG]iB)$")]);
/// A number of bytes a second: `500`, `100KB/s`, `1Mbit/s`.
pub(crate) const RATE: Shape = Shape::Either(&[
    Shape::Whole(1),
    Shape::Pattern(r"^[0-9]+(\.[0-9]+)?\s*([kKMG]?B|[KMG]iB|[kKMG]?bit)/s$"),
]);
/// An expression.
pub(crate) const EXPRESSION: Shape = Shape::Expression;
/// Expressions, all of which have to be true.
pub(crate) const EXPRESSIONS: Shape = Shape::OneOrMore(&EXPRESSION);

impl Table {
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// Its name without the article, as a part of addresses.
    pub(crate) fn slug(&self) -> String {
        let name = self.what.trim_start_matches("an ").trim_start_matches("a ");
        name.replace('`', "").replace(' ', "-")
    }

    /// The names of its keys of this presence.
    pub(crate) fn names(&self, presence: Presence) -> Vec<&'static str> {
        self.keys().filter(|key| key.presence == presence).map(|key| key.name).collect()
    }
}

impl Shape {
    /// The tables of the mappings that a value of this shape can be or hold.
    pub(crate) fn tables(&self) -> Vec<&'static Table> {
        match self {
            Self::Table(table) => vec![table],
            Self::Names(shape) | Self::List(shape) | Self::OneOrMore(shape) => shape.tables(),
            Self::Either(shapes) => shapes.iter().flat_map(Self::tables).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a value of this shape, or an item of it, is a mapping with this key.
    pub(crate) fn has_key(&self, name: &str) -> bool {
        match self {
            Self::Table(table) => table.keys().any(|key| key.name == name),
            Self::Names(shape) | Self::List(shape) | Self::OneOrMore(shape) => shape.has_key(name),
            Self::Either(shapes) => shapes.iter().any(|shape| shape.has_key(name)),
            _ => false,
        }
    }
}

impl Key {
    pub(crate) const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, presence: Presence::Required, shape, doc, default: None }
    }

    pub(crate) const fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, presence: Presence::Optional, shape, doc, default: None }
    }

    pub(crate) const fn one_of(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, presence: Presence::OneOf, shape, doc, default: None }
    }

    /// The same key, which stands for `default` when it is left out.
    pub(crate) const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }
}
