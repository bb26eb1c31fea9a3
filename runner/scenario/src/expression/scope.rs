//! The values of names.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use super::{headers, json};
use crate::{Object, Value};

/// The values that expressions can name: variables, captures, and those of the current step, such as `body`. A clone
/// shares the values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope(BTreeMap<String, SharedValue>);

/// A value that several scopes can share. It is converted into minijinja's form once, when the first expression uses
/// it.
#[derive(Clone)]
pub struct SharedValue(Arc<Shared>);

struct Shared {
    /// The value, or why there is none.
    known: Result<Value, String>,
    kind: Kind,
    calculable: OnceLock<minijinja::Value>,
}

/// What a value is to expressions.
enum Kind {
    /// A value like any other.
    Plain,
    /// The headers of a reply.
    Headers,
}

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
        self.0.get(name)?.0.known.as_ref().ok()
    }

    /// Why the value of a name can't be used, in words that fit after "it is"; `None` if it can be.
    pub fn unusable(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.0.known.as_ref().err().map(String::as_str)
    }

    /// The value of a name in minijinja's form.
    pub(super) fn calculable(&self, name: &str) -> Option<minijinja::Value> {
        let SharedValue(shared) = self.0.get(name)?;
        let known = shared.known.as_ref().ok()?;
        let converted = || match shared.kind {
            Kind::Plain => json::to_minijinja(known),
            Kind::Headers => headers::to_minijinja(known),
        };
        Some(shared.calculable.get_or_init(converted).clone())
    }
}

impl SharedValue {
    /// A value that can't be used: an expression that names it is an error. `reason` fits after "it is".
    pub fn unusable(reason: String) -> Self {
        Self::new(Err(reason), Kind::Plain)
    }

    /// The headers of a reply by their names in lower case: a text, or a list of texts for one that came several times.
    pub fn headers(fields: Object) -> Self {
        Self::new(Ok(fields.into()), Kind::Headers)
    }

    /// The headers of a message.
    pub fn of_headers(headers: &http::HeaderMap) -> Self {
        Self::headers(headers::fields(headers))
    }

    fn new(known: Result<Value, String>, kind: Kind) -> Self {
        Self(Arc::new(Shared { known, kind, calculable: OnceLock::new() }))
    }

    /// Whether both are one shared value, not only equal ones.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<Value> for SharedValue {
    fn from(value: Value) -> Self {
        Self::new(Ok(value), Kind::Plain)
    }
}

impl PartialEq for SharedValue {
    fn eq(&self, other: &Self) -> bool {
        self.0.known == other.0.known
    }
}

impl fmt::Debug for SharedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.known.fmt(f)
    }
}
