//! Expressions, templates and values, and whether what they name exists at that point of the file.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    node::{Entry, Kind, Node},
    reader::Reader,
    suggestion,
};
use crate::{Expression, KEYWORDS, Span, Template, TemplateValue, Times, template::TemplateError};

/// What a reply brings to the expressions about it.
pub(crate) const REPLY: &[&str] = &["status", "headers", "body", "took"];
/// What a link brings to the expressions about it.
pub(crate) const LINK: &[&str] = &["calls", "delivered", "replied", "statuses"];
/// Which of a repeated or parallel step's requests one is, from 0 on.
const INDEX: &str = "index";
/// The value that matches any value, in an expected body.
const ANY: &str = "any";
/// Names that can't be given to variables.
const TAKEN: &[&[&str]] = &[REPLY, LINK, KEYWORDS, &[ANY, INDEX, "env", "range", "dict"]];

/// The variables there are at one point of a file, and those that were ever used.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: BTreeSet<String>,
    used: BTreeSet<String>,
    /// Where captures that are still to come stand.
    later: BTreeMap<String, Span>,
}

/// Where a value stands, as far as `${any}` is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Something is expected to be like it.
    Expected,
    /// It is sent.
    Sent,
}

impl Names {
    pub(crate) fn define(&mut self, name: &str) {
        self.known.insert(name.to_owned());
    }

    pub(crate) fn announce(&mut self, name: &str, span: Span) {
        self.later.entry(name.to_owned()).or_insert(span);
    }

    /// What was defined since there was only `before`, which no longer counts as defined.
    pub(crate) fn take_since(&mut self, before: &BTreeSet<String>) -> Vec<String> {
        self.known.extract_if(.., |name| !before.contains(name)).collect()
    }

    /// What is defined.
    pub(crate) fn known(&self) -> &BTreeSet<String> {
        &self.known
    }

    pub(crate) fn is_known(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.used.contains(name)
    }
}

impl Reader<'_> {
    /// Reads what a step sends: of several requests each has its `index`.
    pub(crate) fn sent<T>(&mut self, times: Times, read: impl FnOnce(&mut Self) -> T) -> T {
        if times != Times::Once {
            self.names.define(INDEX);
        }
        let sent = read(self);
        self.names.known.remove(INDEX);
        sent
    }

    /// Whether a variable may be called so.
    pub(crate) fn check_name(&mut self, name: &str, span: Span) {
        let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !starts || name.contains(|c: char| !c.is_alphanumeric() && c != '_') {
            let help = "a name begins with a letter and goes on with letters, digits and `_`".to_owned();
            self.note(span, format!("`{name}` can't be the name of a variable"), help);
        } else if TAKEN.iter().any(|taken| taken.contains(&name)) {
            let message = format!("`{name}` already has a meaning in expressions");
            self.note(span, message, "call it something else".to_owned());
        }
    }

    /// The expression that a scalar holds. Besides variables it can name `extra`.
    pub(crate) fn expression(&mut self, node: &Node, extra: &[&str]) -> Option<Expression> {
        let Kind::Text(text) = &node.kind else {
            self.wrong_kind(node, "an expression, such as `status == 200`");
            return None;
        };
        if text.trim_start().starts_with("${") {
            let help = "write what stands in the braces, without them".to_owned();
            self.note(node.span, "this is an expression by itself and needs no `${…}`", help);
            return None;
        }
        let span = self.part(node, text, 0..text.len());
        self.compile(text, span, extra)
    }

    /// One or more expressions.
    pub(crate) fn expressions(&mut self, node: &Node, extra: &[&str]) -> Option<Vec<Expression>> {
        let read = self.one_or_more(node).iter().map(|item| self.expression(item, extra));
        read.collect::<Vec<_>>().into_iter().collect()
    }

    /// Compiles an expression that stands at `span`.
    pub(crate) fn compile(&mut self, source: &str, span: Span, extra: &[&str]) -> Option<Expression> {
        if source.trim().is_empty() {
            self.note(span, "there is no expression here", None);
            return None;
        }
        let expression = match Expression::parse(source, span) {
            Ok(expression) => expression,
            Err(invalid) => {
                let range = invalid
                    .range
                    .filter(|range| span.length == source.len() && range.end <= source.len())
                    // The library counts bytes, and may end within a character.
                    .map(|range| {
                        source.floor_char_boundary(range.start)..source.ceil_char_boundary(range.end)
                    });
                let span = range.map_or(span, |range| Span {
                    column: span.column + u32::try_from(source[..range.start].chars().count()).unwrap_or(0),
                    offset: span.offset + range.start,
                    length: range.len(),
                    ..span
                });
                self.note(span, format!("not an expression: {}", invalid.message), None);
                return None;
            }
        };
        for name in expression.names() {
            self.names.used.insert(name.to_owned());
            if !extra.contains(&name) && !self.names.is_known(name) {
                self.undefined(name, source, span, extra);
            }
        }
        Some(expression)
    }

    fn undefined(&mut self, name: &str, source: &str, span: Span, extra: &[&str]) {
        let span = if span.length == source.len()
            && let Some(start) = word(source, name)
        {
            let columns = u32::try_from(source[..start].chars().count()).unwrap_or(0);
            Span { column: span.column + columns, offset: span.offset + start, length: name.len(), ..span }
        } else {
            span
        };
        let help = if name == ANY {
            Some("`${any}` stands for a whole value in an expected body, and nowhere else".to_owned())
        } else if let Some(later) = self.names.later.get(name) {
            Some(format!("it is captured only later, on line {}", later.line))
        } else {
            let known = self.names.known.iter().map(String::as_str).chain(extra.iter().copied());
            let help = suggestion::help(name, known);
            Some(help.unwrap_or_else(|| "there are no variables yet: `vars` and `capture` make them".into()))
        };
        self.note(span, format!("`{name}` is undefined"), help);
    }

    /// A text with holes.
    pub(crate) fn template(&mut self, node: &Node, wanted: &str) -> Option<Template> {
        let text = self.text(node, wanted)?;
        self.template_in(node, &text, 0)
    }

    /// The template in the rest of a scalar's text, from the byte `start` on.
    pub(crate) fn template_in(&mut self, node: &Node, text: &str, start: usize) -> Option<Template> {
        self.template_with(node, text, start, |reader, source, span| reader.compile(source, span, &[]))
    }

    /// A template whose holes `compile` makes expressions of.
    pub(crate) fn template_with(
        &mut self,
        node: &Node,
        text: &str,
        start: usize,
        mut compile: impl FnMut(&mut Self, &str, Span) -> Option<Expression>,
    ) -> Option<Template> {
        let rest = &text[start..];
        let read = Template::parse(rest, |hole| {
            let span = self.part(node, text, start + hole.start..start + hole.end);
            compile(self, &rest[hole], span).ok_or(())
        });
        match read {
            Ok(template) => Some(template),
            Err(TemplateError::Hole(())) => None,
            Err(TemplateError::Unclosed(at)) => {
                let span = self.part(node, text, start + at..start + at + 2);
                let help = "for the characters `${` themselves write `$${`".to_owned();
                self.note(span, "this `${` has no `}`", help);
                None
            }
        }
    }

    /// A JSON value with holes.
    pub(crate) fn value(&mut self, node: &Node, role: Role) -> Option<TemplateValue> {
        if node.is_missing() {
            self.note(node.span, "the value is missing", "write `null` if that is meant".to_owned());
            return None;
        }
        match &node.kind {
            Kind::Null => Some(TemplateValue::Plain(serde_json::Value::Null)),
            Kind::Boolean(value) => Some(TemplateValue::Plain((*value).into())),
            Kind::Number(number, _) => Some(TemplateValue::Plain(serde_json::Value::Number(number.clone()))),
            Kind::Text(text) if role == Role::Expected && is_any(text) => Some(TemplateValue::Any),
            Kind::Text(text) => self.template_in(node, text, 0).map(TemplateValue::Text),
            Kind::List(items) => {
                let read: Vec<_> = items.iter().map(|item| self.value(item, role)).collect();
                read.into_iter().collect::<Option<_>>().map(TemplateValue::Array)
            }
            Kind::Mapping(entries) => {
                let mut read = |entry: &Entry| Some((entry.key.clone(), self.value(&entry.value, role)?));
                let read: Vec<_> = entries.iter().map(&mut read).collect();
                read.into_iter().collect::<Option<_>>().map(TemplateValue::Object)
            }
        }
    }
}

fn is_any(text: &str) -> bool {
    text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).is_some_and(|hole| hole.trim() == ANY)
}

/// Where `name` stands as a word of its own.
fn word(source: &str, name: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    source.match_indices(name).map(|(at, _)| at).find(|at| {
        !source[..*at].ends_with(|c: char| part(c) || c == '.')
            && !source[at + name.len()..].starts_with(part)
    })
}
