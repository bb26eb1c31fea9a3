//! The text of a file as a tree, with bounds on its size.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{
    merge::{MERGE_KEY, Merge},
    node::{Entry, Kind, Node},
    placeholder::Masked,
    scalar::plain,
    tag, unreadable,
};
use crate::Span;

#[cfg(test)]
mod tests;

/// The most values in a file. Aliases are copied out and counted, so this bounds a file that multiplies itself.
const NODES: usize = 100_000;
/// The deepest nesting of lists and mappings.
const DEPTH: usize = 64;

/// A mistake in the YAML itself: its place, the message, and what to do about it.
pub(crate) type YamlMistake = (Span, String, Option<String>);

/// Reads a text of one document. Mistakes that leave a tree are returned beside it: of a repeated key the first one counts.
pub(crate) fn parse(text: &str) -> Result<(Node, Vec<YamlMistake>), YamlMistake> {
    let mut masked = Masked::new(text);
    loop {
        match build(text, &masked) {
            Ok(mut builder) => {
                let root = builder.root.take().ok_or_else(|| {
                    (Span { line: 1, column: 1, ..Span::default() }, "nothing is written here".into(), None)
                })?;
                return Ok((root, builder.mistakes));
            }
            Err(Stop::Unreadable(span, info)) => {
                if !masked.mask(span.offset) {
                    let help = unreadable::help(text, span.offset);
                    return Err((span, format!("not readable as YAML: {info}"), help));
                }
            }
            Err(Stop::Mistake(mistake)) => return Err(mistake),
        }
    }
}

/// Why a text has no tree.
enum Stop {
    /// The parser can't go on here.
    Unreadable(Span, String),
    Mistake(YamlMistake),
}

fn build<'a>(text: &'a str, masked: &'a Masked) -> Result<Builder<'a>, Stop> {
    let mut builder = Builder::new(text, masked);
    for next in Parser::new_from_str(&masked.text) {
        let (event, span) = next
            .map_err(|error| Stop::Unreadable(place(text, *error.marker(), *error.marker()), error.info()))?;
        let span = place(text, span.start, span.end);
        if let Event::DocumentStart(..) = event
            && builder.root.is_some()
        {
            let help = "one file holds one document: write the other into a file of its own".to_owned();
            builder.mistakes.push((span, "a second document begins here".into(), Some(help)));
            break;
        }
        builder.take(event, span).map_err(Stop::Mistake)?;
    }
    Ok(builder)
}

fn place(text: &str, start: granit_parser::Marker, end: granit_parser::Marker) -> Span {
    let offset = start.byte_offset().unwrap_or(0).min(text.len());
    let end = end.byte_offset().unwrap_or(0).clamp(offset, text.len());
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    // Block scalars and plain ones may end after the line's end.
    let length = text.get(offset..end).map_or(0, |written| written.trim_end().len());
    Span { line: number(start.line()), column: number(start.col() + 1), offset, length }
}

/// A list or mapping that isn't closed yet.
struct Open {
    span: Span,
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    Mapping(OpenMapping),
}

#[derive(Default)]
struct OpenMapping {
    entries: Vec<Entry>,
    /// The lines of their keys, by which a repeated one is found.
    lines: BTreeMap<String, u32>,
    /// The key whose value comes next.
    key: Option<(String, Span)>,
    merge: Option<Merge>,
}

/// Builds the tree of one document from the parser's events.
struct Builder<'a> {
    text: &'a str,
    masked: &'a Masked,
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
    root: Option<Node>,
    mistakes: Vec<YamlMistake>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, masked: &'a Masked) -> Self {
        let (open, anchors, mistakes) = Default::default();
        Self { text, masked, open, anchors, nodes: 0, root: None, mistakes }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlMistake> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = match style {
                    ScalarStyle::Plain => self.plain(&text, span),
                    _ => Kind::Text(text.into_owned()),
                };
                self.check_tag(tag.as_deref(), &kind, span);
                self.add(Node { span, kind }, anchor, 1)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), &Kind::List(Vec::new()), span);
                self.open(span, anchor, OpenKind::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), &Kind::Mapping(Vec::new()), span);
                self.open(span, anchor, OpenKind::Mapping(OpenMapping::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Open { span, anchor, kind } = self.open.pop().expect("the parser closes what it opened");
                let (kind, first) = match kind {
                    OpenKind::List(items) => {
                        let first = items.first().map(|item| item.span);
                        (Kind::List(items), first)
                    }
                    OpenKind::Mapping(OpenMapping { mut entries, merge, .. }) => {
                        let own = entries.first().map(|entry| entry.span);
                        let first = own.into_iter().chain(merge.as_ref().map(|merge| merge.span)).min();
                        if let Some(merge) = merge {
                            merge.into(&mut entries);
                        }
                        (Kind::Mapping(entries), first)
                    }
                };
                // The span of a collection is that of its first entry: the whole of it can be pages long.
                let span = first.unwrap_or(span);
                self.add(Node { span, kind }, anchor, 1)
            }
            Event::Alias(anchor) => {
                let (node, nodes) =
                    self.anchors.get(&anchor).cloned().ok_or_else(|| {
                        (span, "this alias lies within what it stands for".to_owned(), None)
                    })?;
                self.add(node, 0, nodes)
            }
            Event::DocumentStart(..) => {
                self.check_directives(span);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The value of a scalar without quotes.
    fn plain(&mut self, text: &str, span: Span) -> Kind {
        let bytes = span.offset..span.offset + span.length;
        if self.masked.is_in(&bytes) {
            let written = &self.text[bytes];
            let quote = if written.contains('"') { '\'' } else { '"' };
            let help = format!("quote the whole value: `{quote}{written}{quote}`");
            let message = "`${…}` has to be quoted within `{ }` and `[ ]`".to_owned();
            self.mistakes.push((span, message, Some(help)));
            return Kind::Text(written.to_owned());
        }
        if [".inf", "-.inf", "+.inf", ".nan"].contains(&text.to_ascii_lowercase().as_str()) {
            let help = format!("quote it if the text is meant: `\"{text}\"`");
            self.mistakes.push((span, format!("JSON has no number `{text}`"), Some(help)));
        }
        plain(text)
    }

    fn check_tag(&mut self, tag: Option<&Tag>, kind: &Kind, span: Span) {
        let Some(tag) = tag else { return };
        if let Some((message, help)) = tag::mistake(tag, kind) {
            self.mistakes.push((tag::place(tag, self.text, span), message, Some(help)));
        }
    }

    /// Notes the lines before the document that begin with `%`, except one that says what holds anyway.
    fn check_directives(&mut self, document: Span) {
        let before = &self.text[..document.offset];
        for (line, written) in (1..).zip(before.lines()) {
            let written = written.trim_end();
            if written.starts_with('%') && written != "%YAML 1.2" {
                let offset = written.as_ptr() as usize - before.as_ptr() as usize;
                let span = Span { line, column: 1, offset, length: written.len() };
                let help = "leave the line out: this is read as YAML 1.2".to_owned();
                self.mistakes.push((span, "directives have no meaning here".into(), Some(help)));
            }
        }
    }

    fn open(&mut self, span: Span, anchor: usize, kind: OpenKind) -> Result<(), YamlMistake> {
        if self.open.len() == DEPTH {
            return Err((span, format!("this is nested more than {DEPTH} deep"), None));
        }
        self.open.push(Open { span, anchor, kind });
        Ok(())
    }

    /// Adds a complete node, which counts as `nodes` values, to the collection that is open.
    fn add(&mut self, node: Node, anchor: usize, nodes: usize) -> Result<(), YamlMistake> {
        self.nodes += nodes;
        if self.nodes > NODES {
            return Err((
                node.span,
                format!("this file holds more than {NODES} values, aliases counted out"),
                None,
            ));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size(&node)));
        }
        let text = self.text;
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open { kind: OpenKind::List(items), .. }) => items.push(node),
            Some(Open { kind: OpenKind::Mapping(OpenMapping { entries, lines, key, merge }), .. }) => {
                match key.take() {
                    None => *key = Some(key_of(text, node, &mut self.mistakes)?),
                    Some((name, span)) => {
                        let is_merge = name == MERGE_KEY && text[span.offset..].starts_with(MERGE_KEY);
                        let first = if is_merge {
                            merge.as_ref().map(|merge| merge.span.line)
                        } else {
                            lines.get(&name).copied()
                        };
                        if let Some(first) = first {
                            let message = format!("`{name}` is written a second time");
                            let help = if is_merge {
                                "merge several with a list: `<<: [*one, *other]`".to_owned()
                            } else {
                                format!("the first one is on line {first}")
                            };
                            self.mistakes.push((span, message, Some(help)));
                        } else if is_merge {
                            let place = node.span;
                            *merge = Merge::of(span, entries.len(), node);
                            if merge.is_none() {
                                let help =
                                    "write `<<: *name` with the anchor of a mapping, or a list of those";
                                let message = "only mappings can be merged".to_owned();
                                self.mistakes.push((place, message, Some(help.to_owned())));
                            }
                        } else {
                            lines.insert(name.clone(), span.line);
                            entries.push(Entry { key: name, span, value: node });
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Kind::Mapping(entries) => 1 + entries.iter().map(|entry| 1 + size(&entry.value)).sum::<usize>(),
        _ => 1,
    }
}

/// The text that a key is. One that is left out is a mistake, since it would be read as the text that stands there.
fn key_of(text: &str, node: Node, mistakes: &mut Vec<YamlMistake>) -> Result<(String, Span), YamlMistake> {
    let written = || text[node.span.offset..][..node.span.length].to_owned();
    let name = match node.kind {
        Kind::Text(text) | Kind::Number(_, text) => text,
        Kind::Boolean(_) => written(),
        Kind::Null => {
            let help = "quote it if a text is meant: `\"null\"`".to_owned();
            mistakes.push((node.span, "a key has to be a text".into(), Some(help)));
            written()
        }
        Kind::List(_) | Kind::Mapping(_) => {
            let help = "a `{` or `[` that begins a text has to be quoted".to_owned();
            return Err((node.span, "a key has to be a text".into(), Some(help)));
        }
    };
    Ok((name, node.span))
}
