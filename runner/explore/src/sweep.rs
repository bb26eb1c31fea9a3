//! Runs a scenario with each fault at each of its calls, and with pairs of faults.
//!
//! # What is judged
//!
//! Under a fault that its author didn't think of, a scenario may rightly get other replies than it expects: 202 for 201,
//! 503, or none. So the expectations of its steps aren't judged ([`Judging::Lenient`](scenario::Judging)), and steps whose
//! captures are missing are skipped. These are judged:
//!
//! - every invariant of the project, after every step and at the end;
//! - the outcome of each request with an `Idempotency-Key`: it is sent again once all faults are healed and all services run.
//!   Then its outcome must be known, and if an earlier reply was a success, this one must be one too. Requests within a loop,
//!   or beside another request, aren't sent again.
//!
//! # What is left out
//!
//! Faults that can't make a difference, each with its reason ([`SkipReason`]), and pairs of which one fault is enough to fail.

mod call;
mod fault_kind;
mod faulted;
mod pairs;
mod placement;
mod skip;
mod table;

use std::{collections::BTreeSet, sync::Arc};

use engine::{CancellationToken, Rules, ScenarioResult, Stage};
use fault::Seed;
use scenario::{Phase, Scenario};
use verdict::Verdict;

use crate::{
    complaint::{Complaint, complaints_by_name},
    progress::Progress,
    reduce::reduce,
    shrink::ShrinkLimits,
    trial::{FailingRun, Trials},
};
use fault_kind::applicable;
use faulted::{FaultedScenario, steps_before_faults};
use pairs::{Pair, pairs};

pub use call::SweptCall;
pub use fault_kind::FaultKind;
pub use placement::FaultPlacement;
pub use skip::SkipReason;
pub use table::{CellOutcome, ClientStatus, SkippedFaults, SweepCell, SweepSummary, SweepTable};

/// How a sweep is done.
#[derive(Debug, Clone)]
pub struct SweepOptions {
    /// Seed of all random choices.
    pub seed: Seed,
    /// The kinds of faults.
    pub kinds: Vec<FaultKind>,
    /// How many faults are added at once.
    pub depth: Depth,
    /// The most runs.
    pub runs: usize,
    /// The limits of shrinking. Of runs that fail in the same way, one is shrunk.
    pub limits: ShrinkLimits,
    /// Ends the sweep when it is cancelled. The table then has the runs until then.
    pub stop: CancellationToken,
}

/// How many faults are added to a scenario at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// One fault.
    Singles,
    /// One fault, and then two: the second at a call that is made after the first has met its call.
    Pairs,
}

impl SweepOptions {
    /// Every kind of fault, one at a time.
    pub fn new(seed: Seed) -> Self {
        Self {
            seed,
            kinds: FaultKind::ALL.to_vec(),
            depth: Depth::Singles,
            runs: 100_000,
            limits: ShrinkLimits::default(),
            stop: CancellationToken::new(),
        }
    }
}

/// Runs a scenario, and, if it passes, runs it again with each fault at each of its calls. `None` if it was stopped before the
/// scenario had ended once.
pub async fn sweep<S: Stage>(
    scenario: &Arc<Scenario>,
    stage: &S,
    rules: &Rules,
    options: &SweepOptions,
    tell: &(impl Fn(Progress) + Send + Sync),
) -> Option<SweepTable> {
    let trials = Trials::new(stage, rules, options.seed);
    let baseline = trials.run(Arc::clone(scenario), options.seed);
    let baseline = Arc::new(options.stop.run_until_cancelled(baseline).await?);
    let in_steps = |step: usize| (scenario.steps.get(step)?.phase == Phase::Main).then_some(step);
    let made = call::calls(&baseline.history, steps_before_faults(scenario), in_steps);
    let calls = made.into_iter().map(|(call, _)| call).collect();
    let table = SweepTable {
        seed: options.seed,
        baseline,
        calls,
        cells: Vec::new(),
        skipped: Vec::new(),
        not_run: 0,
        repeated_starts: 0,
    };
    let mut sweep = Sweep { scenario, trials, options, tell, table, of: 0, shrunk: BTreeSet::new() };
    if sweep.table.baseline.verdict == Verdict::Passed
        && options.stop.run_until_cancelled(sweep.run()).await.is_none()
    {
        sweep.table.not_run = sweep.of - sweep.table.cells.len();
    }
    sweep.table.repeated_starts = sweep.trials.repeated_starts();
    Some(sweep.table)
}

/// A sweep in progress.
struct Sweep<'a, S, T> {
    scenario: &'a Arc<Scenario>,
    trials: Trials<'a, S>,
    options: &'a SweepOptions,
    tell: &'a T,
    table: SweepTable,
    /// The number of all runs, as far as it is known.
    of: usize,
    /// The complaints of each failing run that was shrunk.
    shrunk: BTreeSet<BTreeSet<Complaint>>,
}

impl<S: Stage, T: Fn(Progress)> Sweep<'_, S, T> {
    async fn run(&mut self) {
        let mut singles = Vec::new();
        for (index, call) in self.table.calls.iter().enumerate() {
            for kind in &self.options.kinds {
                let fault = FaultPlacement { call: index, kind: *kind };
                match applicable(*kind, call, self.scenario) {
                    Ok(()) => singles.push(fault),
                    Err(reason) => self.table.skipped.push(SkippedFaults { faults: vec![fault], reason }),
                }
            }
        }
        self.of = singles.len();
        let mut second = Vec::new();
        for fault in singles {
            second.extend(self.run_with(&[fault]).await);
        }
        let failing: BTreeSet<FaultPlacement> = self.failing().collect();
        let (ready, skipped): (Vec<_>, Vec<_>) = second.into_iter().partition(|pair| pair.skip.is_none());
        let skipped = skipped.into_iter().filter_map(|pair| Some((pair.faults, pair.skip?)));
        self.table
            .skipped
            .extend(skipped.map(|(faults, reason)| SkippedFaults { faults: faults.to_vec(), reason }));
        self.of += ready.len();
        for pair in ready {
            if pair.faults.iter().any(|fault| failing.contains(fault)) {
                self.of -= 1;
                self.table
                    .skipped
                    .push(SkippedFaults { faults: pair.faults.to_vec(), reason: SkipReason::FailsAlone });
            } else {
                self.run_with(&pair.faults).await;
            }
        }
    }

    /// The faults that fail alone.
    fn failing(&self) -> impl Iterator<Item = FaultPlacement> {
        let failed = self.table.cells.iter().filter(|cell| matches!(cell.outcome, CellOutcome::Failed(_)));
        failed.filter_map(|cell| match cell.faults.as_slice() {
            [single] => Some(*single),
            _ => None,
        })
    }

    /// Runs the scenario with these faults. Returns the pairs that begin with them.
    async fn run_with(&mut self, faults: &[FaultPlacement]) -> Vec<Pair> {
        if self.table.cells.len() >= self.options.runs {
            self.table.skipped.push(SkippedFaults { faults: faults.to_vec(), reason: SkipReason::RunLimit });
            return Vec::new();
        }
        let names = faults.iter().map(|fault| format!("{} at {}", fault.kind, self.table.calls[fault.call]));
        let names = names.collect::<Vec<_>>().join(", then ");
        (self.tell)(Progress::CellStarted { cell: self.table.cells.len(), of: self.of, faults: names });
        let within = self.scenario.settle.unwrap_or(self.trials.rules.settle);
        let faulted = FaultedScenario::new(self.scenario, &self.table.calls, faults, within);
        // With the baseline's own seed, so that only the faults differ.
        let seed = self.table.baseline.seed;
        let result = Arc::new(self.trials.run_with_own_seed(Arc::clone(&faulted.scenario), seed).await);
        let cell = SweepCell::new(&faulted, &self.table.baseline, Arc::clone(&result), self.options.seed);
        let failing = match &cell.outcome {
            CellOutcome::Failed(failing) => Some(failing.clone()),
            _ => None,
        };
        // It is in the table before it gets smaller, which may be interrupted.
        let number = self.table.cells.len();
        self.table.cells.push(cell);
        if let Some(failing) = failing {
            (self.tell)(Progress::CellFailed { cell: number, failing });
            let smaller = self.smaller(Arc::clone(&result)).await;
            self.table.cells[number].outcome = CellOutcome::Failed(smaller);
        }
        match self.options.depth {
            Depth::Singles => Vec::new(),
            Depth::Pairs => {
                pairs(&faulted, &result, &mut self.table.calls, &self.options.kinds, self.scenario)
            }
        }
    }

    /// The failing run with fewer steps, if it is the first one that fails in this way.
    async fn smaller(&mut self, failing: Arc<ScenarioResult>) -> FailingRun {
        let complaints = complaints_by_name(&failing);
        if self.shrunk.insert(complaints.clone()) {
            let (Trials { stage, rules, seed, .. }, limits) = (&self.trials, self.options.limits);
            reduce(failing, *stage, rules, *seed, limits, self.tell).await.0
        } else {
            let fails = |result: &ScenarioResult| complaints_by_name(result) == complaints;
            self.trials.confirm(failing, fails).await.0
        }
    }
}
