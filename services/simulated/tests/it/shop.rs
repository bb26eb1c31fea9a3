//! The shop's scenarios in virtual time: they pass with any seed, and the same seed gives the same history.

use std::sync::Arc;

use engine::{ScenarioResult, World, run_scenario};
use fault::Seed;
use scenario::{Scenario, Signal};
use simulation::block_on;
use verdict::Verdict;

use crate::linked::Linked;

impl Linked {
    async fn run(&self, scenario: &Arc<Scenario>, seed: u64) -> ScenarioResult {
        run_scenario(&self.simulation, Arc::clone(scenario), &self.rules, Seed(seed), |_| {}).await
    }

    /// Runs every scenario. Returns the name, duration and history of each as text.
    async fn histories(&self, seed: u64) -> Vec<String> {
        let mut histories = Vec::new();
        for scenario in &self.project.scenarios {
            let result = self.run(scenario, seed).await;
            histories.push(format!("{} {:?} {:#?}", scenario.name, result.took, result.history));
        }
        histories
    }
}

#[test]
fn every_scenario_passes_with_many_seeds() {
    let shop = Linked::new();
    let mut failed = Vec::new();
    for scenario in &shop.project.scenarios {
        for seed in 0..4 {
            let result = block_on(shop.run(scenario, seed));
            if result.verdict != Verdict::Passed {
                failed.push(format!("{} (seed {seed}): {:#?}", scenario.file.display(), result.verdict));
                break;
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_same_seed_gives_the_same_histories() {
    let shop = Linked::new();
    assert_eq!(block_on(shop.histories(7)), block_on(shop.histories(7)));
}

#[test]
fn another_seed_gives_other_histories() {
    let shop = Linked::new();
    assert_ne!(block_on(shop.histories(7)), block_on(shop.histories(8)));
}

#[test]
fn earlier_runs_do_not_change_a_history() {
    let shop = Linked::new();
    let last = shop.project.scenarios.last().expect("there are scenarios");
    let alone = block_on(async { format!("{:?}", shop.run(last, 3).await.history) });
    let after_all = block_on(async {
        shop.histories(1).await;
        format!("{:?}", shop.run(last, 3).await.history)
    });
    assert_eq!(alone, after_all);
}

#[test]
fn every_service_starts_again_after_a_kill() {
    let shop = Linked::new();
    for seed in 0..20 {
        block_on(async {
            let world = shop.world(seed).await;
            for name in ["users-service", "orders-service", "payment-service"] {
                let name = name.parse().expect("a valid name");
                world.signal(&name, Signal::Kill).await.expect("the service runs");
                world.signal(&name, Signal::Start).await.expect("the database opens");
            }
            assert!(world.down().is_empty());
            world.close().await;
        });
    }
}
