//! `after`: the services that have to be ready before a service is started.

use fault::ServiceName;

use super::super::{
    reader::{Reader, all},
    services::service_at,
    yaml::{Entry, Kind, Node},
};
use crate::{Service, Span};

pub(super) fn after(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<ServiceName>> {
    all(reader.one_or_more(node).iter().map(|item| service_at(reader, item)))
}

/// Notes a cycle of services that wait for each other: none of them could ever be started.
pub(super) fn note_cycle(reader: &mut Reader<'_>, entries: &[Entry], services: &[Service]) {
    let Some(cycle) = cycle(services) else { return };
    let first = entries.iter().find(|entry| entry.key == cycle[0].as_str());
    let span = first.map_or_else(Span::default, |entry| key_span(entry, "after"));
    let names: Vec<&str> = cycle.iter().chain([&cycle[0]]).map(ServiceName::as_str).collect();
    let help = "take one of them out of `after`: a service is started once those are ready".to_owned();
    reader.note(span, format!("these services wait for each other: {}", names.join(" -> ")), help);
}

/// A cycle, beginning with the service that comes first in the file.
fn cycle(services: &[Service]) -> Option<Vec<ServiceName>> {
    let after = |name| services.iter().find(|s| s.name == name).map_or(&[][..], |s| &s.after);
    services.iter().find_map(|start| {
        let mut paths = vec![vec![start.name.clone()]];
        let mut seen = vec![start.name.clone()];
        while let Some(path) = paths.pop() {
            for next in after(path[path.len() - 1].clone()) {
                if *next == start.name {
                    return Some(path);
                }
                if !seen.contains(next) {
                    seen.push(next.clone());
                    paths.push([path.as_slice(), std::slice::from_ref(next)].concat());
                }
            }
        }
        None
    })
}

fn key_span(service: &Entry, key: &str) -> Span {
    let Kind::Mapping(entries) = &service.value.kind else { return service.span };
    entries.iter().find(|entry| entry.key == key).map_or(service.span, |entry| entry.span)
}
