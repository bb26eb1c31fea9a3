//! The shop's scenarios in virtual time: they pass whatever chance does, and the same seed tells the same story.

use std::{path::Path, sync::Arc};

use engine::{Rules, ScenarioResult, Stage, World, run_scenario};
use fault::Seed;
use runner::Project;
use scenario::{Scenario, Signal};
use simulation::{SimulatedWorld, Simulation, block_on};
use verdict::Verdict;

/// What the tests run.
pub(crate) struct Shop {
    simulation: Simulation,
    pub(crate) rules: Rules,
    scenarios: Vec<Arc<Scenario>>,
}

impl Shop {
    pub(crate) fn read() -> Self {
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let project =
            Project::read(None, &[scenarios]).unwrap_or_else(|mistakes| panic!("{}", mistakes.shown()));
        assert!(!project.scenarios.is_empty());
        let simulation = Simulation::new(&project.configuration, &simulated::shop());
        Self {
            simulation: simulation.expect("the shop is linked in"),
            rules: runner::rules(&project.configuration),
            scenarios: project.scenarios,
        }
    }

    async fn run(&self, scenario: &Arc<Scenario>, seed: u64) -> ScenarioResult {
        run_scenario(&self.simulation, Arc::clone(scenario), &self.rules, Seed(seed), |_| {}).await
    }

    /// What happened in each scenario, to the last byte.
    async fn stories(&self, seed: u64) -> Vec<String> {
        let mut stories = Vec::new();
        for scenario in &self.scenarios {
            let result = self.run(scenario, seed).await;
            stories.push(format!("{} {:?} {:#?}", scenario.name, result.took, result.history));
        }
        stories
    }

    /// A fresh world in which all three run.
    pub(crate) async fn world(&self, seed: u64) -> SimulatedWorld {
        self.simulation.raise(&self.scenarios[0], Seed(seed)).await.expect("a world")
    }
}

#[test]
fn every_scenario_passes_with_many_seeds() {
    let shop = Shop::read();
    let mut failed = Vec::new();
    for scenario in &shop.scenarios {
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
fn the_same_seed_tells_the_same_story() {
    let shop = Shop::read();
    assert_eq!(block_on(shop.stories(7)), block_on(shop.stories(7)));
}

#[test]
fn another_seed_tells_another_story() {
    let shop = Shop::read();
    assert_ne!(block_on(shop.stories(7)), block_on(shop.stories(8)));
}

#[test]
fn what_ran_before_changes_nothing() {
    let shop = Shop::read();
    let last = shop.scenarios.last().expect("there are scenarios");
    let alone = block_on(async { format!("{:?}", shop.run(last, 3).await.history) });
    let after_all = block_on(async {
        shop.stories(1).await;
        format!("{:?}", shop.run(last, 3).await.history)
    });
    assert_eq!(alone, after_all);
}

#[test]
fn every_service_comes_back_from_every_crash() {
    let shop = Shop::read();
    for seed in 0..20 {
        block_on(async {
            let world = shop.world(seed).await;
            for name in ["users-service", "orders-service", "payment-service"] {
                let name = name.parse().expect("a name");
                world.signal(&name, Signal::Kill).await.expect("it runs");
                world.signal(&name, Signal::Start).await.expect("its database opens");
            }
            assert!(world.down().is_empty());
            world.close().await;
        });
    }
}
