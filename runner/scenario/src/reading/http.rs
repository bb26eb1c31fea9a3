//! The parts of HTTP messages that requests, expectations and faults share.

use http::{HeaderName, Method};

use super::{
    reader::Reader,
    suggestion,
    yaml::{Entry, Node},
};

/// The methods that a request can have.
pub(crate) const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The method in these bytes of a scalar's text.
pub(crate) fn method(
    reader: &mut Reader<'_>,
    node: &Node,
    text: &str,
    (start, end): (usize, usize),
) -> Option<Method> {
    let written = &text[start..end];
    if METHODS.contains(&written) {
        return written.parse().ok();
    }
    let span = reader.part(node, text, start..end);
    reader.note(
        span,
        format!("`{written}` is no method"),
        suggestion::help(written, METHODS.iter().copied()),
    );
    None
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
