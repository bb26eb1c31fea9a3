//! The expression language: minijinja's, with exact money and the helpers that scenarios need.

use std::sync::{Arc, LazyLock};

use minijinja::{Environment, UndefinedBehavior};
use serde_json::Value;

use crate::Span;

/// What `${…}` and checks can name: variables, captures, and what the step at hand brings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope(serde_json::Map<String, Value>);

impl Scope {
    /// A scope with these names.
    pub fn new(values: serde_json::Map<String, Value>) -> Self {
        Self(values)
    }

    /// Sets a name, in place of what it stood for before.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value);
    }

    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expression {
    source: Arc<str>,
    span: Span,
    compiled: Arc<minijinja::Expression<'static, 'static>>,
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}`: {reason}")]
pub struct EvaluationError {
    /// The expression as written.
    pub expression: String,
    /// What is wrong.
    pub reason: String,
}
