//! An exploration: operations, faults and what else may happen.

use self::{
    disturbance::{INJECT, KILL, WAIT, disturbance, killable, waits},
    operation::{OPERATION, operations},
    range::{RANGE, range},
    weight::weight,
};
use super::{
    fault::{self, faults},
    reader::Reader,
    table::{DURATION, Key, Shape, Table},
    tags::{TAGS, tags},
    yaml::Node,
};
use crate::{Exploration, Operation};

mod disturbance;
mod generator;
mod operation;
mod range;
#[cfg(test)]
mod tests;
mod weight;

/// The most steps of a sequence, and the most requests at once.
const LONGEST: u64 = 1_000;
const MOST_AT_ONCE: u64 = 100;
/// The weight of an injection, unless the file has another.
const INJECT_WEIGHT: u32 = 3;

pub(crate) const EXPLORATION: Table = Table {
    what: "an exploration",
    groups: &[&[
        Key::required("exploration", Shape::Text, "The exploration's name."),
        TAGS,
        Key::optional("steps", RANGE, "How many steps a sequence has.").or("1-30"),
        Key::optional("clients", RANGE, "How many requests are released at once.").or("1"),
        Key::required(
            "operations",
            Shape::Names(&Shape::Table(&OPERATION)),
            "The operations of clients, by name.",
        ),
        Key::optional(
            "again",
            Shape::Whole(1),
            "The weight of an earlier request being sent again under its key.",
        ),
        Key::optional(
            "faults",
            Shape::Names(&Shape::Table(&fault::FAULT)),
            "The faults that may happen, by name.",
        ),
        Key::optional(
            "inject",
            Shape::Table(&INJECT),
            "How often a fault comes into force, and for how many steps.",
        ),
        Key::optional("kill", Shape::Table(&KILL), "How often a service is killed, and for how many steps."),
        Key::optional("wait", Shape::Table(&WAIT), "How often a step only waits, and for how long."),
        Key::optional("settle", DURATION, "How long the system may take to settle after the last step."),
    ]],
};

pub(crate) fn exploration(reader: &mut Reader<'_>, tree: &Node) -> Option<Exploration> {
    let fields = reader.fields(tree, &EXPLORATION)?;
    let name = fields.get("exploration").and_then(|node| reader.text(node, "the exploration's name"));
    let tags = fields.or("tags", Vec::new(), |node| tags(reader, node));
    let length = range(reader, &fields, "steps", 1..=30, LONGEST);
    let clients = range(reader, &fields, "clients", 1..=1, MOST_AT_ONCE);
    let operations = fields.get("operations").and_then(|node| operations(reader, node));
    let again = fields.or("again", 0, |node| weight(reader, node));
    if let (Some(node), Some(operations)) = (fields.get("again"), &operations)
        && !operations.iter().any(Operation::is_repeatable)
    {
        let help =
            "send one with `headers: { Idempotency-Key: \"${key}\" }`, or say `idempotent: true`".to_owned();
        reader.note(node.span, "no operation has a `${key}` under which it could be sent again", help);
    }
    let faults = fields.get("faults").map_or_else(Vec::new, |node| faults(reader, node));
    let default = if faults.is_empty() { 0 } else { INJECT_WEIGHT };
    let inject = disturbance(reader, &fields, "inject", &INJECT, default);
    if let (Some(node), true) = (fields.get("inject"), faults.is_empty()) {
        reader.note(node.span, "there are no `faults` to inject", None);
    }
    let kill = disturbance(reader, &fields, "kill", &KILL, 0);
    let killable = killable(reader, &fields);
    let waits = waits(reader, &fields);
    let settle = fields.optional("settle", |node| reader.duration(node));
    let (wait_weight, wait_times) = waits?;
    Some(Exploration {
        name: name?,
        tags: tags?,
        file: reader.file.clone(),
        length: length?,
        clients: clients?,
        operations: operations?,
        again: again?,
        faults: faults.into_iter().map(|read| read.fault).collect::<Option<_>>()?,
        inject: inject?,
        killable: killable?,
        kill: kill?,
        wait_weight,
        wait_times,
        settle: settle?,
    })
}
