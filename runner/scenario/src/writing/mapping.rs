use crate::{Expression, Object, Value};

/// A mapping that keeps the order in which its keys are put, and leaves out what is empty.
#[derive(Default)]
pub(super) struct Mapping(pub(super) Object);

impl Mapping {
    pub(super) fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    pub(super) fn maybe(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    pub(super) fn list(&mut self, key: &str, items: impl Iterator<Item = Value>) {
        let items: Vec<Value> = items.collect();
        self.maybe(key, (!items.is_empty()).then_some(items));
    }

    pub(super) fn names(&mut self, key: &str, entries: impl Iterator<Item = (String, Value)>) {
        let entries: Object = entries.collect();
        self.maybe(key, (!entries.is_empty()).then_some(entries));
    }

    /// Conditions, without those that are true whatever happens: as text they would be a mistake.
    pub(super) fn conditions(&mut self, key: &str, conditions: &[Expression]) {
        let could_fail = conditions.iter().filter(|condition| condition.always() != Some(true));
        self.list(key, could_fail.map(|condition| condition.source().into()));
    }
}
