use std::collections::BTreeMap;

use super::{
    table::{Presence, Table},
    yaml::{Entry, Node},
};
use crate::Span;

/// The entries of a mapping by the keys of its table.
#[derive(Debug)]
pub(crate) struct Fields<'n> {
    /// Where the mapping begins.
    pub(crate) span: Span,
    table: &'static Table,
    entries: BTreeMap<&'static str, &'n Entry>,
}

impl<'n> Fields<'n> {
    pub(crate) fn new(span: Span, table: &'static Table) -> Self {
        Self { span, table, entries: BTreeMap::new() }
    }

    pub(crate) fn insert(&mut self, key: &'static str, entry: &'n Entry) {
        self.entries.insert(key, entry);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.get(key).copied()
    }

    /// The value of a key that may be left out: `Some(None)` when it is, `None` when `read` finds a mistake in it.
    #[expect(clippy::option_option, reason = "a key that is left out is not one with a mistake in its value")]
    pub(crate) fn optional<T>(
        &self,
        key: &str,
        read: impl FnOnce(&'n Node) -> Option<T>,
    ) -> Option<Option<T>> {
        self.get(key).map_or(Some(None), |node| read(node).map(Some))
    }

    /// The value of a key that stands for `default` when it is left out.
    pub(crate) fn or<T>(&self, key: &str, default: T, read: impl FnOnce(&'n Node) -> Option<T>) -> Option<T> {
        self.get(key).map_or(Some(default), read)
    }

    /// Those of `keys` that are there, in the order of the file.
    pub(crate) fn present(&self, keys: &[&str]) -> Vec<&'n Entry> {
        let mut found: Vec<_> = keys.iter().filter_map(|key| self.entry(key)).collect();
        found.sort_by_key(|entry| entry.span.offset);
        found
    }

    /// The entries of the keys of which there should be exactly one, in the order of the file.
    pub(crate) fn chosen(&self) -> Vec<&'n Entry> {
        self.present(&self.table.names(Presence::OneOf))
    }
}
