//! Services that aren't ready: at the start of a run, which is repeated, or when they are started again, which is a find.

use std::sync::atomic::{AtomicU32, Ordering};

use engine::{BrokenOff, Stage};
use explore::{
    CellOutcome, ExplorationOptions, ExplorationOutcome, ExplorationResult, SweepOptions, explore, sweep,
};
use fault::Seed;
use scenario::Scenario;

use crate::{
    EXPLORATION,
    bank::{Bank, BankWorld, Bug, not_ready},
    exploration, rules, scenario, subjects,
    sweep::SCENARIO,
};

/// A bank whose first starts fail.
struct SlowAtFirst {
    failure: BrokenOff,
    /// The number of starts that fail.
    failing: u32,
    starts: AtomicU32,
}

impl SlowAtFirst {
    fn new(failure: BrokenOff, failing: u32) -> Self {
        Self { failure, failing, starts: AtomicU32::new(0) }
    }

    async fn explored(&self) -> ExplorationResult {
        let options = ExplorationOptions::new(Seed(1), 3);
        explore(&exploration(EXPLORATION), self, &rules(), &options, &|_| {}).await
    }

    fn starts(&self) -> u32 {
        self.starts.load(Ordering::Relaxed)
    }
}

impl Stage for SlowAtFirst {
    type World = BankWorld;

    async fn raise(&self, scenario: &Scenario, seed: Seed) -> Result<BankWorld, BrokenOff> {
        if self.starts.fetch_add(1, Ordering::Relaxed) < self.failing {
            return Err(self.failure.clone());
        }
        Bank(Bug::None).raise(scenario, seed).await
    }
}

fn unready() -> BrokenOff {
    not_ready(&"shop".parse().expect("a name"))
}

#[tokio::test(start_paused = true)]
async fn a_slow_start_does_not_end_an_exploration_and_is_counted() {
    let stage = SlowAtFirst::new(unready(), 2);
    let result = stage.explored().await;
    assert!(matches!(result.outcome, ExplorationOutcome::Held), "{:?}", result.outcome);
    assert_eq!((result.cases, result.repeated_starts, stage.starts()), (3, 2, 5));
}

#[tokio::test(start_paused = true)]
async fn an_exploration_breaks_off_when_starts_keep_failing() {
    let stage = SlowAtFirst::new(unready(), u32::MAX);
    let ExplorationOutcome::BrokenOff(broken) = stage.explored().await.outcome else {
        panic!("nothing starts")
    };
    assert_eq!((broken, stage.starts()), (unready(), 3));
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_environment_is_not_tried_again() {
    let stage = SlowAtFirst::new(BrokenOff::BuildInvalid("is missing".into()), u32::MAX);
    assert!(matches!(stage.explored().await.outcome, ExplorationOutcome::BrokenOff(_)));
    assert_eq!(stage.starts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_counts_repeated_starts_too() {
    let stage = SlowAtFirst::new(unready(), 1);
    let table = sweep(&scenario(SCENARIO), &stage, &rules(), &SweepOptions::new(Seed(1)), &|_| {})
        .await
        .expect("nothing stops it");
    assert_eq!((table.repeated_starts, table.summary().broken_off), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_can_not_be_started_again_is_a_find() {
    let options = SweepOptions::new(Seed(1));
    let table = sweep(&scenario(SCENARIO), &Bank(Bug::StaysDown), &rules(), &options, &|_| {})
        .await
        .expect("nothing stops it");
    assert_eq!(table.summary().broken_off, 0);
    let failed: Vec<_> = table
        .cells
        .iter()
        .filter_map(|cell| match &cell.outcome {
            CellOutcome::Failed(failing) => Some((cell, subjects(&failing.result.verdict))),
            _ => None,
        })
        .collect();
    assert!(!failed.is_empty());
    for (cell, subjects) in failed {
        assert!(cell.faults[0].kind.to_string().contains("crashes"), "{cell:?}");
        assert!(subjects.iter().any(|subject| subject.starts_with("process ")), "{subjects:?}");
    }
}
