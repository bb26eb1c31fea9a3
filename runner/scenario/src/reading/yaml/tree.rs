//! The text of a file as a tree, with bounds on its size.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle};

use super::{
    node::{Entry, Kind, Node},
    scalar::plain,
};
use crate::Span;

/// The most values in a file. Aliases are copied out and counted, so this bounds a file that multiplies itself.
const NODES: usize = 100_000;
/// The deepest nesting of lists and mappings.
const DEPTH: usize = 64;

/// A mistake in the YAML itself: its place, the message, and what to do about it.
pub(crate) type YamlMistake = (Span, String, Option<String>);

/// Reads a text of one document. Repeated keys are returned beside the tree, in which the first of them counts.
pub(crate) fn parse(text: &str) -> Result<(Node, Vec<YamlMistake>), YamlMistake> {
    let mut builder = Builder { text, ..Builder::default() };
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| {
            let span = place(text, *error.marker(), *error.marker());
            (span, format!("not readable as YAML: {}", error.info()), None)
        })?;
        let span = place(text, span.start, span.end);
        builder.take(event, span)?;
    }
    let root = builder.root.ok_or_else(|| {
        (Span { line: 1, column: 1, ..Span::default() }, "nothing is written here".into(), None)
    })?;
    Ok((root, builder.mistakes))
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
    Mapping { entries: Vec<Entry>, key: Option<(String, Span)> },
}

/// Builds the tree of one document from the parser's events.
#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
    root: Option<Node>,
    mistakes: Vec<YamlMistake>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlMistake> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    return Err((
                        span,
                        "tags such as `!!str` have no meaning here".into(),
                        Some("quote a text instead".into()),
                    ));
                }
                let kind =
                    if style == ScalarStyle::Plain { plain(&text) } else { Kind::Text(text.into_owned()) };
                self.add(Node { span, kind }, anchor, 1)
            }
            Event::SequenceStart(_, anchor, _) => self.open(span, anchor, OpenKind::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                self.open(span, anchor, OpenKind::Mapping { entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Open { span, anchor, kind } = self.open.pop().expect("the parser closes what it opened");
                let (kind, first) = match kind {
                    OpenKind::List(items) => {
                        let first = items.first().map(|item| item.span);
                        (Kind::List(items), first)
                    }
                    OpenKind::Mapping { entries, .. } => {
                        let first = entries.first().map(|entry| entry.span);
                        (Kind::Mapping(entries), first)
                    }
                };
                // The span of a collection is that of its first entry: the whole of it can be pages long.
                let span = first.unwrap_or(span);
                let nodes = 1;
                self.add(Node { span, kind }, anchor, nodes)
            }
            Event::Alias(anchor) => {
                let (node, nodes) =
                    self.anchors.get(&anchor).cloned().ok_or_else(|| {
                        (span, "this alias lies within what it stands for".to_owned(), None)
                    })?;
                self.add(node, 0, nodes)
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                let help = "one file holds one document: write the other into a file of its own".to_owned();
                Err((span, "a second document begins here".into(), Some(help)))
            }
            _ => Ok(()),
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
            Some(Open { kind: OpenKind::Mapping { entries, key }, .. }) => match key.take() {
                None => *key = Some(key_of(text, node)?),
                Some((name, span)) => match entries.iter().find(|entry| entry.key == name) {
                    Some(first) => {
                        let message = format!("`{name}` is written a second time");
                        let help = format!("the first one is on line {}", first.span.line);
                        self.mistakes.push((span, message, Some(help)));
                    }
                    None => entries.push(Entry { key: name, span, value: node }),
                },
            },
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

fn key_of(text: &str, node: Node) -> Result<(String, Span), YamlMistake> {
    let name = match node.kind {
        Kind::Text(text) | Kind::Number(_, text) => text,
        Kind::Null | Kind::Boolean(_) => text[node.span.offset..][..node.span.length].to_owned(),
        Kind::List(_) | Kind::Mapping(_) => {
            let help = "a `{` or `[` that begins a text has to be quoted".to_owned();
            return Err((node.span, "a key has to be a text".into(), Some(help)));
        }
    };
    Ok((name, node.span))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Value;

    fn json(node: &Node) -> Value {
        match &node.kind {
            Kind::Null => Value::Null,
            Kind::Boolean(value) => (*value).into(),
            Kind::Number(number, _) => Value::Number(number.clone()),
            Kind::Text(text) => text.as_str().into(),
            Kind::List(items) => items.iter().map(json).collect(),
            Kind::Mapping(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), json(&entry.value))).collect()
            }
        }
    }

    #[test]
    fn scalars() {
        for (text, expected) in [
            ("299.99", json!(299.99)),
            ("5", json!(5)),
            ("-5", json!(-5)),
            ("+5", json!(5)),
            ("18446744073709551615", json!(u64::MAX)),
            ("1e3", json!(1000.0)),
            (".5", json!(0.5)),
            ("5.", json!(5.0)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("5s", json!("5s")),
            ("1-3", json!("1-3")),
            ("e5", json!("e5")),
            ("1e", json!("1e")),
            (".", json!(".")),
            ("-", json!([null])),
            ("yes", json!("yes")),
            ("~", json!(null)),
            ("'5'", json!("5")),
            ("\"a\\tb\"", json!("a\tb")),
            ("|\n  a\n  b\n", json!("a\nb\n")),
            ("{a: [1, {b: c}], 201: true}", json!({"a": [1, {"b": "c"}], "201": true})),
            ("x: &a {k: 1}\ny: [*a, *a]", json!({"x": {"k": 1}, "y": [{"k": 1}, {"k": 1}]})),
        ] {
            let (node, mistakes) = parse(text).expect(text);
            assert_eq!((json(&node), mistakes), (expected.into(), Vec::new()), "{text}");
        }
    }

    fn walk<'a>(node: &Node, text: &'a str, seen: &mut Vec<(u32, u32, &'a str)>) {
        let mut see = |span: Span| seen.push((span.line, span.column, &text[span.offset..][..span.length]));
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| walk(item, text, seen)),
            Kind::Mapping(entries) => {
                for entry in entries {
                    seen.push((
                        entry.span.line,
                        entry.span.column,
                        &text[entry.span.offset..][..entry.span.length],
                    ));
                    walk(&entry.value, text, seen);
                }
            }
            _ => see(node.span),
        }
    }

    #[test]
    fn every_value_has_its_place() {
        let text =
            "ä: 'ö'\nlist:\n  - plain text   # comment\n  - {k: \"v\"}\nempty:\nblock: |\n  one\n  two\n";
        let (node, _) = parse(text).expect("YAML");
        let mut seen = Vec::new();
        walk(&node, text, &mut seen);
        let expected = [
            (1, 1, "ä"),
            (1, 4, "'ö'"),
            (2, 1, "list"),
            (3, 5, "plain text"),
            (4, 6, "k"),
            (4, 9, "\"v\""),
            (5, 1, "empty"),
            (5, 6, ""),
            (6, 1, "block"),
            (7, 3, "one\n  two"),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_mistake_has_its_place() {
        let mut bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for (before, name) in ('a'..).zip('b'..='h') {
            let ten = vec![format!("*{before}"); 10].join(",");
            bomb.extend([name.to_string(), format!(": &{name} [{ten}]\n")]);
        }
        let deep = "[".repeat(100) + &"]".repeat(100);
        for (text, line, expected) in [
            ("", 1, "nothing is written here"),
            ("a: [1", 1, "not readable as YAML"),
            ("a: 1\n  b: 2", 2, "not readable as YAML"),
            ("a: *b", 1, "not readable as YAML"),
            ("a: &a [*a]", 1, "this alias lies within what it stands for"),
            ("a: 1\n---\nb: 2", 2, "a second document begins here"),
            ("? [a]\n: 1", 1, "a key has to be a text"),
            ("a: !!str 5", 1, "tags such as"),
            (bomb.as_str(), 1, "this file holds more than 100000 values"),
            (deep.as_str(), 1, "this is nested more than 64 deep"),
        ] {
            let (span, message, _) = parse(text).expect_err(text);
            assert!(message.contains(expected), "{text}: {message}");
            assert_eq!(span.line, line, "{text}: {message}");
        }
    }

    #[test]
    fn a_repeated_key_is_a_mistake_and_the_first_one_counts() {
        let (node, mistakes) = parse("a: 1\nb: 2\na: 3").expect("YAML");
        assert_eq!(json(&node), json!({"a": 1, "b": 2}).into());
        assert_eq!(mistakes.len(), 1);
        let (span, message, help) = &mistakes[0];
        assert_eq!((span.line, span.column, message.as_str()), (3, 1, "`a` is written a second time"));
        assert_eq!(help.as_deref(), Some("the first one is on line 1"));
    }
}
