//! Names with values that can be left out or repeated: the pairs of a query, the fields of a form.

use super::{Template, TemplateValue};
use crate::{Bindings, EvaluationError, Scope, Value};

/// Names, each with the template of its value, in the order they are sent. A list repeats the name, and null leaves it out.
#[derive(Debug, Clone, Default)]
pub struct Pairs(pub(crate) Vec<(String, TemplateValue)>);

impl Pairs {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Each name with one of its values, as text. An object is no value of a pair.
    pub fn render(&self, scope: &Scope) -> Result<Vec<(&str, String)>, EvaluationError> {
        let mut pairs = Vec::new();
        for (name, value) in &self.0 {
            let values = match value.render(scope)? {
                Value::Null => Vec::new(),
                Value::Array(items) => items,
                value => vec![value],
            };
            for value in values {
                if matches!(value, Value::Object(_) | Value::Array(_)) {
                    let reason = "its value has to be a text, a number, a boolean, null, or a list of those";
                    return Err(EvaluationError { expression: name.clone(), reason: reason.into() });
                }
                if value != Value::Null {
                    pairs.push((name.as_str(), value.to_text().into_owned()));
                }
            }
        }
        Ok(pairs)
    }

    /// The same pairs with other names or values for some of their variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        Self(self.0.iter().map(|(name, value)| (name.clone(), value.bind(bindings))).collect())
    }

    /// Collects the templates in them.
    pub(crate) fn templates<'a>(&'a self, found: &mut Vec<&'a Template>) {
        self.0.iter().for_each(|(_, value)| value.templates(found));
    }

    /// Collects the templates in them, to be changed.
    pub(crate) fn templates_mut<'a>(&'a mut self, found: &mut Vec<&'a mut Template>) {
        self.0.iter_mut().for_each(|(_, value)| value.templates_mut(found));
    }

    /// The pairs as they are written.
    pub fn source(&self) -> impl Iterator<Item = (String, Value)> {
        self.0.iter().map(|(name, value)| (name.clone(), value.source()))
    }
}
