//! `kill`, `stop`, `start`, `restart`, `pause` and `resume`: signals to a service's process.

use super::super::{
    reader::Reader,
    services::service_at,
    table::{Key, Shape, Table},
    yaml::Node,
};
use crate::{ProcessStep, Signal, StartWait};

/// The value of `start` and `restart`.
pub(super) const START: Shape = Shape::Either(&[Shape::Text, Shape::Table(&START_TABLE)]);

const START_TABLE: Table = Table {
    what: "a start",
    groups: &[&[
        Key::required("service", Shape::Text, "The service's name."),
        Key::optional(
            "ready",
            Shape::Choice(&["no", "yes"]),
            "Whether the step waits until it is ready; with `no` it waits until its process runs.",
        ),
    ]],
};

pub(super) fn process(reader: &mut Reader<'_>, node: &Node, signal: Signal) -> Option<ProcessStep> {
    if !(node.is_mapping() && matches!(signal, Signal::Start | Signal::Restart)) {
        return Some(ProcessStep { service: service_at(reader, node)?, signal, wait: StartWait::Ready });
    }
    let fields = reader.fields(node, &START_TABLE)?;
    let service = fields.get("service").and_then(|node| service_at(reader, node));
    let words = [("no", StartWait::Running), ("yes", StartWait::Ready)];
    let wait = fields.or("ready", StartWait::Ready, |node| reader.choice(node, &words));
    Some(ProcessStep { service: service?, signal, wait: wait? })
}
