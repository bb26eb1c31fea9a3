//! What names stand for.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use serde_json::Value;

use super::json;

/// What `${…}` and checks can name: variables, captures, and what the step at hand brings. A clone shares the values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope(BTreeMap<String, SharedValue>);

/// A value that a name stands for, in one scope or several. It is made into what expressions calculate with once,
/// however many of them name it.
#[derive(Clone)]
pub struct SharedValue(Arc<(Value, OnceLock<minijinja::Value>)>);

impl Scope {
    /// A scope with these names.
    pub fn new(values: serde_json::Map<String, Value>) -> Self {
        Self(values.into_iter().map(|(name, value)| (name, value.into())).collect())
    }

    /// Sets a name, in place of what it stood for before.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.share(name, value.into());
    }

    /// Sets a name to a value that other scopes may have too.
    pub fn share(&mut self, name: impl Into<String>, value: SharedValue) {
        self.0.insert(name.into(), value);
    }

    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(|SharedValue(known)| &known.0)
    }

    /// The same, for calculating with it.
    pub(super) fn calculable(&self, name: &str) -> Option<minijinja::Value> {
        let SharedValue(known) = self.0.get(name)?;
        Some(known.1.get_or_init(|| json::to_minijinja(&known.0)).clone())
    }
}

impl SharedValue {
    /// Whether it is the very same, not only an equal one.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<Value> for SharedValue {
    fn from(value: Value) -> Self {
        Self(Arc::new((value, OnceLock::new())))
    }
}

impl PartialEq for SharedValue {
    fn eq(&self, other: &Self) -> bool {
        self.0.0 == other.0.0
    }
}

impl fmt::Debug for SharedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.0.fmt(f)
    }
}
