//! `ready`: the conditions under which a service is ready.

use http::Uri;

use super::super::{
    reader::Reader,
    table::{DURATION, Key, Shape, Table},
    yaml::Node,
};
use crate::Readiness;

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
        return Some(Readiness { path: path(reader, node)?, within: Readiness::WITHIN });
    }
    let fields = reader.fields(node, &READINESS)?;
    let path = fields.get("path").and_then(|node| path(reader, node));
    let within = fields.or("within", Readiness::WITHIN, |node| reader.duration(node));
    Some(Readiness { path: path?, within: within? })
}

/// A path of a service, such as that of its readiness.
pub(super) fn path(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let path = reader.text(node, "a path, such as `/livez`")?;
    if path.starts_with('/') && path.parse::<Uri>().is_ok() {
        return Some(path);
    }
    reader.note(
        node.span,
        format!("`{path}` is no path"),
        format!("a path starts with `/`: write `/{path}`"),
    );
    None
}
