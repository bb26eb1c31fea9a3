//! Merge keys: `<<: *defaults` puts the entries of another mapping into this one.

use std::collections::BTreeSet;

use super::node::{Entry, Kind, Node};
use crate::Span;

/// The key of a merge, when it isn't quoted.
pub(super) const MERGE_KEY: &str = "<<";

/// The entries to merge into a mapping that isn't closed yet.
pub(super) struct Merge {
    /// The place of the `<<`.
    pub(super) span: Span,
    /// How many of the mapping's own entries stand before it.
    at: usize,
    /// In the order in which they count: the first one with a key wins.
    entries: Vec<Entry>,
}

impl Merge {
    /// The merge of a mapping, or of a list of mappings; `None` for any other value.
    pub(super) fn of(span: Span, at: usize, value: Node) -> Option<Self> {
        let entries = match value.kind {
            Kind::Mapping(entries) => entries,
            Kind::List(items) => {
                let entries = |item: Node| match item.kind {
                    Kind::Mapping(entries) => Some(entries),
                    _ => None,
                };
                items.into_iter().map(entries).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect()
            }
            _ => return None,
        };
        Some(Self { span, at, entries })
    }

    /// Puts the entries where the `<<` stands, except those whose key the mapping has itself.
    pub(super) fn into(self, own: &mut Vec<Entry>) {
        let mut taken: BTreeSet<String> = own.iter().map(|entry| entry.key.clone()).collect();
        let merged = self.entries.into_iter().filter(|entry| taken.insert(entry.key.clone()));
        own.splice(self.at..self.at, merged);
    }
}
