//! Queries, filters and predicates to expressions.

use std::collections::VecDeque;

use super::tokens::{Token, tokens};
use crate::{
    json_path,
    variables::{Variables, quoted},
};

const UUID: &str = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";
const DATE: &str = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$";
const IPV4: &str = r"^(\d{1,3}\.){3}\d{1,3}$";
const IPV6: &str = "^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$";

/// The condition that a line of `[Asserts]` is.
pub(super) fn condition(line: &str, variables: &mut Variables) -> Result<String, String> {
    let mut parser = Parser::new(line, variables)?;
    let mut value = parser.query()?;
    parser.filters(&mut value)?;
    let condition = parser.predicate(&value)?;
    parser.end()?;
    Ok(condition)
}

/// The expression that the query in a line of `[Captures]` is.
pub(super) fn query(line: &str, variables: &mut Variables) -> Result<String, String> {
    let mut parser = Parser::new(line, variables)?;
    let mut value = parser.query()?;
    parser.filters(&mut value)?;
    // It hides the value in hurl's output.
    parser.tokens.pop_front_if(|token| *token == Token::Word("redact".into()));
    parser.end()?;
    Ok(value.expression)
}

/// A value in an assertion.
struct Queried {
    expression: String,
    /// Whether other filters can follow without brackets, and brackets can follow it.
    form: Form,
    unit: Unit,
}

#[derive(PartialEq, Eq)]
enum Form {
    Path,
    Filtered,
}

/// The unit of its number.
#[derive(PartialEq, Eq)]
enum Unit {
    None,
    /// hurl has milliseconds, and an expression seconds.
    Milliseconds,
}

struct Parser<'v> {
    tokens: VecDeque<Token>,
    variables: &'v mut Variables,
}

impl<'v> Parser<'v> {
    fn new(line: &str, variables: &'v mut Variables) -> Result<Self, String> {
        let tokens = tokens(line).ok_or("a text in it isn't closed")?.into();
        Ok(Self { tokens, variables })
    }

    fn end(&self) -> Result<(), String> {
        if self.tokens.is_empty() { Ok(()) } else { Err("what stands at its end has no counterpart".into()) }
    }

    fn word(&mut self) -> Option<String> {
        match self.tokens.front()? {
            Token::Word(word) => {
                let word = word.clone();
                self.tokens.pop_front();
                Some(word)
            }
            _ => None,
        }
    }

    /// A text without variables.
    fn text(&mut self, of: &str) -> Result<String, String> {
        match self.tokens.pop_front() {
            Some(Token::Text(text) | Token::Regex(text)) => Ok(text),
            _ => Err(format!("`{of}` needs a text")),
        }
    }

    fn query(&mut self) -> Result<Queried, String> {
        let word = self.word().ok_or("it has no query")?;
        let path = |expression: String| Queried { expression, form: Form::Path, unit: Unit::None };
        Ok(match word.as_str() {
            "status" => path(word),
            // The text of a body, which is a value here if it is JSON.
            "body" => Queried { form: Form::Filtered, ..path("body | string".into()) },
            "duration" => Queried { unit: Unit::Milliseconds, ..path("took".into()) },
            "header" => path(format!("headers[{}]", quoted(&self.text("header")?.to_ascii_lowercase()))),
            "jsonpath" => {
                let written = self.text("jsonpath")?;
                path(
                    json_path::expression(&written, "body")
                        .ok_or(format!("the path `{written}` has no counterpart"))?,
                )
            }
            "regex" => {
                let pattern = self.text("regex")?;
                Queried { form: Form::Filtered, ..path(format!("body | regex({})", quoted(&pattern))) }
            }
            "variable" => {
                let name = self.text("variable")?;
                path(self.variables.expression(&name))
            }
            "cookie" => {
                let name = self.text("cookie")?;
                if name.contains('[') {
                    return Err("attributes of cookies have no counterpart".into());
                }
                let pattern = format!("^{}=([^;]*)", escaped(&name));
                Queried {
                    form: Form::Filtered,
                    ..path(format!("headers['set-cookie'] | regex({})", quoted(&pattern)))
                }
            }
            other => return Err(format!("the query `{other}` has no counterpart")),
        })
    }

    fn filters(&mut self, value: &mut Queried) -> Result<(), String> {
        loop {
            let Some(Token::Word(name)) = self.tokens.front() else { return Ok(()) };
            let name = name.clone();
            let simple = match name.as_str() {
                "count" => "length",
                "first" => "first",
                "last" => "last",
                "toInt" => "int",
                "toFloat" => "float",
                "toString" => "string",
                "urlEncode" => "urlencode",
                "base64Encode" => "base64",
                "base64Decode" => "base64_decode",
                "nth" | "split" | "replace" | "regex" | "jsonpath" => "",
                name if UNKNOWN_FILTERS.contains(&name) => {
                    return Err(format!("the filter `{name}` has no counterpart"));
                }
                _ => return Ok(()),
            };
            self.tokens.pop_front();
            let before = std::mem::take(&mut value.expression);
            let in_brackets = if value.form == Form::Path { before.clone() } else { format!("({before})") };
            value.unit = Unit::None;
            (value.expression, value.form) = match name.as_str() {
                "nth" => {
                    let index = self
                        .word()
                        .and_then(|word| word.parse::<i64>().ok())
                        .ok_or("`nth` needs a number")?;
                    (format!("{in_brackets}[{index}]"), Form::Path)
                }
                "split" => (format!("{before} | split({})", quoted(&self.text("split")?)), Form::Filtered),
                "replace" => {
                    let (old, new) = (self.text("replace")?, self.text("replace")?);
                    (format!("{before} | replace({}, {})", quoted(&old), quoted(&new)), Form::Filtered)
                }
                "regex" => (format!("{before} | regex({})", quoted(&self.text("regex")?)), Form::Filtered),
                "jsonpath" => {
                    let written = self.text("jsonpath")?;
                    let path = json_path::expression(&written, &in_brackets);
                    (path.ok_or(format!("the path `{written}` has no counterpart"))?, Form::Path)
                }
                _ => (format!("{before} | {simple}"), Form::Filtered),
            };
        }
    }

    fn predicate(&mut self, value: &Queried) -> Result<String, String> {
        let expression = &value.expression;
        let mut name = self.word().ok_or("it has no predicate")?;
        let is_negated = name == "not";
        if is_negated {
            name = self.word().ok_or("it has no predicate")?;
        }
        let is = |test: &str| {
            if is_negated { format!("{expression} is not {test}") } else { format!("{expression} is {test}") }
        };
        let matching = |pattern: &str| is(&format!("matching({})", quoted(pattern)));
        Ok(match name.as_str() {
            "==" | "!=" | ">" | ">=" | "<" | "<=" => {
                let operand = self.operand(&value.unit)?;
                let condition = format!("{expression} {name} {operand}");
                if is_negated { format!("not ({condition})") } else { condition }
            }
            "startsWith" => is(&format!("startingwith({})", self.operand(&Unit::None)?)),
            "endsWith" => is(&format!("endingwith({})", self.operand(&Unit::None)?)),
            "contains" | "includes" => {
                let operand = self.operand(&Unit::None)?;
                format!("{operand} {} {expression}", if is_negated { "not in" } else { "in" })
            }
            "matches" => matching(&self.text("matches")?),
            "exists" if is_negated => format!("{expression} is undefined"),
            "exists" => format!("{expression} is defined"),
            "isEmpty" => format!("{expression} | length {} 0", if is_negated { "!=" } else { "==" }),
            "isBoolean" => is("boolean"),
            "isInteger" => is("integer"),
            "isFloat" => is("float"),
            "isNumber" => is("number"),
            "isString" => is("string"),
            "isList" => is("sequence"),
            "isObject" => is("mapping"),
            "isCollection" if is_negated => {
                format!("{expression} is not sequence and {expression} is not mapping")
            }
            "isCollection" => format!("{expression} is sequence or {expression} is mapping"),
            "isUuid" => matching(UUID),
            "isDate" | "isIsoDate" => matching(DATE),
            "isIpv4" => matching(IPV4),
            "isIpv6" => matching(IPV6),
            other => return Err(format!("the predicate `{other}` has no counterpart")),
        })
    }

    /// What a value is compared with.
    fn operand(&mut self, unit: &Unit) -> Result<String, String> {
        match self.tokens.pop_front().ok_or("it has no value")? {
            Token::Text(text) => Ok(self.variables.operand(&text)),
            Token::Regex(_) => Err("a pattern can only be matched".into()),
            Token::Word(word) => {
                if let Some(name) = word.strip_prefix("{{").and_then(|word| word.strip_suffix("}}")) {
                    let name = self.variables.expression(name.trim());
                    return Ok(if *unit == Unit::Milliseconds { format!("{name} / 1000") } else { name });
                }
                match word.as_str() {
                    "true" | "false" => return Ok(word),
                    "null" => return Ok("none".into()),
                    _ => {}
                }
                let number = scenario::Number::parse(&word)
                    .ok_or(format!("`{word}` is no value that can be compared"))?;
                Ok(match unit {
                    Unit::None => word,
                    Unit::Milliseconds => (number.as_f64() / 1000.0).to_string(),
                })
            }
        }
    }
}

const UNKNOWN_FILTERS: &[&str] = &[
    "base64UrlSafeDecode",
    "base64UrlSafeEncode",
    "charsetDecode",
    "dateFormat",
    "daysAfterNow",
    "daysBeforeNow",
    "decode",
    "format",
    "htmlEscape",
    "htmlUnescape",
    "location",
    "replaceRegex",
    "toDate",
    "toHex",
    "urlDecode",
    "urlQueryParam",
    "utf8Decode",
    "utf8Encode",
    "xpath",
];

/// A text in a regular expression.
fn escaped(text: &str) -> String {
    let escape =
        |c: char| if c.is_alphanumeric() || c == '_' || c == '-' { c.to_string() } else { format!("\\{c}") };
    text.chars().map(escape).collect()
}
