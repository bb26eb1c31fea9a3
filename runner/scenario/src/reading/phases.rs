//! `before`, `steps` and `finally`: the steps of a scenario, and those that e2e.conf adds to every one.

use std::sync::Arc;

use super::{
    fields::Fields,
    reader::Reader,
    step::{Faults, check_captures, check_used, steps},
    table::{Key, Shape},
    yaml::{Kind, Node},
};
use crate::{Phase, SourceFile, Step};

pub(crate) const BEFORE: Key = Key::optional("before", Shape::Steps, "Steps that run before the others.");
pub(crate) const FINALLY: Key = Key::optional(
    "finally",
    Shape::Steps,
    "Steps that run at the end, each of them, also after a failure; one that needs what wasn't captured is left out.",
);

/// What runs before the steps and after them.
#[derive(Debug)]
pub(crate) struct Around {
    pub(crate) before: Vec<Step>,
    pub(crate) finally: Vec<Step>,
}

/// `before` and `finally` of e2e.conf. What they capture is known in every scenario.
pub(crate) fn configured(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Around> {
    let lists: Vec<&Node> = [fields.get("before"), fields.get("finally")].into_iter().flatten().collect();
    check_captures(reader, &lists);
    let (path, text) = (reader.file.to_path_buf(), reader.text.to_owned());
    reader.inclusion.source = Some(Arc::new(SourceFile { path, text }));
    let mut part =
        |key, phase| fields.or(key, Vec::new(), |node| phase_of(reader, node, phase, &mut Faults::default()));
    let (before, finally) =
        (part("before", Phase::ConfiguredBefore), part("finally", Phase::ConfiguredFinally));
    Some(Around { before: before?, finally: finally? })
}

/// `before`, `steps` and `finally` of a scenario, in this order.
pub(crate) fn of_scenario(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    faults: &mut Faults,
) -> Option<Vec<Step>> {
    let lists = ["before", "steps", "finally"].map(|key| fields.get(key));
    let lists: Vec<&Node> = lists.into_iter().flatten().collect();
    check_captures(reader, &lists);
    let before = fields.or("before", Vec::new(), |node| phase_of(reader, node, Phase::Main, faults));
    let main = fields.get("steps").and_then(|node| {
        if node.kind == Kind::List(Vec::new()) {
            reader.note(node.span, "a scenario without steps can't fail", None);
        }
        steps(reader, node, faults)
    });
    let finally = fields.or("finally", Vec::new(), |node| phase_of(reader, node, Phase::Finally, faults));
    check_used(reader, &lists);
    Some([before?, main?, finally?].concat())
}

fn phase_of(reader: &mut Reader<'_>, node: &Node, phase: Phase, faults: &mut Faults) -> Option<Vec<Step>> {
    reader.phase = phase;
    if node.kind == Kind::List(Vec::new()) {
        reader.note(node.span, "there are no steps here", "leave it out".to_owned());
    }
    let read = steps(reader, node, faults);
    reader.phase = Phase::Main;
    read
}
