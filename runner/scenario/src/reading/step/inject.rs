//! `inject` and `heal`: faults that come into force and go.

use std::time::Duration;

use fault::FaultName;

use super::super::{
    fields::Fields,
    reader::Reader,
    suggestion,
    table::{DURATION, Key, Shape, Table},
    yaml::Node,
};
use crate::InjectStep;

/// What `heal` calls every fault.
const ALL: &str = "all";

pub(super) const SCHEDULE: &[Key] = &[
    Key::optional("after", DURATION, "How long after the step the fault comes into force.").or("0s"),
    Key::optional("for", DURATION, "For how long it is in force; until it is healed when left out."),
];

pub(super) const INJECT: Table = Table {
    what: "an injection",
    groups: &[&[Key::required("fault", Shape::Text, "The fault's name.")], SCHEDULE],
};

/// The faults of a scenario while its steps are read.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) known: Vec<FaultName>,
    pub(crate) injected: Vec<FaultName>,
}

/// An injection, whose schedule may stand within `inject` or beside it.
pub(super) fn inject(
    reader: &mut Reader<'_>,
    node: &Node,
    beside: &Fields<'_>,
    faults: &mut Faults,
) -> Option<InjectStep> {
    let inner = if node.is_mapping() { Some(reader.fields(node, &INJECT)?) } else { None };
    let name = inner.as_ref().map_or(Some(node), |inner| inner.get("fault"))?;
    let fault = fault_at(reader, name, faults);
    let mut schedule = |key: &str| {
        let fields = match &inner {
            Some(inner) if inner.get(key).is_some() => {
                if let Some(second) = beside.entry(key) {
                    reader.note(second.span, format!("`{key}` is written a second time"), None);
                }
                inner
            }
            _ => beside,
        };
        fields.optional(key, |node| if key == "for" { reader.some_time(node) } else { reader.duration(node) })
    };
    let (after, lasting) = (schedule("after"), schedule("for"));
    let fault = fault?;
    faults.injected.push(fault.clone());
    Some(InjectStep { fault, after: after?.unwrap_or(Duration::ZERO), lasting: lasting? })
}

/// The fault to heal; `Some(None)` for all of them.
#[expect(clippy::option_option, reason = "all faults are not an unknown one")]
pub(super) fn heal(reader: &mut Reader<'_>, node: &Node, faults: &Faults) -> Option<Option<FaultName>> {
    if reader.text(node, "the name of a fault, or `all`")? == ALL {
        return Some(None);
    }
    let fault = fault_at(reader, node, faults)?;
    if !faults.injected.contains(&fault) {
        reader.note(node.span, format!("no step before this one injects `{fault}`"), None);
    }
    Some(Some(fault))
}

fn fault_at(reader: &mut Reader<'_>, node: &Node, faults: &Faults) -> Option<FaultName> {
    let name = reader.text(node, "the name of a fault")?;
    let found = faults.known.iter().find(|fault| fault.as_str() == name).cloned();
    if found.is_none() {
        let help = suggestion::help(&name, faults.known.iter().map(FaultName::as_str))
            .unwrap_or_else(|| "the scenario has no `faults`".into());
        reader.note(node.span, format!("unknown fault `{name}`"), help);
    }
    found
}
