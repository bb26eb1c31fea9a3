//! Percent-encoding of paths and queries (RFC 3986). It leaves as they are the brackets in `x[]=1`, which servers take.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{Object, Value};

/// Characters that a URL can't have anywhere.
const NOWHERE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// Those, and what would end a segment of a path or have a meaning in it.
const SEGMENT: &AsciiSet = &NOWHERE.add(b'/').add(b'?').add(b'#').add(b'%').add(b'[').add(b']');
/// Those, and what would end a value in a query or have a meaning in it.
const QUERY_VALUE: &AsciiSet =
    &NOWHERE.add(b'&').add(b'=').add(b'+').add(b';').add(b'#').add(b'%').add(b'[').add(b']');
/// All that isn't unreserved.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The values of a query by their names: a text, or a list of texts for a name that comes several times.
pub fn query_values(query: &str) -> Object {
    let mut values = Object::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), Value::from(decoded(value)));
        match values.get_mut(&name) {
            None => {
                values.insert(name, value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = vec![first.clone(), value].into(),
        }
    }
    values
}

/// A name or a value of a query as it was meant.
fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// A value as one segment of a path.
pub(crate) fn segment(value: &str) -> String {
    utf8_percent_encode(value, SEGMENT).to_string()
}

/// A value as one value of a query.
pub(crate) fn query_value(value: &str) -> String {
    utf8_percent_encode(value, QUERY_VALUE).to_string()
}

/// A text that means the same at any place of a URL.
pub(crate) fn component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// A part of a URL as people write it: what is encoded already stays, and so does what has a meaning there.
pub(crate) fn written(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut encoded = utf8_percent_encode(pieces.next().unwrap_or_default(), NOWHERE).to_string();
    for piece in pieces {
        let is_code = piece.len() >= 2 && piece.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        encoded.push_str(if is_code { "%" } else { "%25" });
        encoded.extend(utf8_percent_encode(piece, NOWHERE));
    }
    encoded
}

/// Whether a character can't stand in a path or query as it is written, since it is never meant there: `#` begins a part of a
/// URL that is not sent.
pub(crate) fn is_misplaced(c: char) -> bool {
    c.is_control() || c == '#'
}
