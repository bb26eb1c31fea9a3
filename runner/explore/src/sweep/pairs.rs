//! Which second faults can follow a first one.

use engine::ScenarioResult;

use crate::sweep::{Kind, Planted, Reason, SweptCall, call::calls, kind::applicable, plan::Planned};

/// Two faults, and why they are left out if they are.
pub(crate) struct Pair {
    pub(crate) faults: [Planted; 2],
    pub(crate) skip: Option<Reason>,
}

/// Each kind of fault at each call that was made after the first fault had struck. Calls that are made only because of
/// it, such as another attempt, are added to the known ones.
pub(crate) fn pairs(
    planned: &Planned,
    result: &ScenarioResult,
    known: &mut Vec<SweptCall>,
    kinds: &[Kind],
    base: &scenario::Scenario,
) -> Vec<Pair> {
    let [first] = planned.faults.as_slice() else { return Vec::new() };
    let made = calls(&result.history, |step| planned.origin(step));
    let struck = made.iter().position(|(_, exchange)| exchange.faults.contains(&planned.names[0]));
    let after = struck.map_or(made.len(), |struck| struck + 1);
    let mut pairs = Vec::new();
    for (call, _) in made.into_iter().skip(after) {
        let place = known.iter().position(|other| other.is(&call)).unwrap_or_else(|| {
            known.push(call.clone());
            known.len() - 1
        });
        for kind in kinds {
            let faults = [*first, Planted { call: place, kind: *kind }];
            pairs.push(Pair { faults, skip: applicable(*kind, &call, base).err() });
        }
    }
    pairs
}
