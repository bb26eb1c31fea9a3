//! Texts and values with `${…}` in them.

use std::ops::Range;

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

/// Why a text is no template.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TemplateError<E> {
    /// The `${` at this byte has no `}`.
    Unclosed(usize),
    /// What stands in a hole is no expression.
    Hole(E),
}

/// Where the `}` is that ends a hole, past the braces and quoted texts within.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(at),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A JSON value with `${…}` in its texts. A text that is one `${…}` keeps the type of its value.
#[derive(Debug, Clone)]
pub enum TemplateValue {
    /// A null, boolean or number.
    Plain(Value),
    /// `${any}`: in an expected body, whatever is there, null included; only absence doesn't match. It stands nowhere else.
    Any,
    /// A text.
    Text(Template),
    /// An array.
    Array(Vec<TemplateValue>),
    /// An object, in the order it is written. Keys have no holes.
    Object(Vec<(String, TemplateValue)>),
}

impl Template {
    /// Reads `text`, in which `$${` stands for `${` itself. `hole` makes an expression of what stands between `${`
    /// and `}` in these bytes of it.
    pub(crate) fn parse<E>(
        text: &str,
        mut hole: impl FnMut(Range<usize>) -> Result<Expression, E>,
    ) -> Result<Self, TemplateError<E>> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut at = 0;
        while let Some(found) = text[at..].find("${") {
            let start = at + found;
            if text[at..start].ends_with('$') {
                literal.push_str(&text[at..start]);
                literal.push('{');
                at = start + 2;
                continue;
            }
            literal.push_str(&text[at..start]);
            let inner = start + 2;
            let end = inner + closing_brace(&text[inner..]).ok_or(TemplateError::Unclosed(start))?;
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Hole(hole(inner..end).map_err(TemplateError::Hole)?));
            at = end + 1;
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() || parts.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// The expressions in its holes.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(expression) => Some(expression),
            Part::Text(_) => None,
        })
    }

    /// A template without holes.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// The texts between its holes.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(literal) => Some(literal.as_str()),
            Part::Hole(_) => None,
        })
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
            Self::Any => {
                let reason = "stands for a value only in an expected body".into();
                return Err(EvaluationError { expression: "any".into(), reason });
            }
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
