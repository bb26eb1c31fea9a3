//! Pairs of faults: the second one at a call that is made after the first has met its call.

use engine::ScenarioResult;

use crate::sweep::{
    call::{SweptCall, calls},
    fault_kind::{FaultKind, applicable},
    faulted::FaultedScenario,
    placement::FaultPlacement,
    skip::SkipReason,
};

/// Two faults, and the reason why they are left out, if they are.
pub(crate) struct Pair {
    pub(crate) faults: [FaultPlacement; 2],
    pub(crate) skip: Option<SkipReason>,
}

/// Each kind of fault at each call that was made after the first fault had met its call. Calls that are made only because of
/// the first fault, such as retries, are added to the known ones.
pub(crate) fn pairs(
    faulted: &FaultedScenario,
    result: &ScenarioResult,
    known: &mut Vec<SweptCall>,
    kinds: &[FaultKind],
    base: &scenario::Scenario,
) -> Vec<Pair> {
    let [first] = faulted.faults.as_slice() else { return Vec::new() };
    let made = calls(&result.history, faulted.first(), |step| faulted.origin(step));
    let met = made.iter().position(|(_, exchange)| exchange.faults.contains(&faulted.names[0]));
    let after = met.map_or(made.len(), |met| met + 1);
    let mut pairs = Vec::new();
    for (call, _) in made.into_iter().skip(after) {
        let index = known.iter().position(|other| other.is(&call)).unwrap_or_else(|| {
            known.push(call.clone());
            known.len() - 1
        });
        for kind in kinds {
            let faults = [*first, FaultPlacement { call: index, kind: *kind }];
            pairs.push(Pair { faults, skip: applicable(*kind, &call, base).err() });
        }
    }
    pairs
}
