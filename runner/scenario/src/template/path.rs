//! Paths with queries, with `${…}` in them.

use super::{Part, Template};
use crate::{Binding, Bindings, EvaluationError, Expression, Scope, Value, percent};

/// The path and query of a request. Values are encoded where they stand: as a segment of the path, or as a value in the
/// query. What is written around them is encoded as far as it has to be.
///
/// Some values are taken as they are, encoded only as far as they have to be:
/// - what the path begins with, as in `${next}`: its value is a path, and can have a query;
/// - the same behind a slash that is doubled by it: `/${next}`;
/// - a whole pair of the query, as in `/search?${query}`;
/// - what the filter `urlencode` has encoded.
#[derive(Debug, Clone)]
pub struct PathTemplate(Template);

impl PathTemplate {
    /// The path that a template is.
    pub(crate) fn new(mut template: Template) -> Self {
        for part in &mut template.parts {
            if let Part::Text(text) = part {
                *text = percent::written(text);
            }
        }
        Self(template)
    }

    /// A path without placeholders.
    pub fn literal(text: impl Into<String>) -> Self {
        Self::new(Template::literal(text))
    }

    /// The path and query, as they are sent.
    pub fn render(&self, scope: &Scope) -> Result<String, EvaluationError> {
        let mut path = String::new();
        for (index, part) in self.0.parts.iter().enumerate() {
            match part {
                Part::Text(text) => path.push_str(text),
                Part::Placeholder(expression) => {
                    let value = expression.evaluate(scope)?;
                    let encoded = self.encoded(index, expression, &path, &value);
                    path.push_str(&encoded.map_err(|reason| EvaluationError {
                        expression: expression.source().to_owned(),
                        reason,
                    })?);
                }
            }
        }
        Ok(path)
    }

    /// The value of the placeholder at `index`, encoded for its place after `before`; an error says why it can't stand there.
    fn encoded(
        &self,
        index: usize,
        expression: &Expression,
        before: &str,
        value: &Value,
    ) -> Result<String, String> {
        let text = value.to_text();
        let text = &*text;
        let is_rest = self.0.parts.len() == index + 1;
        let is_pair = before.ends_with(['?', '&'])
            && match self.0.parts.get(index + 1) {
                None => true,
                Some(Part::Text(next)) => next.starts_with('&'),
                Some(Part::Placeholder(_)) => false,
            };
        if before.is_empty() || (before == "/" && is_rest && (is_url(text) || text.starts_with('/'))) {
            let path = begins_path(text)?;
            as_it_is(path.get(before.len()..).unwrap_or_default())
        } else if is_pair || expression.has_filter("urlencode") {
            as_it_is(text)
        } else if before.contains('?') {
            Ok(percent::query_value(text))
        } else {
            segment_kind(value).map(|()| percent::segment(text))
        }
    }

    /// The variables it uses, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// The template as it is written, with the text around its placeholders as it is sent.
    pub fn source(&self) -> String {
        self.0.source()
    }

    /// The same path with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        // The text so far, as long as it is known: a path that begins with an unknown one may already have its query.
        let mut before = Some(String::new());
        let mut parts = Vec::new();
        for (index, part) in self.0.parts.iter().enumerate() {
            let bound = match part {
                Part::Text(text) => Part::Text(text.clone()),
                Part::Placeholder(expression) => {
                    let encoded = match (bindings.get(expression.source().trim()), &before) {
                        (Some(Binding::Value(value)), Some(before)) => {
                            self.encoded(index, expression, before, value).ok()
                        }
                        _ => None,
                    };
                    encoded.map_or_else(|| Part::Placeholder(expression.bind(bindings)), Part::Text)
                }
            };
            before = match (&bound, before) {
                (Part::Text(text), Some(before)) => Some(before + text),
                (Part::Placeholder(_), Some(before)) if !before.is_empty() => Some(before + "*"),
                _ => None,
            };
            parts.push(bound);
        }
        Self(Template { parts })
    }

    pub(crate) fn template(&self) -> &Template {
        &self.0
    }

    pub(crate) fn template_mut(&mut self) -> &mut Template {
        &mut self.0
    }
}

/// Whether a value is of a kind that can be a part of a segment.
fn segment_kind(value: &Value) -> Result<(), String> {
    let kind = match value {
        Value::Null => "null",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
        Value::Bool(_) | Value::Number(_) | Value::String(_) => return Ok(()),
    };
    Err(format!("it is {kind}, and a path is made of texts and numbers"))
}

fn is_url(value: &str) -> bool {
    value.starts_with("http://") || value.starts_with("https://")
}

/// The value, which a path begins with.
fn begins_path(value: &str) -> Result<&str, String> {
    if is_url(value) {
        return Err(format!(
            "`{value}` is a whole URL, and a request names its service: take the path from it with `| \
             regex('^https?://[^/]+(/.*)')`"
        ));
    }
    if !value.starts_with('/') {
        return Err(format!("`{value}` is no path, which begins with `/`: write a `/` before the `${{…}}`"));
    }
    Ok(value)
}

fn as_it_is(value: &str) -> Result<String, String> {
    match value.chars().find(|c| percent::is_misplaced(*c)) {
        Some('#') => Err(format!("`{value}` has a `#`, and what follows one isn't sent to a service")),
        Some(_) => Err(format!("{value:?} has a control character, which a path can't have")),
        None => Ok(percent::written(value)),
    }
}
