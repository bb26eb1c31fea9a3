//! Compares the states of circuits with what is expected.

use scenario::CircuitExpectation;

use crate::{Circuit, Finding, FindingKind};

/// Compares what services tell of their circuits with what a step expects.
pub fn judge_circuits(expected: &[CircuitExpectation], told: &[Circuit]) -> Vec<Finding> {
    expected.iter().filter_map(|expected| judge(expected, told)).collect()
}

fn judge(expected: &CircuitExpectation, told: &[Circuit]) -> Option<Finding> {
    let link = &expected.link;
    let own: Vec<&Circuit> = told.iter().filter(|circuit| circuit.service == link.caller).collect();
    let found = match own.iter().find(|circuit| circuit.callee == link.callee.as_str()) {
        Some(circuit) if expected.allows(&circuit.state) => return None,
        Some(Circuit { state, moves, .. }) => {
            let moves = moves.iter().flatten().map(|change| format!("\n  {change}"));
            format!("{state}{}", moves.collect::<String>())
        }
        None if own.is_empty() => format!("{} told no circuit", link.caller),
        None => {
            let others: Vec<String> =
                own.iter().map(|circuit| format!("{}: {}", circuit.callee, circuit.state)).collect();
            format!("{} told none to {}, only {}", link.caller, link.callee, others.join(", "))
        }
    };
    Some(Finding::new(FindingKind::Circuit(link.clone()), expected.states.join(" or "), found))
}
