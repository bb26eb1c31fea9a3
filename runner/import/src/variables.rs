//! `{{name}}` of other tools to `${name}`.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use scenario::{Object, Value, is_variable_name};

/// Stands around a placeholder while a text is read as JSON.
const MARK: char = '\u{f8f0}';

/// The longest name of a variable, in bytes.
const LONGEST_NAME: usize = 100;

/// The variables of a text, by the names that the other tool has for them.
#[derive(Debug)]
pub(crate) struct Variables {
    open: &'static str,
    close: &'static str,
    /// What a name that the other tool knows by itself stands for, as an expression.
    generated: fn(&str) -> Option<String>,
    names: BTreeMap<String, String>,
    /// The names here.
    taken: BTreeSet<String>,
    values: IndexMap<String, Value>,
    used: BTreeSet<String>,
}

/// The values of variables and what steps use, once all is read.
pub(crate) type Values = IndexMap<String, Value>;

impl Variables {
    /// Those of a tool that writes `{{name}}`.
    pub(crate) fn in_braces(generated: fn(&str) -> Option<String>) -> Self {
        Self::between("{{", "}}", generated)
    }

    pub(crate) fn between(
        open: &'static str,
        close: &'static str,
        generated: fn(&str) -> Option<String>,
    ) -> Self {
        let (names, taken, values, used) = Default::default();
        Self { open, close, generated, names, taken, values, used }
    }

    /// Gives a variable its value.
    pub(crate) fn set(&mut self, foreign: &str, value: Value) {
        let name = self.name(foreign);
        self.values.insert(name, value);
    }

    /// The value of a variable that is known before the first step.
    pub(crate) fn value(&self, foreign: &str) -> Option<&Value> {
        self.values.get(self.names.get(foreign)?)
    }

    /// The values that are known before the first step, by the names here.
    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// The name that a variable has here.
    pub(crate) fn name(&mut self, foreign: &str) -> String {
        if let Some(name) = self.names.get(foreign) {
            return name.clone();
        }
        let mut name: String = foreign.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        if name.starts_with(|c: char| !c.is_alphabetic() && c != '_') || name.is_empty() {
            name.insert(0, '_');
        }
        while !is_variable_name(&name) || !self.taken.insert(name.clone()) {
            name.push('_');
        }
        self.names.insert(foreign.to_owned(), name.clone());
        name
    }

    /// The expression that a variable is: its name here, which counts as used.
    pub(crate) fn expression(&mut self, foreign: &str) -> String {
        if let Some(expression) = (self.generated)(foreign) {
            return expression;
        }
        let name = self.name(foreign);
        self.used.insert(name.clone());
        name
    }

    /// The variables that were used since this was asked.
    pub(crate) fn take_used(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.used)
    }

    /// A text with its variables, as a template.
    pub(crate) fn template(&mut self, text: &str) -> String {
        self.template_of(text, literal)
    }

    /// A path with its variables, as a template without white space.
    pub(crate) fn path(&mut self, text: &str) -> String {
        self.template_of(text, path_literal)
    }

    fn template_of(&mut self, text: &str, written_as: impl Fn(&str) -> String) -> String {
        let mut written = String::new();
        for piece in self.pieces(text) {
            match piece {
                Piece::Text(text) => written.push_str(&written_as(text)),
                Piece::Variable(foreign) => {
                    // `$${` would be the characters themselves.
                    if written.ends_with('$') {
                        written.replace_range(written.len() - 1.., "${'$'}");
                    }
                    written.extend(["${", &self.expression(foreign), "}"]);
                }
            }
        }
        written
    }

    /// A text whose variables are put in if their values are known.
    pub(crate) fn resolved(&self, text: &str) -> String {
        let mut resolved = text.to_owned();
        // A value may name another variable.
        for _ in 0..4 {
            let next: String = self
                .pieces(&resolved)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.to_owned(),
                    Piece::Variable(name) => match self.value(name).map(Value::to_text) {
                        Some(value) if !value.is_empty() => value.into_owned(),
                        _ => format!("{}{name}{}", self.open, self.close),
                    },
                })
                .collect();
            if next == resolved || next.len() > 10_000 {
                break;
            }
            resolved = next;
        }
        resolved
    }

    /// The JSON that a text is, with templates for its variables; `None` when it is none.
    pub(crate) fn json(&mut self, text: &str) -> Option<Value> {
        let marked = self.marked(text);
        let value = Value::parse(&marked).ok()?;
        Some(self.templates(value))
    }

    /// A value whose texts are templates.
    pub(crate) fn templates(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => {
                if let Some(foreign) = text
                    .strip_prefix(MARK)
                    .and_then(|text| text.strip_suffix(MARK))
                    .filter(|text| !text.contains(MARK))
                {
                    return format!("${{{}}}", self.expression(foreign)).into();
                }
                let pieces = self.pieces(&text);
                if let [Piece::Variable(foreign)] = pieces.as_slice() {
                    let foreign = (*foreign).to_owned();
                    let expression = self.expression(&foreign);
                    // In quotes it is a text whatever its value is.
                    let is_text = expression.starts_with("uuid(") || expression.starts_with("now(");
                    let filter = if is_text { "" } else { " | string" };
                    return format!("${{{expression}{filter}}}").into();
                }
                self.template(&text).into()
            }
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.templates(item)).collect()),
            Value::Object(entries) => {
                let entries = entries.into_iter();
                Value::Object(entries.map(|(key, value)| (key, self.templates(value))).collect::<Object>())
            }
            plain => plain,
        }
    }

    /// A text in which the variables outside quotes are texts of JSON between marks.
    fn marked(&self, text: &str) -> String {
        let mut marked = String::new();
        let (mut in_quotes, mut rest) = (false, text);
        while let Some(c) = rest.chars().next() {
            if !in_quotes && let Some((Piece::Variable(name), length)) = self.variable(rest) {
                marked.push_str(&Value::from(format!("{MARK}{name}{MARK}")).to_string());
                rest = &rest[length..];
                continue;
            }
            let mut length = c.len_utf8();
            match c {
                '"' => in_quotes = !in_quotes,
                '\\' if in_quotes => {
                    length += rest[length..].chars().next().map_or(0, char::len_utf8);
                }
                _ => {}
            }
            marked.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        marked
    }

    /// The variable that a text begins with, and the bytes of all of it.
    fn variable<'t>(&self, text: &'t str) -> Option<(Piece<'t>, usize)> {
        let inner = text.strip_prefix(self.open)?;
        // A name that is longer is none.
        let near = &inner[..inner.floor_char_boundary(LONGEST_NAME + 10)];
        let end = near.find(self.close)?;
        let name = inner[..end].trim();
        let is_name = !name.is_empty() && name.len() <= LONGEST_NAME && !name.contains(['{', '}', '"', '\n']);
        is_name.then_some((Piece::Variable(name), self.open.len() + end + self.close.len()))
    }

    fn pieces<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
        while let Some(found) = text[at..].find(self.open) {
            at += found;
            if let Some((variable, length)) = self.variable(&text[at..]) {
                if start < at {
                    pieces.push(Piece::Text(&text[start..at]));
                }
                pieces.push(variable);
                at += length;
                start = at;
            } else {
                at += self.open.len();
            }
        }
        if start < text.len() || pieces.is_empty() {
            pieces.push(Piece::Text(&text[start..]));
        }
        pieces
    }
}

enum Piece<'t> {
    Text(&'t str),
    Variable(&'t str),
}

/// A text as a template without variables.
pub(crate) fn literal(text: &str) -> String {
    text.replace("${", "$${")
}

/// A path as a template without variables, in which white space is encoded.
pub(crate) fn path_literal(text: &str) -> String {
    let encoded = text.chars().map(|c| match c {
        c if c.is_whitespace() || c.is_control() => {
            let mut bytes = [0; 4];
            percent_encoding::utf8_percent_encode(
                c.encode_utf8(&mut bytes),
                percent_encoding::NON_ALPHANUMERIC,
            )
            .to_string()
        }
        c => c.to_string(),
    });
    literal(&encoded.collect::<String>())
}

/// A text as a literal of an expression.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("\\'"),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted + "'"
}
