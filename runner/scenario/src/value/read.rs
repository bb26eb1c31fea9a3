use hifijson::{Error, Expect, Read, SliceLexer, num::LexWrite as _, str::LexAlloc as _, token::Lex as _};

use super::{Number, Object, Value};

/// The deepest nesting of arrays and objects that is read.
const DEPTH: usize = 128;

/// Why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not valid JSON at line {line}, column {column}: {reason}")]
pub struct NotJson {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    /// What is wrong there, in a few words.
    pub reason: String,
}

impl Value {
    /// The value that a text of JSON holds.
    ///
    /// # Errors
    ///
    /// Where and why the bytes are not exactly one value of JSON in UTF-8, nested at most 128 deep.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, NotJson> {
        let text = text.as_ref();
        let mut lexer = SliceLexer::new(text);
        let read = lexer.exactly_one(SliceLexer::ws_peek, |next, lexer| value(next, lexer, DEPTH));
        read.map_err(|error| {
            let before = &text[..text.len() - lexer.as_slice().len()];
            let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            NotJson {
                line: memchr::memchr_iter(b'\n', before).count() + 1,
                column: String::from_utf8_lossy(line).chars().count() + 1,
                reason: reason(&error, lexer.as_slice()),
            }
        })
    }
}

/// Reads the value that begins with the byte `next`.
fn value(next: u8, lexer: &mut SliceLexer<'_>, depth: usize) -> Result<Value, Error> {
    match next {
        b'"' => text(lexer.discarded()).map(Value::String),
        b'0'..=b'9' | b'-' => number(lexer).map(Value::Number),
        b'[' => {
            let (mut items, depth) = (Vec::new(), depth.checked_sub(1).ok_or(Error::Depth)?);
            lexer.discarded().seq(b']', SliceLexer::ws_peek, |next, lexer| {
                items.push(value(next, lexer, depth)?);
                Ok::<_, Error>(())
            })?;
            Ok(Value::Array(items))
        }
        b'{' => {
            let (mut entries, depth) = (Object::new(), depth.checked_sub(1).ok_or(Error::Depth)?);
            lexer.discarded().seq(b'}', SliceLexer::ws_peek, |next, lexer| {
                lexer.expect(|_| Some(next), b'"').ok_or(Expect::String)?;
                let key = text(lexer)?;
                lexer.expect(SliceLexer::ws_peek, b':').ok_or(Expect::Colon)?;
                let next = lexer.ws_peek().ok_or(Expect::Value)?;
                entries.insert(key, value(next, lexer, depth)?);
                Ok::<_, Error>(())
            })?;
            Ok(Value::Object(entries))
        }
        _ => {
            let words = [(&b"null"[..], Value::Null), (b"true", true.into()), (b"false", false.into())];
            let found = words.into_iter().find(|(word, _)| lexer.as_slice().starts_with(word));
            let (word, value) = found.ok_or(Expect::Value)?;
            lexer.strip_prefix(word);
            Ok(value)
        }
    }
}

/// Reads the rest of a text after its opening quotation mark.
fn text(lexer: &mut SliceLexer<'_>) -> Result<String, Error> {
    let rest = lexer.as_slice();
    // Most texts are plain up to their end. The lexer goes byte by byte.
    if let Some(end) = memchr::memchr2(b'"', b'\\', rest)
        && rest[end] == b'"'
        && rest[..end].iter().min().is_none_or(|least| *least >= b' ')
        && let Ok(plain) = std::str::from_utf8(&rest[..end])
    {
        *lexer = SliceLexer::new(&rest[end + 1..]);
        return Ok(plain.to_owned());
    }
    Ok(lexer.str_string()?.into_owned())
}

fn number(lexer: &mut SliceLexer<'_>) -> Result<Number, Error> {
    if let Some((number, rest)) = Number::short_from(lexer.as_slice()) {
        *lexer = SliceLexer::new(rest);
        return Ok(number);
    }
    Ok(Number::from_json(lexer.num_string().validated()?.0))
}

/// What is wrong at the beginning of `rest`.
fn reason(error: &Error, rest: &[u8]) -> String {
    let end = if rest.is_empty() { ", and the text ends" } else { "" };
    match error {
        Error::Depth => format!("it is nested more than {DEPTH} deep"),
        Error::Num(_) => format!("a number needs a digit here{end}"),
        Error::Str(error) => error.to_string(),
        Error::Token(Expect::Value) => format!("a value is needed here{end}"),
        Error::Token(Expect::ValueOrEnd) => format!("a value or a closing bracket is needed here{end}"),
        Error::Token(Expect::CommaOrEnd) => format!("a comma or a closing bracket is needed here{end}"),
        Error::Token(Expect::String) => format!("a key in double quotes is needed here{end}"),
        Error::Token(Expect::Colon) => format!("a colon is needed here{end}"),
        Error::Token(Expect::Eof) => "the value ends before this".into(),
    }
}
