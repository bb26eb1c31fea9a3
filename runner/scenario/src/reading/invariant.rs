//! Invariants: conditions that must hold in every scenario.

use super::{
    condition::conditions,
    expression::check_name,
    reader::{Reader, all},
    request::{REQUEST_LINE, request_line},
    table::{EXPRESSIONS, Key, Shape, Table},
    yaml::{Entry, Node},
};
use crate::{Call, Invariant, InvariantTiming};

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
            Shape::Names(&REQUEST_LINE),
            "Names for the bodies of replies, each with its request: `GET users-service /api/ledger`.",
        ),
        Key::required("holds", EXPRESSIONS, "Expressions over those names, each of which must be true."),
    ]],
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
            if !reader.names.is_used(&name.key) {
                reader.note(name.span, format!("`{}` is observed and never used", name.key), None);
            }
        }
    }
    reader.names = names;
    Some(Invariant { name: entry.key.clone(), when: when?, observe: observe?, holds: holds? })
}

fn observations(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(String, Call)>> {
    let entries = reader.mapping(node, "a mapping of names to requests")?;
    let read: Vec<_> = entries.iter().map(|entry| request_line(reader, &entry.value)).collect();
    for entry in entries {
        check_name(reader, &entry.key, entry.span);
        reader.names.define(&entry.key);
    }
    let mut observed = Vec::new();
    for (entry, call) in entries.iter().zip(read) {
        let call = call?;
        if !call.method.is_safe() {
            let help = "observe with GET".to_owned();
            reader.note(entry.value.span, format!("{} may change what it observes", call.method), help);
        }
        observed.push((entry.key.clone(), call));
    }
    Some(observed)
}
