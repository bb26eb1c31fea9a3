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
}

/// Whether a key may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
    /// A mapping has exactly one of its keys of this presence.
    OneOf,
}

/// The values that a key can have.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A text, in which numbers and booleans count as they are written.
    Text,
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
    /// A list of steps.
    Steps,
}

/// A length of time: `200ms`, `1.5s`, `1m`, `1h`.
pub(crate) const DURATION: Shape = Shape::Pattern(r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$");
/// An expression.
pub(crate) const EXPRESSION: Shape = Shape::Text;
/// Expressions, all of which have to be true.
pub(crate) const EXPRESSIONS: Shape = Shape::OneOrMore(&EXPRESSION);

impl Table {
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// The names of its keys of this presence.
    pub(crate) fn names(&self, presence: Presence) -> Vec<&'static str> {
        self.keys().filter(|key| key.presence == presence).map(|key| key.name).collect()
    }
}

impl Shape {
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
        Self { name, presence: Presence::Required, shape, doc }
    }

    pub(crate) const fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, presence: Presence::Optional, shape, doc }
    }

    pub(crate) const fn one_of(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, presence: Presence::OneOf, shape, doc }
    }
}
