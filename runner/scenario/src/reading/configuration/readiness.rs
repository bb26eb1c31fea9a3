//! `ready`: the conditions under which a service is ready.

use http::Uri;

use super::super::{
    reader::Reader,
    table::{DURATION, Key, Shape, Table},
    yaml::Node,
};
use crate::{Readiness, percent};

pub(super) const READY: &[Shape] = &[Shape::Pattern("^/"), Shape::Table(&READINESS)];
const READINESS: Table = Table {
    what: "a readiness",
    groups: &[&[
        Key::required("path", Shape::Pattern("^/"), "The path that has to answer with 2xx."),
        Key::optional("within", DURATION, "How long that may take; `10s` unless said otherwise."),
    ]],
};

pub(super) fn readiness(reader: &mut Reader<'_>, node: &Node) -> Option<Readiness> {
    if !node.is_mapping() {
        return Some(Readiness { path: ready_path(reader, node)?, within: Readiness::WITHIN });
    }
    let fields = reader.fields(node, &READINESS)?;
    let path = fields.get("path").and_then(|node| ready_path(reader, node));
    let within = fields.or("within", Readiness::WITHIN, |node| reader.duration(node));
    Some(Readiness { path: path?, within: within? })
}

fn ready_path(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let path = reader.text(node, "a path, such as `/livez`")?;
    let encoded = percent::written(&path);
    let misplaced = path.contains(|c: char| percent::is_misplaced(c) || c.is_whitespace());
    if path.starts_with('/') && !misplaced && encoded.parse::<Uri>().is_ok() {
        return Some(encoded);
    }
    reader.note(
        node.span,
        format!("`{path}` is no path"),
        "a path starts with `/`: write `/livez`".to_owned(),
    );
    None
}
