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

use std::{
    collections::BTreeSet,
    iter,
    num::NonZeroUsize,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use engine::{CancellationToken, Rules, ScenarioResult, Stage};
use fault::Seed;
use futures_util::{StreamExt, stream};
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
    /// The number of runs side by side. The table doesn't depend on it.
    pub jobs: NonZeroUsize,
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
            jobs: NonZeroUsize::MIN,
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
        let second = self.run_all(singles.into_iter().map(|fault| vec![fault]).collect()).await;
        let failing: BTreeSet<FaultPlacement> = self.failing().collect();
        let (mut ready, mut skipped) = (Vec::new(), Vec::new());
        for Pair { faults, skip } in second {
            let fails_alone = || faults.iter().any(|fault| failing.contains(fault));
            match skip.or_else(|| fails_alone().then_some(SkipReason::FailsAlone)) {
                Some(reason) => skipped.push(SkippedFaults { faults: faults.to_vec(), reason }),
                None => ready.push(faults.to_vec()),
            }
        }
        // By kind of reason, as they are found out.
        skipped.sort_by_key(|skipped| skipped.reason == SkipReason::FailsAlone);
        self.table.skipped.extend(skipped);
        self.of += ready.len();
        self.run_all(ready).await;
    }

    /// The faults that fail alone.
    fn failing(&self) -> impl Iterator<Item = FaultPlacement> {
        let failed = self.table.cells.iter().filter(|cell| matches!(cell.outcome, CellOutcome::Failed(_)));
        failed.filter_map(|cell| match cell.faults.as_slice() {
            [single] => Some(*single),
            _ => None,
        })
    }

    /// Runs the scenario with each of these faults. Returns the pairs that begin with them.
    async fn run_all(&mut self, mut all: Vec<Vec<FaultPlacement>>) -> Vec<Pair> {
        let room = self.options.runs.saturating_sub(self.table.cells.len());
        let rest = all.split_off(room.min(all.len()));
        let mut waiting = all.into_iter();
        let mut second = Vec::new();
        while waiting.len() > 0 {
            let first = self.table.cells.len();
            second.extend(self.run_until_one_fails(&mut waiting).await);
            for number in first..self.table.cells.len() {
                // It is in the table before it gets smaller, which may be interrupted.
                if let CellOutcome::Failed(failing) = &self.table.cells[number].outcome {
                    let failing = failing.clone();
                    let result = Arc::clone(&failing.result);
                    (self.tell)(Progress::CellFailed { cell: number, failing });
                    let smaller = self.smaller(result).await;
                    self.table.cells[number].outcome = CellOutcome::Failed(smaller);
                }
            }
        }
        let limited = |faults| SkippedFaults { faults, reason: SkipReason::RunLimit };
        self.table.skipped.extend(rest.into_iter().map(limited));
        second
    }

    /// Runs the scenario with the next of these faults, several side by side, until one run fails and those beside it have
    /// ended: nothing may run while a failure is made smaller, since nothing polls it then, while its time passes. Returns the
    /// pairs that begin with them.
    async fn run_until_one_fails(
        &mut self,
        waiting: &mut impl Iterator<Item = Vec<FaultPlacement>>,
    ) -> Vec<Pair> {
        let Self { scenario, trials, options, tell, table, of, .. } = self;
        let (trials, calls, first, of) = (&*trials, table.calls.clone(), table.cells.len(), *of);
        // With the baseline's own seed, so that only the faults differ.
        let (seed, has_failed) = (table.baseline.seed, AtomicBool::new(false));
        let within = scenario.settle.unwrap_or(trials.rules.settle);
        let next = iter::from_fn(|| if has_failed.load(Ordering::Relaxed) { None } else { waiting.next() });
        let run = |(cell, faults): (usize, Vec<FaultPlacement>)| {
            let names = faults.iter().map(|fault| format!("{} at {}", fault.kind, calls[fault.call]));
            let names = names.collect::<Vec<_>>().join(", then ");
            tell(Progress::CellStarted { cell, of, faults: names });
            let faulted = FaultedScenario::new(scenario, &calls, &faults, within);
            async move {
                let result = trials.run_with_own_seed(Arc::clone(&faulted.scenario), seed).await;
                (faulted, Arc::new(result))
            }
        };
        let mut runs = pin!(stream::iter((first..).zip(next)).map(run).buffered(options.jobs.get()));
        let mut second = Vec::new();
        while let Some((faulted, result)) = runs.next().await {
            let cell = SweepCell::new(&faulted, &table.baseline, Arc::clone(&result), options.seed);
            if let CellOutcome::Failed(_) = cell.outcome {
                has_failed.store(true, Ordering::Relaxed);
            }
            table.cells.push(cell);
            if options.depth == Depth::Pairs {
                second.extend(pairs(&faulted, &result, &mut table.calls, &options.kinds, scenario));
            }
        }
        second
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
