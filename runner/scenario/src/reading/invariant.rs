//! Invariants: conditions that must hold in every scenario.

use http::Method;

use super::{
    condition::conditions,
    expression::check_name,
    reader::{Reader, all},
    request::{REQUEST, REQUEST_LINE, request_line, request_of},
    table::{EXPRESSIONS, Key, Shape, Table},
    yaml::{Entry, Node},
};
use crate::{Invariant, InvariantTiming, Observation, ObservedReply, Times};

/// What can't be expected of a reply to an observation.
const NOT_OBSERVED: &[&str] = &["links", "calls", "circuits", "no_reply", "lenient"];

pub(crate) const INVARIANT: Table = Table {
    what: "an invariant",
    groups: &[&[
        Key::required(
            "when",
            Shape::Choice(&["always", "settled"]),
            "After every step, or once the system has settled.",
        ),
        Key::required(
            "observe",
            Shape::Names(&Shape::Either(&[REQUEST_LINE, Shape::Table(&OBSERVATION)])),
            "Names for the bodies of replies, each with its request: `GET users-service /api/ledger`, or a mapping of `request`, `headers`, `body` and what else a request can have.",
        ),
        Key::required("holds", EXPRESSIONS, "Expressions over those names, each of which must be true."),
    ]],
};

const OBSERVATION: Table = Table {
    what: "an observation",
    groups: &[
        &[Key::required("request", REQUEST_LINE, "The request: `GET users-service /api/ledger`.")],
        REQUEST,
    ],
};

pub(crate) const INVARIANTS: Table = Table {
    what: "a file of invariants",
    groups: &[&[Key::required(
        "invariants",
        Shape::Names(&Shape::Table(&INVARIANT)),
        "What must hold in every scenario.",
    )]],
};

/// A file of invariants.
pub(crate) fn invariants_file(reader: &mut Reader<'_>, tree: &Node) -> Option<Vec<Invariant>> {
    let fields = reader.fields(tree, &INVARIANTS)?;
    fields.get("invariants").and_then(|node| invariants(reader, node))
}

/// A mapping of names to invariants.
pub(crate) fn invariants(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Invariant>> {
    let entries = reader.mapping(node, "a mapping of what must hold to invariants")?;
    if entries.is_empty() {
        reader.note(node.span, "there are no invariants here", None);
    }
    all(entries.iter().map(|entry| invariant(reader, entry)))
}

fn invariant(reader: &mut Reader<'_>, entry: &Entry) -> Option<Invariant> {
    let fields = reader.fields(&entry.value, &INVARIANT)?;
    let timings = [("always", InvariantTiming::Always), ("settled", InvariantTiming::Settled)];
    let when = fields.get("when").and_then(|node| reader.choice(node, &timings));
    let names = std::mem::take(&mut reader.names);
    let observe = fields.get("observe").and_then(|node| observations(reader, node));
    let holds = fields.get("holds").and_then(|node| conditions(reader, node, &[]));
    if let Some(observed) = fields.get("observe").and_then(|node| reader.mapping(node, "a mapping"))
        && holds.is_some()
    {
        for name in observed {
            let is_judged = name.value.entries().iter().any(|entry| entry.key == "expect");
            if !is_judged && !reader.names.is_used(&name.key) {
                reader.note(name.span, format!("`{}` is observed and never used", name.key), None);
            }
        }
    }
    reader.names = names;
    Some(Invariant { name: entry.key.clone(), when: when?, observe: observe?, holds: holds? })
}

fn observations(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Observation>> {
    let entries = reader.mapping(node, "a mapping of names to requests")?;
    let read: Vec<_> = entries.iter().map(|entry| observation(reader, entry)).collect();
    for entry in entries {
        check_name(reader, &entry.key, entry.span);
        reader.names.define(&entry.key);
    }
    read.into_iter().collect()
}

fn observation(reader: &mut Reader<'_>, entry: &Entry) -> Option<Observation> {
    let node = &entry.value;
    let (call, reply) = if node.is_mapping() {
        let fields = reader.fields(node, &OBSERVATION)?;
        if let Some(capture) = fields.entry("capture") {
            let help = format!("`{}` stands for the body of the reply", entry.key);
            reader.note(capture.span, "an observation captures nothing", help);
        }
        for stray in fields.get("expect").map_or(&[][..], Node::entries) {
            if NOT_OBSERVED.contains(&stray.key.as_str()) {
                let help = "observations pass all links, and are repeated until they can be made".to_owned();
                reader.note(stray.span, format!("`{}` can't be expected of an observation", stray.key), help);
            }
        }
        let request = request_of(reader, fields.get("request")?, &fields, Times::Once)?;
        let reply = match request.expect.span {
            Some(_) => ObservedReply::Expected(Box::new(request.expect)),
            None => ObservedReply::NoError,
        };
        (request.call, reply)
    } else {
        (request_line(reader, node)?, ObservedReply::Success)
    };
    // Some services are asked by POST, with what is asked for in the body.
    let is_asked = node.is_mapping() && call.method == Method::POST;
    if !call.method.is_safe() && !is_asked {
        let help = "observe with GET".to_owned();
        reader.note(node.span, format!("{} may change what it observes", call.method), help);
    }
    Some(Observation { name: entry.key.clone(), call, reply })
}
