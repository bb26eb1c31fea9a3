//! Texts and values with `${…}` in them.

use std::ops::Range;

use crate::{Binding, Bindings, EvaluationError, Expression, Scope, Value, ValuePattern};

mod fit;
mod pairs;
mod path;
#[cfg(test)]
mod tests;

pub use fit::{Others, UnorderedList, partners};
pub use pairs::Pairs;
pub use path::PathTemplate;

/// The key of a list in any order.
pub(crate) const ANY_ORDER: &str = "any_order";
/// The key of a list in any order that may have other items.
pub(crate) const CONTAINS: &str = "contains";

/// A text with `${…}` in it.
#[derive(Debug, Clone)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone)]
enum Part {
    /// Literal text.
    Text(String),
    /// `${…}`.
    Placeholder(Expression),
}

/// Why a text is not a template.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TemplateError<E> {
    /// The `${` at this byte has no `}`.
    Unclosed(usize),
    /// The text of a placeholder is not an expression.
    Placeholder(E),
}

/// The byte of the `}` that ends a placeholder, past braces and quoted texts within it.
pub(crate) fn closing_brace(text: &str) -> Option<usize> {
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

/// Whether an object may have more keys than are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// It may have more.
    Subset,
    /// It must have the same.
    Exact,
}

/// A JSON value with `${…}` in its texts. A text that is one `${…}` keeps the type of its value.
#[derive(Debug, Clone)]
pub enum TemplateValue {
    /// A null, boolean or number.
    Plain(Value),
    /// `${any}` in an expected body: matches every value, null included, and only absence doesn't match.
    Any,
    /// A type in an expected body, maybe with a condition: `${number > 3}`.
    Pattern(ValuePattern),
    /// A text.
    Text(Template),
    /// A list in an expected body whose items can have any order.
    Unordered(UnorderedList),
    /// An array.
    Array(Vec<TemplateValue>),
    /// An object, in the order it is written. Keys have no placeholders.
    Object(Vec<(String, TemplateValue)>),
}

impl Template {
    /// Reads `text`, in which `$${` is written for `${` itself. `placeholder` makes an expression of the bytes between a `${`
    /// and its `}`.
    pub(crate) fn parse<E>(
        text: &str,
        mut placeholder: impl FnMut(Range<usize>) -> Result<Expression, E>,
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
            parts.push(Part::Placeholder(placeholder(inner..end).map_err(TemplateError::Placeholder)?));
            at = end + 1;
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() || parts.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// The expressions in its placeholders.
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(expression) => Some(expression),
            Part::Text(_) => None,
        })
    }

    /// The expressions in its placeholders, to be replaced.
    pub(crate) fn expressions_mut(&mut self) -> impl Iterator<Item = &mut Expression> {
        self.parts.iter_mut().filter_map(|part| match part {
            Part::Placeholder(expression) => Some(expression),
            Part::Text(_) => None,
        })
    }

    /// A template that is one placeholder.
    pub(crate) fn placeholder(expression: Expression) -> Self {
        Self { parts: vec![Part::Placeholder(expression)] }
    }

    /// A template without placeholders.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// The literal texts between its placeholders.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(literal) => Some(literal.as_str()),
            Part::Placeholder(_) => None,
        })
    }

    /// The text, with the placeholders filled in.
    pub fn render(&self, scope: &Scope) -> Result<String, EvaluationError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Placeholder(expression) => text.push_str(&expression.evaluate(scope)?.to_text()),
            }
        }
        Ok(text)
    }

    /// The value: a text, or the value of the placeholder when the template is one placeholder.
    pub fn value(&self, scope: &Scope) -> Result<Value, EvaluationError> {
        match self.parts.as_slice() {
            [Part::Placeholder(expression)] => expression.evaluate(scope),
            _ => self.render(scope).map(Value::String),
        }
    }

    /// The variables it uses, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.expressions().flat_map(Expression::names)
    }

    /// The template as it is written.
    pub fn source(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.replace("${", "$${"),
            Part::Placeholder(expression) => format!("${{{}}}", expression.source()),
        };
        self.parts.iter().map(part).collect()
    }

    /// The same template with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        let bind = |part: &Part| match part {
            Part::Text(text) => Part::Text(text.clone()),
            Part::Placeholder(expression) => match bindings.get(expression.source().trim()) {
                Some(Binding::Value(value)) => Part::Text(value.to_text().into_owned()),
                _ => Part::Placeholder(expression.bind(bindings)),
            },
        };
        Self { parts: self.parts.iter().map(bind).collect() }
    }

    /// The known value of a template that is nothing but one variable.
    fn known<'a>(&self, bindings: &'a Bindings) -> Option<&'a Value> {
        match self.parts.as_slice() {
            [Part::Placeholder(expression)] => match bindings.get(expression.source().trim())? {
                Binding::Value(value) => Some(value),
                Binding::Name(_) => None,
            },
            _ => None,
        }
    }
}

impl TemplateValue {
    /// The value, with the placeholders filled in.
    pub fn render(&self, scope: &Scope) -> Result<Value, EvaluationError> {
        Ok(match self {
            Self::Plain(value) => value.clone(),
            Self::Any | Self::Pattern(_) | Self::Unordered(_) => {
                let reason = "stands for a value only in an expected body".into();
                return Err(EvaluationError { expression: self.source().to_text().into_owned(), reason });
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

    /// Collects the templates in it.
    pub(crate) fn templates<'a>(&'a self, found: &mut Vec<&'a Template>) {
        match self {
            Self::Plain(_) | Self::Any | Self::Pattern(_) => {}
            Self::Text(template) => found.push(template),
            Self::Unordered(list) => list.items.iter().for_each(|item| item.templates(found)),
            Self::Array(items) => items.iter().for_each(|item| item.templates(found)),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.templates(found)),
        }
    }

    /// Collects the templates in it, to be changed.
    pub(crate) fn templates_mut<'a>(&'a mut self, found: &mut Vec<&'a mut Template>) {
        match self {
            Self::Plain(_) | Self::Any | Self::Pattern(_) => {}
            Self::Text(template) => found.push(template),
            Self::Unordered(list) => list.items.iter_mut().for_each(|item| item.templates_mut(found)),
            Self::Array(items) => items.iter_mut().for_each(|item| item.templates_mut(found)),
            Self::Object(entries) => entries.iter_mut().for_each(|(_, value)| value.templates_mut(found)),
        }
    }

    /// The variables it uses, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let (mut templates, mut patterns) = (Vec::new(), Vec::new());
        self.templates(&mut templates);
        self.patterns(&mut patterns);
        templates
            .into_iter()
            .flat_map(Template::names)
            .chain(patterns.into_iter().flat_map(ValuePattern::names))
    }

    /// Collects the patterns in it.
    fn patterns<'a>(&'a self, found: &mut Vec<&'a ValuePattern>) {
        match self {
            Self::Plain(_) | Self::Any | Self::Text(_) => {}
            Self::Pattern(pattern) => found.push(pattern),
            Self::Unordered(list) => list.items.iter().for_each(|item| item.patterns(found)),
            Self::Array(items) => items.iter().for_each(|item| item.patterns(found)),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.patterns(found)),
        }
    }

    /// The value as it is written.
    pub fn source(&self) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Any => "${any}".into(),
            Self::Pattern(pattern) => format!("${{{pattern}}}").into(),
            Self::Text(template) => template.source().into(),
            Self::Unordered(UnorderedList { items, others }) => {
                let key = match others {
                    Others::Forbidden => ANY_ORDER,
                    Others::Allowed => CONTAINS,
                };
                [(key, items.iter().map(Self::source).collect::<Value>())].into_iter().collect()
            }
            Self::Array(items) => items.iter().map(Self::source).collect(),
            Self::Object(entries) => {
                Value::Object(entries.iter().map(|(key, value)| (key.clone(), value.source())).collect())
            }
        }
    }

    /// The same value with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        match self {
            Self::Plain(_) | Self::Any => self.clone(),
            Self::Text(template) => match template.known(bindings) {
                Some(value) => value.into(),
                None => Self::Text(template.bind(bindings)),
            },
            Self::Pattern(pattern) => Self::Pattern(pattern.bind(bindings)),
            Self::Unordered(UnorderedList { items, others }) => {
                let items = items.iter().map(|item| item.bind(bindings)).collect();
                Self::Unordered(UnorderedList { items, others: *others })
            }
            Self::Array(items) => Self::Array(items.iter().map(|item| item.bind(bindings)).collect()),
            Self::Object(entries) => {
                Self::Object(entries.iter().map(|(key, value)| (key.clone(), value.bind(bindings))).collect())
            }
        }
    }
}

impl From<&Value> for TemplateValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(Template::literal(text)),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(entries) => {
                Self::Object(entries.iter().map(|(key, value)| (key.clone(), value.into())).collect())
            }
            plain => Self::Plain(plain.clone()),
        }
    }
}
