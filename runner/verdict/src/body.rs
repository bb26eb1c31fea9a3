//! Bodies as they were meant: decoded, in their charset, and as JSON where they are that.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `coding` | `Content-Encoding`: gzip, deflate, br, zstd |
//! | `charset` | the charset of `Content-Type`, and byte order marks |
//! | `media_type` | `Content-Type` |
//! | `unreadable` | why a body can't be read |

use std::borrow::Cow;

use http::HeaderMap;
use scenario::Value;

use self::media_type::{Format, MediaType};
pub use self::unreadable::UnreadableBody;

mod charset;
mod coding;
mod media_type;
#[cfg(test)]
mod tests;
mod unreadable;

/// A message's body as it was sent, with the headers that say how to read it.
#[derive(Debug, Clone, Copy)]
pub struct EncodedBody<'a> {
    headers: &'a HeaderMap,
    bytes: &'a [u8],
}

impl<'a> EncodedBody<'a> {
    /// A body with its message's headers.
    pub fn new(headers: &'a HeaderMap, bytes: &'a [u8]) -> Self {
        Self { headers, bytes }
    }

    /// Its content codings in lower case, in the order in which they were applied; none for most bodies.
    pub fn codings(&self) -> Vec<String> {
        if self.bytes.is_empty() { Vec::new() } else { coding::codings(self.headers) }
    }

    /// How many bytes were sent.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Its text: decoded, in its charset, without a byte order mark.
    pub fn text(&self) -> Result<Cow<'a, str>, UnreadableBody> {
        self.text_as(&MediaType::of(self.headers))
    }

    /// Its value. The value of an empty body is an empty text, whatever its type: a reply to `HEAD` has none.
    ///
    /// Where the content type is JSON, anything else is an error. Without a type that says anything, what can be read as JSON
    /// is JSON. A body of another type is a text; so many services send JSON as `text/html` that an object or a list is read
    /// as such there, too.
    pub fn value(&self) -> Result<Value, UnreadableBody> {
        let media_type = MediaType::of(self.headers);
        let text = self.text_as(&media_type)?;
        let read = match media_type.format() {
            _ if text.is_empty() => None,
            Format::Json => Some(json(&text)?),
            Format::Unknown => json(&text).ok(),
            Format::Other if text.trim_start().starts_with(['{', '[']) => json(&text).ok(),
            Format::Other => None,
        };
        Ok(read.unwrap_or_else(|| text.into_owned().into()))
    }

    fn text_as(&self, media_type: &MediaType<'_>) -> Result<Cow<'a, str>, UnreadableBody> {
        if self.bytes.is_empty() {
            return Ok(Cow::Borrowed(""));
        }
        match coding::decode(self.headers, self.bytes)? {
            Cow::Borrowed(bytes) => charset::decode(bytes, media_type.charset()),
            Cow::Owned(bytes) => {
                charset::decode(&bytes, media_type.charset()).map(|text| text.into_owned().into())
            }
        }
    }
}

/// Reads a text of JSON.
fn json(text: &str) -> Result<Value, UnreadableBody> {
    Value::parse(text).map_err(|invalid| UnreadableBody::not_json(invalid, text))
}
