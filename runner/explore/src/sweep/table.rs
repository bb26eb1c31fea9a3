//! The table of a sweep: call × fault × outcome.

use std::{collections::BTreeMap, sync::Arc};

use engine::{BrokenOff, ScenarioResult};
use fault::{CLIENT, FaultName, Seed};
use verdict::Verdict;

use crate::{
    sweep::{call::SweptCall, faulted::FaultedScenario, placement::FaultPlacement, skip::SkipReason},
    trial::{FailingRun, ReplaySeed},
};

/// The result of a sweep.
#[derive(Debug, Clone)]
pub struct SweepTable {
    /// Seed of all random choices.
    pub seed: Seed,
    /// The run of the scenario without an additional fault. There are cells only if it passed.
    pub baseline: Arc<ScenarioResult>,
    /// The scenario's calls on links; after them, calls that are only made because of a fault.
    pub calls: Vec<SweptCall>,
    /// The runs with a fault, or a pair of them.
    pub cells: Vec<SweepCell>,
    /// The faults that were left out.
    pub skipped: Vec<SkippedFaults>,
    /// The number of runs that were planned and not done, because the sweep was stopped.
    pub not_run: usize,
    /// How often the services were started once more, because one wasn't ready the first time.
    pub repeated_starts: u32,
}

/// A run with one fault or two.
#[derive(Debug, Clone)]
pub struct SweepCell {
    /// The faults.
    pub faults: Vec<FaultPlacement>,
    /// The client's reply during the step in which the first fault met its call.
    pub client: ClientStatus,
    /// Whether all that is judged held.
    pub outcome: CellOutcome,
}

/// The status of a client's last reply during a step; `None` when there was no reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientStatus {
    /// The status in the run without a fault.
    pub without_fault: Option<u16>,
    /// The status in the run with the fault.
    pub with_fault: Option<u16>,
}

/// Whether all that is judged held in a run of a sweep.
#[derive(Debug, Clone)]
pub enum CellOutcome {
    /// Everything held.
    Held,
    /// Something didn't hold. The scenario in the run contains the faults, and can be written to a file.
    Failed(FailingRun),
    /// Everything held, but a fault met no exchange: the call wasn't made this time.
    NotReached,
    /// The environment failed.
    BrokenOff(BrokenOff),
}

/// A fault, or a pair of them, that was left out of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedFaults {
    /// The fault, or the pair.
    pub faults: Vec<FaultPlacement>,
    /// Why it was left out.
    pub reason: SkipReason,
}

impl SweepTable {
    /// Counts the runs by outcome, and the faults left out by reason.
    pub fn summary(&self) -> SweepSummary {
        let mut summary = SweepSummary::default();
        for cell in &self.cells {
            *match cell.outcome {
                CellOutcome::Held => &mut summary.held,
                CellOutcome::Failed(_) => &mut summary.failed,
                CellOutcome::NotReached => &mut summary.not_reached,
                CellOutcome::BrokenOff(_) => &mut summary.broken_off,
            } += 1;
        }
        for skipped in &self.skipped {
            *summary.skipped.entry(skipped.reason).or_default() += 1;
        }
        summary
    }

    /// The run with this fault alone, if there was one.
    pub fn single(&self, fault: FaultPlacement) -> Option<&SweepCell> {
        self.cells.iter().find(|cell| cell.faults == [fault])
    }
}

/// The runs of a sweep, counted by outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepSummary {
    /// Runs in which everything held.
    pub held: usize,
    /// Runs in which something didn't hold.
    pub failed: usize,
    /// Runs in which a fault met no exchange.
    pub not_reached: usize,
    /// Runs in which the environment failed.
    pub broken_off: usize,
    /// Faults that were left out, by reason.
    pub skipped: BTreeMap<SkipReason, usize>,
}

impl SweepCell {
    /// The cell of a run. `seed` is the sweep's.
    pub(crate) fn new(
        faulted: &FaultedScenario,
        baseline: &ScenarioResult,
        result: Arc<ScenarioResult>,
        seed: Seed,
    ) -> Self {
        let met =
            |fault: &FaultName| result.history.exchanges().any(|exchange| exchange.faults.contains(fault));
        let first = result.history.exchanges().find(|exchange| exchange.faults.contains(&faulted.names[0]));
        let client = first.and_then(|exchange| exchange.step).map_or_else(ClientStatus::default, |step| {
            let before = faulted.origin(step).and_then(|step| client_status(baseline, step));
            ClientStatus { without_fault: before, with_fault: client_status(&result, step) }
        });
        let outcome = match &result.verdict {
            Verdict::Failed(_) => {
                let seed = ReplaySeed::Unconfirmed { first: seed, tried: 0 };
                CellOutcome::Failed(FailingRun { result, seed })
            }
            Verdict::BrokenOff(broken) => CellOutcome::BrokenOff(broken.clone()),
            Verdict::Passed | Verdict::Skipped(_) if faulted.names.iter().all(met) => CellOutcome::Held,
            Verdict::Passed | Verdict::Skipped(_) => CellOutcome::NotReached,
        };
        Self { faults: faulted.faults.clone(), client, outcome }
    }
}

/// The status of the client's last reply during a step.
fn client_status(result: &ScenarioResult, step: usize) -> Option<u16> {
    let own =
        result.history.exchanges_during(step).filter(|exchange| exchange.link.caller.as_str() == CLIENT);
    own.last().and_then(|exchange| exchange.reply()).map(|reply| reply.status.as_u16())
}
