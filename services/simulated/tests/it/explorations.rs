//! Runs the shop's exploration: thousands of generated sequences of operations and faults.

use std::collections::BTreeSet;

use explore::{Counterexample, ExplorationOptions, ExplorationOutcome, explore};
use fault::Seed;
use simulation::block_on;

use crate::linked::{Linked, on_every_core};

/// Number of sequences, over all cores.
const CASES: u64 = 2_000;
const SEED: Seed = Seed(1);

#[test]
fn every_generated_sequence_keeps_the_invariants() {
    let linked = Linked::new();
    let exploration = linked.exploration("explorations/shop.yaml");
    let results = on_every_core(|shard| {
        let options = ExplorationOptions { shard, ..ExplorationOptions::new(SEED, CASES) };
        block_on(explore(exploration, &linked.simulation, &linked.rules, &options, &|_| {}))
    });
    for result in &results {
        match &result.outcome {
            ExplorationOutcome::Held | ExplorationOutcome::Stopped => {}
            ExplorationOutcome::BrokenOff(broken) => panic!("{}", report::render_broken_off(broken)),
            ExplorationOutcome::Failed(counterexample) => panic!("{}", failure_message(counterexample)),
        }
    }
    assert_eq!(results.iter().map(|result| result.cases).sum::<u64>(), CASES);
    // Each core covers a part: together they must reach everything that the exploration names.
    let missing = results.iter().map(|result| BTreeSet::from_iter(result.coverage.missing()));
    let missing = missing.reduce(|one, other| &one & &other).unwrap();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Describes the counterexample, and gives the command that finds it again.
fn failure_message(counterexample: &Counterexample) -> String {
    let Counterexample { case, steps_found, result, steps, runs, .. } = counterexample;
    format!(
        "\n{}\n{steps} steps, shrunk from the {steps_found} of sequence {case} in {runs} runs\n\
         find it again: cargo run --release --bin simulate -- explore --cases {} --seed {SEED}\n\n{}",
        report::render_failure(result, &|_| None),
        case + 1,
        explore::counterexample_yaml(result, "The failing sequence as a scenario."),
    )
}
