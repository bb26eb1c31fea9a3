use crate::{Number, Span};

/// A value and its place in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    Boolean(bool),
    /// A number, and how it is written.
    Number(Number, String),
    Text(String),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// An entry of a mapping. The keys of a mapping differ from one another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// The place of the key.
    pub(crate) span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// Whether there is no value at all, as in `key:` alone.
    pub(crate) fn is_missing(&self) -> bool {
        self.kind == Kind::Null && self.span.length == 0
    }

    /// The entries of a mapping; none of any other value.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it is a mapping. Some keys have a short form in place of one.
    pub(crate) fn is_mapping(&self) -> bool {
        matches!(self.kind, Kind::Mapping(_))
    }

    /// Its kind, with its article, for a message.
    pub(crate) fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Boolean(_) => "a boolean",
            Kind::Number(..) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }
}
