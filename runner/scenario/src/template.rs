//! Texts and values with `${…}` in them.

use serde_json::Value;

use crate::{EvaluationError, Expression, Scope};

/// A text with `${…}` in it.
#[derive(Debug, Clone)]
pub struct Template {
    pub(crate) parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// Text as it stands.
    Text(String),
    /// `${…}`.
    Hole(Expression),
}

/// A JSON value with `${…}` in its texts. A text that is one `${…}` keeps the type of its value.
#[derive(Debug, Clone)]
pub enum TemplateValue {
    /// A null, boolean or number.
    Plain(Value),
    /// A text.
    Text(Template),
    /// An array.
    Array(Vec<TemplateValue>),
    /// An object, in the order it is written. Keys have no holes.
    Object(Vec<(String, TemplateValue)>),
}

impl Template {
    /// A template without holes.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// The text, with the holes filled in.
    pub fn render(&self, scope: &Scope) -> Result<String, EvaluationError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Hole(expression) => match expression.evaluate(scope)? {
                    Value::String(value) => text.push_str(&value),
                    value => text.push_str(&value.to_string()),
                },
            }
        }
        Ok(text)
    }

    /// The value: a text, or whatever the only hole gives.
    pub fn value(&self, scope: &Scope) -> Result<Value, EvaluationError> {
        match self.parts.as_slice() {
            [Part::Hole(expression)] => expression.evaluate(scope),
            _ => self.render(scope).map(Value::String),
        }
    }
}

impl TemplateValue {
    /// The value, with the holes filled in.
    pub fn render(&self, scope: &Scope) -> Result<Value, EvaluationError> {
        Ok(match self {
            Self::Plain(value) => value.clone(),
            Self::Text(template) => template.value(scope)?,
            Self::Array(items) => {
                Value::Array(items.iter().map(|item| item.render(scope)).collect::<Result<_, _>>()?)
            }
            Self::Object(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), value.render(scope)?)))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }
}
