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
        return Some(Readiness { path: ready_path(reader, node)?, within: Readiness::WITHIN });
    }
    let fields = reader.fields(node, &READINESS)?;
    let path = fields.get("path").and_then(|node| ready_path(reader, node));
    let within = fields.or("within", Readiness::WITHIN, |node| reader.duration(node));
    Some(Readiness { path: path?, within: within? })
}

fn ready_path(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let path = reader.text(node, "a path, such as `/livez`")?;
    if path.starts_with('/') && path.parse::<Uri>().is_ok() {
        return Some(path);
    }
    let help = match path.parse::<Uri>() {
        Ok(uri) if uri.host().is_some() && uri.path_and_query().is_some() => {
            format!(
                "the runner knows where the service is: write `{}`",
                uri.path_and_query().map_or("/", |path| path.as_str())
            )
        }
        _ => "a path starts with `/`: write `/livez`".to_owned(),
    };
    reader.note(node.span, format!("`{path}` is no path"), help);
    None
}
