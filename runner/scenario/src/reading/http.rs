//! The parts of HTTP messages that requests, expectations and faults share.

use http::{HeaderName, Method};

use super::{
    reader::Reader,
    suggestion,
    table::Shape,
    yaml::{Entry, Node},
};

/// The methods that most requests have. One that is nearly one of these is a mistake, unless it is registered, too.
const COMMON: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Other methods that are registered (IANA, HTTP Method Registry).
const REGISTERED: &[&str] = &[
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PRI",
    "PROPFIND",
    "PROPPATCH",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "TRACE",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// A method alone: a token (RFC 9110, 5.6.2).
pub(crate) const METHOD: Shape = Shape::Pattern(r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$");

/// The method in these bytes of a scalar's text: any token, in the case in which it is written.
pub(crate) fn method(
    reader: &mut Reader<'_>,
    node: &Node,
    text: &str,
    (start, end): (usize, usize),
) -> Option<Method> {
    let written = &text[start..end];
    let note = |reader: &mut Reader<'_>, message: String, help: String| {
        let span = reader.part(node, text, start..end);
        reader.note(span, message, help);
    };
    let Ok(method) = Method::from_bytes(written.as_bytes()) else {
        let help = "a method has letters, digits and `!#$%&'*+-.^_`|~` only".to_owned();
        note(reader, format!("`{written}` is no method"), help);
        return None;
    };
    if method == Method::CONNECT {
        let help = "it asks a proxy for a tunnel: send the request itself".to_owned();
        note(reader, "CONNECT can't be sent to a service".to_owned(), help);
        return None;
    }
    if !COMMON.contains(&written)
        && !REGISTERED.contains(&written)
        && let Some(meant) = misspelled(written)
    {
        note(reader, format!("`{written}` is no method"), suggestion::did_you_mean(meant));
        return None;
    }
    Some(method)
}

/// The common method that is meant by one that differs from it in case only, or in one letter.
fn misspelled(written: &str) -> Option<&'static str> {
    let upper = written.to_ascii_uppercase();
    COMMON.iter().copied().find(|common| strsim::damerau_levenshtein(&upper, common) <= 1)
}

/// The header whose name a key is.
pub(crate) fn header_name(reader: &mut Reader<'_>, entry: &Entry) -> Option<HeaderName> {
    let name = entry.key.parse().ok();
    if name.is_none() {
        reader.note(entry.span, format!("`{}` can't be the name of a header", entry.key), None);
    }
    name
}

/// An HTTP status.
pub(crate) fn status(reader: &mut Reader<'_>, node: &Node) -> Option<u16> {
    reader.whole(node, 100..=599).and_then(|status| u16::try_from(status).ok())
}

/// The first two words of a text and the rest of it, each as its first byte and the byte after its last.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    (0..3).map_while(move |number| {
        let start = at + text[at..].find(|c: char| !c.is_whitespace())?;
        let end = text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length);
        at = end;
        let all = if number == 2 { text.trim_end().len() } else { end };
        Some((start, all))
    })
}
