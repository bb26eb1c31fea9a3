//! Scripts of Postman: what the usual lines of them say, as expectations and captures.

use std::collections::BTreeMap;

use scenario::Value;

use super::javascript::{Statement, arguments, function_body, statements, text};
use crate::{
    draft::Step,
    json_path::{item, member},
    variables::{Variables, quoted},
};

/// The deepest nesting of functions that is read.
const DEPTH: usize = 8;

/// Words of an expectation that only make it readable.
const CHAIN: &[&str] = &[
    "to", "be", "been", "is", "that", "which", "and", "has", "have", "with", "at", "of", "same", "deep",
    "own",
];

/// The most lists within one.
const MOST_LISTS: usize = 50;

/// The largest script that is read, in bytes.
const LARGEST: usize = 100_000;

/// The lines of a script.
pub(super) fn lines(event: &Value) -> Vec<&str> {
    match event.get("script").and_then(|script| script.get("exec")) {
        Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => text.lines().collect(),
        _ => Vec::new(),
    }
}

/// A script that is read into a step.
pub(super) struct Script<'s> {
    step: &'s mut Step,
    variables: &'s mut Variables,
    /// The names of the script, and what they stand for.
    names: BTreeMap<String, Computed>,
    unread: Vec<Statement>,
}

/// An expression, and the unit of its number.
#[derive(Clone)]
struct Computed {
    expression: String,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    None,
    /// Postman has milliseconds, and an expression seconds.
    Milliseconds,
}

impl<'s> Script<'s> {
    pub(super) fn new(step: &'s mut Step, variables: &'s mut Variables) -> Self {
        Self { step, variables, names: BTreeMap::new(), unread: Vec::new() }
    }

    /// Reads a script that runs before the request. Returns the statements that have no counterpart.
    pub(super) fn before(&mut self, lines: &[&str]) -> Vec<Statement> {
        for (line, statement) in self.statements(lines) {
            let set = set(&statement).and_then(|(name, value)| Some((name, literal(&value)?)));
            match set {
                Some((name, value)) if self.variables.value(&name).is_none() => {
                    self.variables.set(&name, value);
                }
                _ => self.leave(line, &statement),
            }
        }
        std::mem::take(&mut self.unread)
    }

    /// Reads a script that runs after the reply.
    pub(super) fn after(&mut self, lines: &[&str]) -> Vec<Statement> {
        let statements = self.statements(lines);
        self.block(statements, 0, DEPTH);
        std::mem::take(&mut self.unread)
    }

    fn leave(&mut self, line: usize, statement: &str) {
        if !statement.starts_with("console.") {
            self.unread.push((line, statement.lines().next().unwrap_or_default().to_owned()));
        }
    }

    /// The statements of a script, unless it is too large.
    fn statements(&mut self, lines: &[&str]) -> Vec<Statement> {
        let size: usize = lines.iter().map(|line| line.len() + 1).sum();
        if size > LARGEST {
            self.unread.push((0, format!("a script of {size} bytes")));
            return Vec::new();
        }
        statements(&lines.join("\n"))
    }

    fn block(&mut self, read: Vec<Statement>, first: usize, depth: usize) {
        for (line, statement) in read {
            let line = first + line;
            if let Some(rest) = statement.strip_prefix("pm.test(")
                && let Some((parts, _)) = arguments(rest)
                && let Some((lines, body)) = parts.last().and_then(|function| function_body(function))
                && depth > 0
            {
                // The function begins on the line of its call, or some lines below.
                let before = rest.find(body).map_or(lines, |at| rest[..at].matches('\n').count());
                let inner = statements(body);
                self.block(inner, line + before, depth - 1);
            } else if self.statement(&statement).is_none() {
                self.leave(line, &statement);
            }
        }
    }

    /// Reads a statement; `None` when it has no counterpart.
    fn statement(&mut self, statement: &str) -> Option<()> {
        let declared = ["var ", "let ", "const "].iter().find_map(|word| statement.strip_prefix(word));
        if let Some((name, value)) = declared.and_then(|rest| rest.split_once('=')) {
            let value = self.expression(value)?;
            self.names.insert(name.trim().to_owned(), value);
            return Some(());
        }
        if let Some((name, value)) = set(statement) {
            let value = self.expression(&value)?;
            let name = self.variables.name(&name);
            self.step.capture.retain(|(other, _)| *other != name);
            self.step.capture.push((name, value.expression));
            return Some(());
        }
        if let Some(rest) = statement.strip_prefix("tests[") {
            return self.legacy_test(rest);
        }
        if let Some(chain) = statement.strip_prefix("pm.response") {
            return self.reply(chain);
        }
        let (parts, chain) = arguments(statement.strip_prefix("pm.expect(")?)?;
        let value = self.expression(parts.first()?)?;
        for condition in self.conditions(value, chain)? {
            let status = condition.strip_prefix("status == ").and_then(|status| status.parse::<u16>().ok());
            match status {
                Some(status) => self.step.expect.status = vec![status.into()],
                None => self.step.expect.that.push(condition),
            }
        }
        Some(())
    }

    /// What `pm.expect(value)` and its chain say. Behind `property` the chain is about that.
    fn conditions(&mut self, mut value: Computed, chain: &str) -> Option<Vec<String>> {
        let mut conditions = Vec::new();
        for assertion in assertions(chain)? {
            conditions.push(self.condition(&value, &assertion)?);
            if let ("property", Some(name)) = (assertion.name.as_str(), assertion.parts.first()) {
                member(&mut value.expression, &text(name)?);
            }
        }
        Some(conditions)
    }

    /// `tests["name"] = responseCode.code === 200`.
    fn legacy_test(&mut self, rest: &str) -> Option<()> {
        let (_, condition) = rest.split_once("] =").or_else(|| rest.split_once("]="))?;
        let (left, right) = condition.split_once("===").or_else(|| condition.split_once("=="))?;
        let (left, right) = (self.expression(left)?, self.expression(right)?);
        self.step.expect.that.push(format!("{} == {}", left.expression, right.expression));
        Some(())
    }

    /// `pm.response.to.have.status(200)` and the like.
    fn reply(&mut self, chain: &str) -> Option<()> {
        let [Assertion { is_negated, name, parts }] = <[_; 1]>::try_from(assertions(chain)?).ok()?;
        let expect = &mut self.step.expect;
        match (name.as_str(), parts.as_slice(), is_negated) {
            ("status", [status], false) => expect.status = vec![status.parse::<u16>().ok()?.into()],
            ("status", [status], true) => {
                expect.that.push(format!("status != {}", status.parse::<u16>().ok()?));
            }
            ("header", [name], false) => expect.headers.push((text(name)?, "${any}".into())),
            ("header", [name], true) => expect.headers.push((text(name)?, Value::Null)),
            ("header", [name, value], false) => {
                let value = text(value)?;
                expect.header(&text(name)?, &value);
            }
            ("ok" | "success", [], false) => expect.status = vec!["2xx".into()],
            ("error", [], true) => expect.that.push("status < 400".into()),
            ("notFound", [], false) => expect.status = vec![404.into()],
            ("unauthorized", [], false) => expect.status = vec![401.into()],
            ("forbidden", [], false) => expect.status = vec![403.into()],
            ("badRequest", [], false) => expect.status = vec![400.into()],
            ("json", [], false) => expect.that.push("headers['content-type'] is matching('json')".into()),
            ("body", [], false) => expect.that.push("body | length > 0".into()),
            ("body", [body], false) => expect.equal("body", &text(body)?),
            ("jsonBody", [path], false) => {
                let mut expression = "body".to_owned();
                text(path)?.split('.').for_each(|name| member(&mut expression, name));
                expect.that.push(format!("{expression} is defined"));
            }
            _ => return None,
        }
        Some(())
    }

    /// What one word of a chain says about a value.
    fn condition(&mut self, value: &Computed, assertion: &Assertion) -> Option<String> {
        let Assertion { is_negated, name, parts } = assertion;
        let is_negated = *is_negated;
        let Computed { expression, unit } = value;
        let is = |test: &str| {
            if is_negated { format!("{expression} is not {test}") } else { format!("{expression} is {test}") }
        };
        let compared = |operator: &str, operand: &Computed| {
            let operand = match (unit, operand.expression.parse::<f64>()) {
                (Unit::Milliseconds, Ok(number)) => (number / 1_000.0).to_string(),
                _ => operand.expression.clone(),
            };
            let condition = format!("{expression} {operator} {operand}");
            if is_negated { format!("not ({condition})") } else { condition }
        };
        let mut values = Vec::new();
        if !matches!(name.as_str(), "match" | "matches") {
            for part in parts {
                values.push(self.expression(part)?);
            }
        }
        Some(match (name.as_str(), values.as_slice()) {
            ("equal" | "equals" | "eql" | "eqls" | "eq", [value]) if is_negated => {
                format!("{expression} != {}", value.expression)
            }
            ("equal" | "equals" | "eql" | "eqls" | "eq", [value]) => compared("==", value),
            ("above" | "gt" | "greaterThan", [value]) => compared(">", value),
            ("below" | "lt" | "lessThan", [value]) => compared("<", value),
            ("least" | "gte", [value]) => compared(">=", value),
            ("most" | "lte", [value]) => compared("<=", value),
            ("a" | "an", [_]) => match text(parts.first()?)?.to_lowercase().as_str() {
                "string" => is("string"),
                "number" => is("number"),
                "boolean" => is("boolean"),
                "array" => is("sequence"),
                "object" => is("mapping"),
                "null" => is("none"),
                _ => return None,
            },
            ("property", [_, rest @ ..]) => {
                let mut property = expression.clone();
                member(&mut property, &text(parts.first()?)?);
                match rest {
                    [] if is_negated => format!("{property} is undefined"),
                    [] => format!("{property} is defined"),
                    [value] if !is_negated => format!("{property} == {}", value.expression),
                    _ => return None,
                }
            }
            ("include" | "includes" | "contain" | "contains", [value]) => {
                format!("{} {} {expression}", value.expression, if is_negated { "not in" } else { "in" })
            }
            ("oneOf", [value]) => {
                format!("{expression} {} {}", if is_negated { "not in" } else { "in" }, value.expression)
            }
            ("lengthOf" | "length", [value]) if !is_negated => {
                format!("{expression} | length == {}", value.expression)
            }
            ("match" | "matches", []) => {
                let pattern = parts.first()?.strip_prefix('/')?.strip_suffix('/')?;
                is(&format!("matching({})", quoted(pattern)))
            }
            ("true", []) => format!("{expression} {} true", if is_negated { "!=" } else { "==" }),
            ("false", []) => format!("{expression} {} false", if is_negated { "!=" } else { "==" }),
            ("null", []) => is("none"),
            ("undefined", []) => is("undefined"),
            ("exist", []) => is("defined"),
            ("ok", []) if !is_negated => format!("{expression} | bool"),
            ("empty", []) => format!("{expression} | length {} 0", if is_negated { ">" } else { "==" }),
            _ => return None,
        })
    }

    /// An expression of JavaScript as one of here; `None` when it is none of the usual ones.
    fn expression(&mut self, source: &str) -> Option<Computed> {
        let source = source.trim();
        let plain = |expression: String| Some(Computed { expression, unit: Unit::None });
        if let Some(text) = text(source) {
            return plain(quoted(&text));
        }
        match source {
            "true" | "false" => return plain(source.to_owned()),
            "null" => return plain("none".into()),
            "pm.response.code" | "responseCode.code" => return plain("status".into()),
            "pm.response.text()" | "responseBody" => return plain("body | string".into()),
            "pm.response.responseTime" | "responseTime" => {
                return Some(Computed { expression: "took".into(), unit: Unit::Milliseconds });
            }
            _ if scenario::Number::parse(source).is_some() => return plain(source.to_owned()),
            _ => {}
        }
        if let Some(inner) = source.strip_prefix('[').filter(|inner| inner.ends_with(']')) {
            if inner.matches('[').count() > MOST_LISTS {
                return None;
            }
            let (items, _) = arguments(&format!("{}]", inner.strip_suffix(']')?))?;
            let items: Option<Vec<_>> = items.iter().map(|item| self.expression(item)).collect();
            let items: Vec<_> = items?.into_iter().map(|item| item.expression).collect();
            return plain(format!("[{}]", items.join(", ")));
        }
        for store in ["environment", "collectionVariables", "globals", "variables"] {
            if let Some(rest) = source.strip_prefix(&format!("pm.{store}.get(")) {
                let (parts, rest) = arguments(rest)?;
                let name = text(parts.first()?)?;
                return if rest.is_empty() { plain(self.variables.expression(&name)) } else { None };
            }
        }
        if let Some(rest) = source.strip_prefix("pm.response.headers.get(") {
            let (parts, rest) = arguments(rest)?;
            let name = text(parts.first()?)?.to_ascii_lowercase();
            return if rest.is_empty() { plain(format!("headers[{}]", quoted(&name))) } else { None };
        }
        for body in ["pm.response.json()", "JSON.parse(responseBody)"] {
            if let Some(rest) = source.strip_prefix(body) {
                return plain(below("body".into(), rest)?);
            }
        }
        let end = source.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(source.len());
        let known = self.names.get(&source[..end])?.clone();
        if end == source.len() {
            return Some(known);
        }
        let is_path = !known.expression.contains([' ', '|']);
        let expression = if is_path { known.expression } else { format!("({})", known.expression) };
        plain(below(expression, &source[end..])?)
    }
}

/// Members of a value: `.items[0].name`, and `.length` at the end.
fn below(mut expression: String, mut rest: &str) -> Option<String> {
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end =
                after.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            match (name, after) {
                ("", _) => return None,
                ("length", "") => return Some(format!("{expression} | length")),
                _ if after.starts_with('(') => return None,
                _ => member(&mut expression, name),
            }
            rest = after;
        } else {
            let (inner, after) = rest.strip_prefix('[')?.split_once(']')?;
            match (text(inner), inner.trim().parse::<u32>()) {
                (Some(name), _) => member(&mut expression, &name),
                (None, Ok(index)) => item(&mut expression, index),
                _ => return None,
            }
            rest = after;
        }
    }
    Some(expression)
}

/// The name and value of `pm.environment.set("name", value)` and its kin.
fn set(statement: &str) -> Option<(String, String)> {
    const SETTERS: &[&str] = &[
        "pm.environment.set(",
        "pm.collectionVariables.set(",
        "pm.globals.set(",
        "pm.variables.set(",
        "postman.setEnvironmentVariable(",
        "postman.setGlobalVariable(",
    ];
    let rest = SETTERS.iter().find_map(|setter| statement.strip_prefix(setter))?;
    match arguments(rest)? {
        (parts, rest) if parts.len() == 2 && rest.trim().is_empty() => {
            Some((text(&parts[0])?, parts[1].clone()))
        }
        _ => None,
    }
}

/// The value of a literal.
fn literal(source: &str) -> Option<Value> {
    text(source).map(Value::from).or_else(|| Value::parse(source).ok())
}

/// A word of a chain such as `.to.not.be.a('string')` that says something, with its arguments.
struct Assertion {
    /// Whether `not` stands before it.
    is_negated: bool,
    name: String,
    parts: Vec<String>,
}

/// What a chain says.
fn assertions(chain: &str) -> Option<Vec<Assertion>> {
    let mut assertions = Vec::new();
    let mut is_negated = false;
    let mut rest = chain.trim();
    while !rest.is_empty() {
        let after = rest.strip_prefix('.')?;
        let end = after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len());
        let (word, after) = after.split_at(end);
        rest = after.trim();
        let mut parts = Vec::new();
        if let Some(inner) = rest.strip_prefix('(') {
            let (found, after) = arguments(inner)?;
            parts = found;
            rest = after.trim();
        } else if word == "not" {
            is_negated = !is_negated;
            continue;
        } else if CHAIN.contains(&word) {
            continue;
        }
        assertions.push(Assertion { is_negated, name: word.to_owned(), parts });
        is_negated = false;
    }
    Some(assertions).filter(|assertions| !assertions.is_empty())
}
