//! `tags`, by which scenarios and explorations are selected.

use std::collections::BTreeSet;

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
    let mut seen = BTreeSet::new();
    all(items.iter().map(|item| {
        let tag = reader.text(item, "a tag")?;
        if tag.trim().is_empty() {
            reader.note(item.span, "this tag is empty", None);
        } else if !seen.insert(tag.clone()) {
            reader.note(item.span, format!("the tag `{tag}` is there already"), None);
        }
        Some(tag)
    }))
}
