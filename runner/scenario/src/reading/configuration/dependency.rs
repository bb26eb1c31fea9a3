//! `depends_on`: the services that a service calls.

use super::{
    super::{
        reader::{Reader, all},
        services::{service, service_at},
        table::{Key, Shape, Table},
        yaml::{Entry, Kind, Node},
    },
    address::listen,
};
use crate::Dependency;

/// The value of a dependency; `users-service:` alone is null.
pub(super) const DEPENDENCY: Shape = Shape::Either(&[Shape::Table(&TABLE), Shape::Null]);

const TABLE: Table = Table {
    what: "a dependency",
    groups: &[&[Key::optional(
        "listen",
        Shape::Text,
        "The address on which the link listens: `127.0.0.1:7001`.",
    )]],
};

pub(super) fn dependencies(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Dependency>> {
    match &node.kind {
        Kind::List(items) => {
            let read = |item| Some(Dependency { service: service_at(reader, item)?, listen: None });
            all(items.iter().map(read))
        }
        Kind::Mapping(entries) => all(entries.iter().map(|entry| dependency(reader, entry))),
        _ => {
            reader.wrong_kind(node, "a list of services, such as `[users-service]`");
            None
        }
    }
}

fn dependency(reader: &mut Reader<'_>, entry: &Entry) -> Option<Dependency> {
    let service = service(reader, &entry.key, entry.span);
    // `users-service:` alone means the same as its name in a list.
    if entry.value.kind == Kind::Null {
        return Some(Dependency { service: service?, listen: None });
    }
    let fields = reader.fields(&entry.value, &TABLE)?;
    let listen = fields.optional("listen", |node| listen(reader, node));
    Some(Dependency { service: service?, listen: listen? })
}
