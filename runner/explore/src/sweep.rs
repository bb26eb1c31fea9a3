//! A scenario with every single fault at every one of its calls, and with pairs of them.
//!
//! # What is judged
//!
//! Under a fault that its author didn't think of, a scenario may rightly see other replies than it expects: 202 for 201,
//! 503, nothing at all, and then steps whose captures are missing. So what its steps expect isn't held against it
//! ([`Judging::Lenient`](scenario::Judging)), and steps that lack a capture are left out. What is judged is
//!
//! - every invariant of the project, after every step and in the end;
//! - that a key keeps its word: each request with an `Idempotency-Key` is sent again once nothing is wrong any more.
//!   Then it must have an outcome, and a success that was already told must still be one.
//!
//! # What is left out
//!
//! Faults that can't make a difference, each with its reason ([`Reason`]), and pairs of which one is enough to fail.

mod call;
mod kind;
mod pairs;
mod plan;
mod table;

use std::{collections::BTreeSet, sync::Arc};

use engine::{Rules, Stage};
use fault::Seed;
use scenario::Scenario;
use verdict::Verdict;

use crate::{
    Event, Limits,
    reduce::reduce,
    trial::{Trials, complaints},
};
use kind::applicable;
use pairs::pairs;
use plan::Planned;

pub use call::SweptCall;
pub use kind::Kind;
pub use table::{Cell, CellOutcome, Planted, Reason, Seen, Skipped, SweepSummary, SweepTable};

/// How a sweep is done.
#[derive(Debug, Clone)]
pub struct SweepOptions {
    /// What all chance comes from.
    pub seed: Seed,
    /// The kinds of faults.
    pub kinds: Vec<Kind>,
    /// How many faults meet the scenario at once.
    pub depth: Depth,
    /// The most runs.
    pub runs: usize,
    /// How far a failure is shrunk; of those that fail alike, one is.
    pub limits: Limits,
}

/// How many faults meet a scenario at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// One.
    Singles,
    /// One, and then two: the second at a call that is made after the first has struck.
    Pairs,
}

impl SweepOptions {
    /// Every kind of fault, one at a time.
    pub fn new(seed: Seed) -> Self {
        Self {
            seed,
            kinds: Kind::ALL.to_vec(),
            depth: Depth::Singles,
            runs: 100_000,
            limits: Limits::default(),
        }
    }
}

/// Runs a scenario, and, if it passes, runs it again with each fault at each of its calls.
pub async fn sweep<S: Stage>(
    scenario: &Arc<Scenario>,
    stage: &S,
    rules: &Rules,
    options: &SweepOptions,
    tell: &(impl Fn(Event) + Send + Sync),
) -> SweepTable {
    let trials = Trials { stage, rules, seed: options.seed };
    let baseline = Arc::new(trials.run(Arc::clone(scenario)).await);
    let made = call::calls(&baseline.history, Some);
    let calls = made.into_iter().map(|(call, _)| call).collect();
    let table = SweepTable { seed: options.seed, baseline, calls, cells: Vec::new(), skipped: Vec::new() };
    let mut sweep = Sweep { scenario, trials, options, tell, table, of: 0, wrong: BTreeSet::new() };
    if sweep.table.baseline.verdict == Verdict::Passed {
        sweep.run().await;
    }
    sweep.table
}

/// A sweep under way.
struct Sweep<'a, S, T> {
    scenario: &'a Arc<Scenario>,
    trials: Trials<'a, S>,
    options: &'a SweepOptions,
    tell: &'a T,
    table: SweepTable,
    /// How many runs there will be, as far as is known.
    of: usize,
    /// What those complain of that were made as small as they can be.
    wrong: BTreeSet<BTreeSet<String>>,
}

impl<S: Stage, T: Fn(Event)> Sweep<'_, S, T> {
    async fn run(&mut self) {
        let mut singles = Vec::new();
        for (place, call) in self.table.calls.iter().enumerate() {
            for kind in &self.options.kinds {
                let fault = Planted { call: place, kind: *kind };
                match applicable(*kind, call, self.scenario) {
                    Ok(()) => singles.push(fault),
                    Err(reason) => self.table.skipped.push(Skipped { faults: vec![fault], reason }),
                }
            }
        }
        self.of = singles.len();
        let mut second = Vec::new();
        for fault in singles {
            second.extend(self.plant(&[fault]).await);
        }
        let failing: BTreeSet<Planted> = self.failing().collect();
        let (ready, skipped): (Vec<_>, Vec<_>) = second.into_iter().partition(|pair| pair.skip.is_none());
        let skipped = skipped.into_iter().filter_map(|pair| Some((pair.faults, pair.skip?)));
        self.table
            .skipped
            .extend(skipped.map(|(faults, reason)| Skipped { faults: faults.to_vec(), reason }));
        self.of += ready.len();
        for pair in ready {
            if pair.faults.iter().any(|fault| failing.contains(fault)) {
                self.of -= 1;
                self.table.skipped.push(Skipped { faults: pair.faults.to_vec(), reason: Reason::FailsAlone });
            } else {
                self.plant(&pair.faults).await;
            }
        }
    }

    /// The faults that are enough to fail.
    fn failing(&self) -> impl Iterator<Item = Planted> {
        let failed = self.table.cells.iter().filter(|cell| matches!(cell.outcome, CellOutcome::Failed(_)));
        failed.filter_map(|cell| match cell.faults.as_slice() {
            [single] => Some(*single),
            _ => None,
        })
    }

    /// Runs the scenario with these faults. Says which others could follow.
    async fn plant(&mut self, faults: &[Planted]) -> Vec<pairs::Pair> {
        if self.table.cells.len() >= self.options.runs {
            self.table.skipped.push(Skipped { faults: faults.to_vec(), reason: Reason::Limit });
            return Vec::new();
        }
        let within = self.scenario.settle.unwrap_or(self.trials.rules.settle);
        let planned = Planned::new(self.scenario, &self.table.calls, faults, within);
        // With the scenario's own seed, so that nothing but the faults is different.
        let seed = self.table.baseline.seed;
        let result = Arc::new(self.trials.run_with(Arc::clone(&planned.scenario), seed).await);
        let mut cell = Cell::new(&planned, &self.table.baseline, &result);
        if let CellOutcome::Failed(failing) = &mut cell.outcome
            && self.wrong.insert(complaints(failing, self.trials.rules))
        {
            let (Trials { stage, rules, seed }, limits) = (&self.trials, self.options.limits);
            (*failing, _) = reduce(Arc::clone(failing), *stage, rules, *seed, limits, self.tell).await;
        }
        self.table.cells.push(cell);
        (self.tell)(Event::Swept { runs: self.table.cells.len(), of: self.of });
        match self.options.depth {
            Depth::Singles => Vec::new(),
            Depth::Pairs => {
                pairs(&planned, &result, &mut self.table.calls, &self.options.kinds, self.scenario)
            }
        }
    }
}
