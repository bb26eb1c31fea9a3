//! `tags`, by which scenarios and explorations are selected.

use super::{
    reader::{Reader, all},
    table::{Key, Shape},
    yaml::{Kind, Node},
};

pub(crate) const TAGS: Key =
    Key::optional("tags", Shape::List(&Shape::Text), "Tags by which it can be selected.");

pub(crate) fn tags(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<String>> {
    let Kind::List(items) = &node.kind else {
        reader.wrong_kind(node, "a list of tags, such as `[smoke, payments]`");
        return None;
    };
    all(items.iter().map(|item| reader.text(item, "a tag")))
}
