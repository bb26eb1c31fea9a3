//! `multipart`: texts and files that are sent together.

use super::super::{
    expression::template,
    files::body_file,
    reader::{Reader, all},
    suggestion,
    table::{Key, Shape, Table},
    yaml::{Entry, Kind, Node},
};
use crate::{Part, PartContent, Template};

const PART: Table = Table {
    what: "a part",
    groups: &[&[
        Key::one_of("text", Shape::Text, "Its text."),
        Key::one_of("file", Shape::Text, "The file whose bytes it holds, relative to this file."),
        Key::optional(
            "type",
            Shape::Text,
            "Its media type, such as `image/png`; that of the file's extension unless said otherwise.",
        ),
        Key::optional(
            "name",
            Shape::Text,
            "The file name that is sent; that of the file unless said otherwise.",
        ),
    ]],
};

const ONE: Shape = Shape::Either(&[Shape::Text, Shape::Table(&PART)]);
/// A mapping of the names of fields to a part or a list of them.
pub(crate) const PARTS: Shape = Shape::Names(&Shape::Either(&[ONE, Shape::List(&ONE)]));

/// The parts, in the order of the file; a list repeats a field.
pub(crate) fn multipart(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Part>> {
    let entries = reader.mapping(node, "a mapping of the names of fields to their parts")?;
    if entries.is_empty() {
        reader.note(node.span, "a multipart form has at least one part", None);
    }
    let read: Option<Vec<Vec<Part>>> = all(entries.iter().map(|entry| {
        check_field(reader, entry);
        all(reader.one_or_more(&entry.value).iter().map(|item| part(reader, &entry.key, item)))
    }));
    read.map(|parts| parts.into_iter().flatten().collect())
}

fn check_field(reader: &mut Reader<'_>, entry: &Entry) {
    if entry.key.contains(char::is_control) {
        reader.note(entry.span, "the name of a field can't have control characters in it", None);
    }
}

fn part(reader: &mut Reader<'_>, name: &str, node: &Node) -> Option<Part> {
    if !node.is_mapping() {
        let text = template(reader, node, "a text, or a mapping with `file` or `text`")?;
        let content = PartContent::Text(text);
        return Some(Part { name: name.to_owned(), content, media_type: None, file_name: None });
    }
    let fields = reader.fields(node, &PART)?;
    let chosen = fields.chosen();
    if let [first, second] = chosen.as_slice() {
        let message = format!("a part holds one thing: `{}` and `{}` are two", first.key, second.key);
        reader.note(second.span, message, "make two parts of it, in a list".to_owned());
    }
    let content = match chosen.first() {
        Some(entry) if entry.key == "file" => body_file(reader, &entry.value).map(PartContent::File),
        Some(entry) => template(reader, &entry.value, "a text").map(PartContent::Text),
        None => {
            let is_known = |entry: &Entry| PART.keys().any(|key| key.name == entry.key);
            if node.entries().iter().all(is_known) {
                let help = format!("it needs one of {}", suggestion::list(&["text", "file"]));
                reader.note(node.span, "this part holds nothing", help);
            }
            None
        }
    };
    let media_type =
        fields.optional("type", |node| one_line(reader, node, "a media type, such as `image/png`"));
    let file_name = fields.optional("name", |node| one_line(reader, node, "a file name"));
    Some(Part { name: name.to_owned(), content: content?, media_type: media_type?, file_name: file_name? })
}

fn one_line(reader: &mut Reader<'_>, node: &Node, wanted: &str) -> Option<Template> {
    let text = template(reader, node, wanted)?;
    if matches!(&node.kind, Kind::Text(text) if text.contains(char::is_control)) {
        reader.note(node.span, format!("{wanted} can't have control characters in it"), None);
    }
    Some(text)
}
