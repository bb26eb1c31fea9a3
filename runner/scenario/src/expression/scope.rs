//! The values of names.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use super::json;
use crate::Value;

/// The values that expressions can name: variables, captures, and those of the current step, such as `body`. A clone
/// shares the values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope(BTreeMap<String, SharedValue>);

/// A value that several scopes can share. It is converted into minijinja's form once, when the first expression uses
/// it.
#[derive(Clone)]
pub struct SharedValue(Arc<(Value, OnceLock<minijinja::Value>)>);

impl Scope {
    /// A scope with these names.
    pub fn new<V: Into<Value>>(values: impl IntoIterator<Item = (String, V)>) -> Self {
        Self(values.into_iter().map(|(name, value)| (name, value.into().into())).collect())
    }

    /// Sets the value of a name.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.share(name, value.into().into());
    }

    /// Sets a name to a value that other scopes share.
    pub fn share(&mut self, name: impl Into<String>, value: SharedValue) {
        self.0.insert(name.into(), value);
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(|SharedValue(known)| &known.0)
    }

    /// The value of a name in minijinja's form.
    pub(super) fn calculable(&self, name: &str) -> Option<minijinja::Value> {
        let SharedValue(known) = self.0.get(name)?;
        Some(known.1.get_or_init(|| json::to_minijinja(&known.0)).clone())
    }
}

impl SharedValue {
    /// Whether both are one shared value, not only equal ones.
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
