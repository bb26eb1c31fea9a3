//! `during`: steps that run while a request is in flight.

use super::{
    super::{
        fields::Fields,
        reader::Reader,
        request::request_step,
        table::{Key, Shape},
        yaml::{Entry, Kind, Node},
    },
    Faults, steps,
};
use crate::{Action, DuringStep, Times};

pub(super) const DURING: &[Key] = &[Key::optional(
    "during",
    Shape::Steps,
    "Steps that run while the request is in flight; the first begins once it has been sent.",
)];

/// A request with steps that run meanwhile, which can't use what it captures.
pub(super) fn during(
    reader: &mut Reader<'_>,
    line: &Node,
    fields: &Fields<'_>,
    times: Times,
    entry: &Entry,
    faults: &mut Faults,
) -> Option<DuringStep> {
    let before = reader.names.known().clone();
    let request = request_step(reader, line, fields, times);
    let captured = reader.names.take_since(&before);
    let steps = steps(reader, &entry.value, faults);
    for name in &captured {
        reader.names.define(name);
    }
    if entry.value.kind == Kind::List(Vec::new()) {
        let help = "leave it out, or say what happens meanwhile".to_owned();
        reader.note(entry.span, "`during` has no steps", help);
    }
    let steps = steps?;
    let inner = steps.iter().flat_map(crate::Step::all).find(|step| matches!(step.action, Action::During(_)));
    if let Some(inner) = inner {
        let help = "put both beside the outer request: its `during` may have `together`".to_owned();
        // One in an included file has its place there.
        let span = if inner.file == reader.inclusion.source { inner.span } else { entry.span };
        reader.note(span, "a request within `during` can't have a `during` of its own", help);
    }
    Some(DuringStep { request: request?, steps })
}
