//! `ready`: the conditions under which a service is ready.

use http::{HeaderMap, HeaderValue, Uri};

use super::super::{
    http::header_name,
    reader::{Reader, all},
    table::{DURATION, Key, Shape, Table},
    yaml::Node,
};
use crate::{Readiness, percent};

pub(super) const READY: &[Shape] = &[Shape::Pattern("^/"), Shape::Table(&READINESS)];
const READINESS: Table = Table {
    what: "a readiness",
    groups: &[&[
        Key::required("path", Shape::Pattern("^/"), "The path that has to answer with 2xx."),
        Key::optional("within", DURATION, "How long that may take.").or("10s"),
        Key::optional("headers", Shape::Names(&Shape::Text), "Headers that are sent; no `${…}` in them."),
    ]],
};

pub(super) fn readiness(reader: &mut Reader<'_>, node: &Node) -> Option<Readiness> {
    if !node.is_mapping() {
        return path(reader, node).map(|path| Readiness::new(&path));
    }
    let fields = reader.fields(node, &READINESS)?;
    let path = fields.get("path").and_then(|node| path(reader, node));
    let within = fields.or("within", Readiness::WITHIN, |node| reader.duration(node));
    let headers = fields.or("headers", HeaderMap::new(), |node| headers(reader, node));
    Some(Readiness { path: path?, headers: headers?, within: within? })
}

fn headers(reader: &mut Reader<'_>, node: &Node) -> Option<HeaderMap> {
    let entries = reader.mapping(node, "a mapping of headers")?;
    all(entries.iter().map(|entry| {
        let name = header_name(reader, entry);
        let value = header_value(reader, &entry.value);
        Some((name?, value?))
    }))
}

fn header_value(reader: &mut Reader<'_>, node: &Node) -> Option<HeaderValue> {
    let text = reader.text(node, "a header's value")?;
    check_plain(reader, node, &text, "a header of `ready`")?;
    let value = HeaderValue::from_str(&text).ok();
    if value.is_none() {
        reader.note(node.span, format!("{text:?} can't be a header's value"), None);
    }
    value
}

/// Notes a `${…}`, which isn't filled in here.
fn check_plain(reader: &mut Reader<'_>, node: &Node, text: &str, what: &str) -> Option<()> {
    if text.contains("${") {
        let help = "write the value itself".to_owned();
        reader.note(node.span, format!("{what} can't hold an expression"), help);
        return None;
    }
    Some(())
}

/// A path of a service, such as that of its readiness.
pub(super) fn path(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let path = reader.text(node, "a path, such as `/livez`")?;
    check_plain(reader, node, &path, "a path of a service")?;
    let encoded = percent::written(&path);
    let misplaced = path.contains(|c: char| percent::is_misplaced(c) || c.is_whitespace());
    if path.starts_with('/') && !misplaced && encoded.parse::<Uri>().is_ok() {
        return Some(encoded);
    }
    if path.split(':').count() == 2 && path.split(':').all(|part| !part.is_empty() && !part.contains('/')) {
        let help = "readiness is asked over HTTP: write a path, such as `/livez`".to_owned();
        reader.note(node.span, format!("`{path}` is no path"), help);
        return None;
    }
    let help = match path.parse::<Uri>() {
        Ok(uri) if uri.host().is_some() && uri.path_and_query().is_some() => {
            format!(
                "the runner knows where the service is: write `{}`",
                uri.path_and_query().map_or("/", |path| path.as_str())
            )
        }
        _ if !misplaced => format!("a path starts with `/`: write `/{path}`"),
        _ => "a path starts with `/`: write `/livez`".to_owned(),
    };
    reader.note(node.span, format!("`{path}` is no path"), help);
    None
}
