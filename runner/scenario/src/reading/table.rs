//! Which keys a mapping has: written down once, for the reader and for the JSON Schema.

/// The keys of one kind of mapping.
#[derive(Debug)]
pub(crate) struct Table {
    /// What such a mapping is, with its article.
    pub(crate) what: &'static str,
    /// Keys of which it has exactly one, if there are such.
    pub(crate) one_of: &'static [&'static str],
    /// Its keys; several groups where another table has some of them too.
    pub(crate) groups: &'static [&'static [Key]],
}

/// A key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) presence: Presence,
    /// What its value may look like, as far as the schema tells.
    pub(crate) shape: Shape,
    /// What it means, for an editor to show.
    pub(crate) doc: &'static str,
}

/// Whether a key may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// What a value looks like.
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
    /// `true`; what isn't so is left out.
    True,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any JSON value.
    Json,
    /// A mapping with these keys.
    Table(&'static Table),
    /// A mapping of names of one's own to values of this shape.
    Names(&'static Shape),
    /// A list.
    List(&'static Shape),
    /// One value, or a list of them.
    OneOrMore(&'static Shape),
    /// Any of these.
    Either(&'static [Shape]),
    /// null, where that says something.
    Null,
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
}

impl Key {
    pub(crate) const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, presence: Presence::Required, shape, doc }
    }

    pub(crate) const fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, presence: Presence::Optional, shape, doc }
    }
}
