//! The expression language: minijinja's, with exact money and the helpers that scenarios need.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, LazyLock},
};

use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde_json::Value;

use self::code::Code;
use crate::Span;

mod binding;
mod code;
mod exact;
mod filters;
mod json;
mod kinds;
mod ordering;
mod scope;
#[cfg(test)]
mod tests;
mod tokens;

/// How much an expression may do: roughly one unit an instruction or an item, so that a runaway ends in milliseconds.
const FUEL: u64 = 1_000_000;

pub use binding::{Binding, Bindings};
pub use scope::{Scope, SharedValue};
pub(crate) use tokens::KEYWORDS;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.remove_global("debug");
    environment.remove_global("namespace");
    exact::add_to(&mut environment);
    filters::add_to(&mut environment);
    kinds::add_to(&mut environment);
    ordering::add_to(&mut environment);
    environment
});

/// A compiled expression.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    span: Span,
    code: Arc<Code>,
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidExpression {
    /// What is wrong, without the place.
    pub message: String,
    /// The bytes of the expression that are at fault, when that is known.
    pub range: Option<Range<usize>>,
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

impl Expression {
    /// Compiles `source`, which stands at `span`.
    pub fn parse(source: &str, span: Span) -> Result<Self, InvalidExpression> {
        Ok(Self { source: source.into(), span, code: Code::of(source)? })
    }

    /// The same, shown as `source` in messages.
    pub(crate) fn written_as(self, source: &str) -> Self {
        Self { source: source.into(), ..self }
    }

    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The variables it uses, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.code.names.iter().map(String::as_str)
    }

    /// Its value. An undefined name, or a step into what isn't there, is an error, and so is more work than an
    /// expression may do.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, EvaluationError> {
        let known = self.code.names.iter().filter_map(|name| Some((name.as_str(), scope.calculable(name)?)));
        let context = minijinja::Value::from_pairs(known);
        let value =
            self.code.compiled.eval(context).map_err(|error| self.error(self.reason(&error, scope)))?;
        if value.is_undefined() {
            return Err(self.error(self.what_is_missing(scope).unwrap_or_else(|| "it is undefined".into())));
        }
        json::from_minijinja(&value).map_err(|unusable| {
            let missing = match unusable {
                json::NotJson::Undefined => self.what_is_missing(scope),
                _ => None,
            };
            self.error(missing.unwrap_or_else(|| unusable.to_string()))
        })
    }

    /// Whether it is true. A value that is neither true nor false is an error.
    pub fn holds(&self, scope: &Scope) -> Result<bool, EvaluationError> {
        match self.evaluate(scope)? {
            Value::Bool(holds) => Ok(holds),
            value => Err(self.error(format!("it is {}, neither true nor false", json::describe(&value)))),
        }
    }

    fn error(&self, reason: String) -> EvaluationError {
        EvaluationError { expression: self.source.to_string(), reason }
    }

    fn reason(&self, error: &minijinja::Error, scope: &Scope) -> String {
        match error.kind() {
            ErrorKind::UndefinedError => self.what_is_missing(scope).unwrap_or_else(|| describe(error)),
            ErrorKind::OutOfFuel => "it takes too long".into(),
            _ => describe(error),
        }
    }

    /// Says which of the paths that the expression names leads nowhere, and what is there instead.
    fn what_is_missing(&self, scope: &Scope) -> Option<String> {
        self.code.paths.iter().find_map(|path| {
            let (name, steps) = path.split_first()?;
            let Some(mut value) = scope.get(name) else { return Some(format!("`{name}` is undefined")) };
            let mut so_far = name.clone();
            for step in steps {
                let Some(next) = value.get(step) else {
                    return Some(format!("{} has no `{step}`", json::outline(&so_far, value)));
                };
                so_far = format!("{so_far}.{step}");
                value = next;
            }
            None
        })
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?} at {}:{})", self.source, self.span.line, self.span.column)
    }
}

impl InvalidExpression {
    fn new(error: &minijinja::Error, source: &str) -> Self {
        // An unexpected character counts for one byte there, however long it is.
        let characters = |range: Range<usize>| {
            source.floor_char_boundary(range.start)..source.ceil_char_boundary(range.end)
        };
        Self { message: describe(error), range: error.range().map(characters) }
    }
}

/// What minijinja says, without its talk of templates and lines.
fn describe(error: &minijinja::Error) -> String {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    detail.replace("template", "expression")
}
