//! The expression language: minijinja's, with exact money and the filters that scenarios need.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `environment` | minijinja as it is set up here |
//! | `code` | an expression compiled, and what it names |
//! | `depth` | a bound on how deep an expression is |
//! | `certainty` | conditions that are true or false whatever their variables are |
//! | `tokens` | the source as tokens, and which of them are variables |
//! | `filters` | our filters, each a line there and a function in its folder |
//! | `helpers` | operators, filters, tests and functions, each with an example |
//! | `draws`, `timestamp` | values that are drawn, such as `uuid()`, and points in time |
//! | `kinds` | tests of a value's kind |
//! | `ordering` | why `'a' < 1` is an error here |
//! | `headers` | headers of a reply: names in any case, several values |
//! | `scope` | the values that names stand for |
//! | `false_part` | why a condition is false: its parts that are, with the operands computed |
//! | `binding` | other names or values in place of variables |
//! | `arithmetic` | what to do where minijinja's arithmetic can't be exact |
//! | `path` | expressions that are nothing but a path, such as `body.order.id` |
//! | `json` | JSON to minijinja's values and back |
//! | `number` | numbers to minijinja's and back, without a change of their values |
//! | `meant` | spellings of other languages, and what they are called here |
//! | `literals` | numbers in an expression that minijinja would read as others |
//! | `times` | lengths of time in an expression, which are numbers of seconds |

use std::{fmt, ops::Range, sync::Arc};

use self::code::Code;
use crate::Value;
use minijinja::ErrorKind;

mod arithmetic;
mod binding;
mod certainty;
mod code;
mod depth;
mod draws;
mod environment;
mod error;
mod false_part;
mod filters;
mod headers;
mod helpers;
mod json;
mod kinds;
mod literals;
mod meant;
mod number;
mod ordering;
mod path;
mod scope;
#[cfg(test)]
mod tests;
mod times;
mod timestamp;
mod tokens;

pub use binding::{Binding, Bindings};
pub(crate) use draws::is_function;
pub use draws::{Draws, WallClock};
pub use error::{EvaluationError, InvalidExpression};
pub use false_part::{FalsePart, Relation};
pub use headers::{header_fields, header_text};
pub use helpers::{HELPERS, Helper};
pub(crate) use meant::{functions, name as meant};
pub use scope::{Scope, SharedValue};
pub(crate) use tokens::KEYWORDS;

/// A compiled expression.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    code: Arc<Code>,
}

impl Expression {
    /// Compiles `source`.
    pub fn parse(source: &str) -> Result<Self, InvalidExpression> {
        Ok(Self { source: source.into(), code: Code::of(source)? })
    }

    /// The same, shown as `source` in messages.
    pub(crate) fn written_as(self, source: &str) -> Self {
        Self { source: source.into(), ..self }
    }

    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The variables it uses, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.code.names.iter().map(String::as_str)
    }

    /// Those variables, each with the keys after it: `body`, `order`, `id`.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &[String]> {
        self.code.paths.iter().map(Vec::as_slice)
    }

    /// Whether it draws a value, or tells the time: another evaluation may have another value.
    pub(crate) fn draws(&self) -> bool {
        self.code.draws
    }

    /// Whether it uses this filter.
    pub(crate) fn has_filter(&self, name: &str) -> bool {
        self.source.contains(name) && tokens::has_filter(&self.source, name)
    }

    /// Its value. An undefined name or key is an error, and so is an expression that takes too long.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, EvaluationError> {
        if let Some(found) = self.code.path.as_ref().and_then(|path| path.find(scope)) {
            return Ok(found.clone());
        }
        let unusable = self.code.names.iter().find_map(|name| Some((name, scope.unusable(name)?)));
        if let Some((name, why)) = unusable {
            return Err(self.error(format!("`{name}` is {why}")));
        }
        let known = self.code.names.iter().filter_map(|name| Some((name.as_str(), scope.calculable(name)?)));
        let draws = scope.draws().filter(|_| self.code.draws).map(|draws| (draws::DRAWS, draws));
        let context = minijinja::Value::from_pairs(known.chain(draws));
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

    /// Its result as a condition whatever its variables are, where that is plain to see, as of `calls >= 0`.
    pub(crate) fn always(&self) -> Option<bool> {
        certainty::always(&self.source)
    }

    /// The place in its source of a number of seconds, with which one of these names is compared, that was probably meant as
    /// milliseconds.
    pub(crate) fn meant_as_milliseconds(&self, is_time: impl Fn(&str) -> bool) -> Option<Range<usize>> {
        times::meant_as_milliseconds(&self.source, is_time)
    }

    /// The places of what stands between `and` and `or` outside of brackets and is one word, number or text.
    pub(crate) fn operands(&self) -> Vec<Range<usize>> {
        meant::operands(&self.source)
    }

    /// Its parts that are false, with their operands computed, for a condition that doesn't hold.
    pub fn false_parts(&self, scope: &Scope) -> Vec<FalsePart> {
        false_part::false_parts(&self.source, scope)
    }

    /// The same expression with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        if !self.names().any(|name| bindings.contains_key(name)) {
            return self.clone();
        }
        Self::parse(&binding::bound(&self.source, bindings))
            .expect("a name or a literal can stand wherever a variable can")
    }

    fn error(&self, reason: String) -> EvaluationError {
        EvaluationError { expression: self.source.to_string(), reason }
    }

    fn reason(&self, error: &minijinja::Error, scope: &Scope) -> String {
        match error.kind() {
            ErrorKind::UndefinedError => {
                self.what_is_missing(scope).unwrap_or_else(|| error::describe(error))
            }
            ErrorKind::OutOfFuel => "it takes too long".into(),
            ErrorKind::InvalidOperation => match arithmetic::help(&self.source, &self.code, scope) {
                Some(help) => format!("{}: {help}", error::describe(error)),
                None => error::describe(error),
            },
            _ => error::describe(error),
        }
    }

    /// The first of the paths that the expression names which leads nowhere, and what is there instead.
    fn what_is_missing(&self, scope: &Scope) -> Option<String> {
        self.code.paths.iter().find_map(|path| {
            let (name, steps) = path.split_first()?;
            let Some(mut value) = scope.get(name) else { return Some(format!("`{name}` is undefined")) };
            let mut so_far = name.clone();
            for step in steps {
                let next = match value {
                    Value::Object(fields) if so_far == headers::HEADERS => headers::member(fields, step),
                    _ => value.get(step),
                };
                let Some(next) = next else {
                    let what = format!("{} has no `{step}`", json::outline(&so_far, value));
                    let is_counted = matches!(value, Value::Array(_) | Value::String(_));
                    return Some(if is_counted && meant::is_length(step) {
                        format!("{what}; write `{so_far} | length`")
                    } else {
                        what
                    });
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
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}
