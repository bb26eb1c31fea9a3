//! `kill`, `stop`, `start`, `restart`, `pause` and `resume`: signals to a service's process.

use super::super::{
    reader::Reader,
    services::service_at,
    table::{Key, Shape, Table},
    yaml::Node,
};
use crate::{EffectExpectation, ProcessStep, Signal, StartWait};

/// The value of `start`.
pub(super) const START: Shape = Shape::Either(&[Shape::Text, Shape::Table(&START_TABLE)]);
/// The value of `restart`, which always has an effect.
pub(super) const RESTART: Shape = Shape::Either(&[Shape::Text, Shape::Table(&RESTART_TABLE)]);
/// The value of the other signals.
pub(super) const SIGNAL: Shape = Shape::Either(&[Shape::Text, Shape::Table(&SIGNAL_TABLE)]);

const START_TABLE: Table = Table { what: "a start", groups: &[SERVICE, READY, NO_EFFECT] };
const RESTART_TABLE: Table = Table { what: "a restart", groups: &[SERVICE, READY] };
const SIGNAL_TABLE: Table = Table { what: "a signal", groups: &[SERVICE, NO_EFFECT] };

const SERVICE: &[Key] = &[Key::required("service", Shape::Text, "The service's name.")];
const READY: &[Key] = &[Key::optional(
    "ready",
    Shape::Choice(&["no", "yes"]),
    "Whether the step waits until it is ready; with `no` it waits until its process runs.",
)
.or("yes")];
const NO_EFFECT: &[Key] = &[Key::optional(
    "no_effect",
    Shape::Choice(&["allowed"]),
    "With `allowed`, the service may be in the wanted state already.",
)];

pub(super) fn process(reader: &mut Reader<'_>, node: &Node, signal: Signal) -> Option<ProcessStep> {
    if !node.is_mapping() {
        let (wait, effect) = (StartWait::Ready, EffectExpectation::Required);
        return Some(ProcessStep { service: service_at(reader, node)?, signal, wait, effect });
    }
    let table = match signal {
        Signal::Start => &START_TABLE,
        Signal::Restart => &RESTART_TABLE,
        Signal::Kill | Signal::Stop | Signal::Pause | Signal::Resume => &SIGNAL_TABLE,
    };
    let fields = reader.fields(node, table)?;
    let service = fields.get("service").and_then(|node| service_at(reader, node));
    let words = [("no", StartWait::Running), ("yes", StartWait::Ready)];
    let wait = fields.or("ready", StartWait::Ready, |node| reader.choice(node, &words));
    let effects = [("allowed", EffectExpectation::Optional)];
    let effect = fields.or("no_effect", EffectExpectation::Required, |node| reader.choice(node, &effects));
    Some(ProcessStep { service: service?, signal, wait: wait?, effect: effect? })
}
