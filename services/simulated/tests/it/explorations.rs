//! The shop under thousands of sequences that nobody wrote.

use std::collections::BTreeSet;

use explore::{Counterexample, ExplorationOptions, ExplorationOutcome, explore};
use fault::Seed;
use simulation::block_on;

use crate::linked::{Linked, on_every_core};

/// Sequences in all.
const CASES: u64 = 2_000;
const SEED: Seed = Seed(1);

#[test]
fn the_shop_holds_under_everything_at_once() {
    let linked = Linked::new();
    let exploration = linked.exploration("explorations/shop.yaml");
    let results = on_every_core(|shard| {
        let options = ExplorationOptions { shard, ..ExplorationOptions::new(SEED, CASES) };
        block_on(explore(exploration, &linked.simulation, &linked.rules, &options, &|_| {}))
    });
    for result in &results {
        match &result.outcome {
            ExplorationOutcome::Held => {}
            ExplorationOutcome::BrokenOff(broken) => panic!("{}", report::render_broken_off(broken)),
            ExplorationOutcome::Failed(counterexample) => panic!("{}", told(counterexample)),
        }
    }
    assert_eq!(results.iter().map(|result| result.cases).sum::<u64>(), CASES);
    // Nothing has been learned about what no core ever saw.
    let missing = results.iter().map(|result| BTreeSet::from_iter(result.coverage.missing()));
    let missing = missing.reduce(|one, other| &one & &other).unwrap();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What failed, in how few steps, and how to see it again.
fn told(counterexample: &Counterexample) -> String {
    let Counterexample { case, steps_found, result, steps, runs, .. } = counterexample;
    format!(
        "\n{}\n{steps} steps, shrunk from the {steps_found} of sequence {case} in {runs} runs\n\
         again: cargo run --release --bin simulate -- explore --cases {} --seed {SEED}\n\n{}",
        report::render_failure(result, &|_| None),
        case + 1,
        explore::counterexample_yaml(result, "What failed, as a scenario."),
    )
}
