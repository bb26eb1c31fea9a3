//! What came of a sweep: call × fault × outcome.

use std::{collections::BTreeMap, fmt, sync::Arc};

use engine::{BrokenOff, ScenarioResult};
use fault::{CLIENT, FaultName, Seed};
use verdict::Verdict;

use crate::sweep::{Kind, SweptCall, plan::Planned};

/// What came of a sweep.
#[derive(Debug, Clone)]
pub struct SweepTable {
    /// What all chance came from.
    pub seed: Seed,
    /// The scenario without an additional fault. Unless it passed, there are no cells.
    pub baseline: Arc<ScenarioResult>,
    /// Its calls on links; after them, calls that are only made because of a fault.
    pub calls: Vec<SweptCall>,
    /// What came of each fault, and of each pair.
    pub cells: Vec<Cell>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}

/// A fault at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Planted {
    /// The place of the call in [`SweepTable::calls`].
    pub call: usize,
    /// What happens to it.
    pub kind: Kind,
}

/// What came of a run with one fault or two.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The faults.
    pub faults: Vec<Planted>,
    /// What the client got during the step in which the first fault struck.
    pub seen: Seen,
    /// Whether all that is judged held.
    pub outcome: CellOutcome,
}

/// The status of a client's (last) reply during a step; `None`: there was no reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Without the fault.
    pub before: Option<u16>,
    /// With it.
    pub now: Option<u16>,
}

/// Whether all that is judged held in a run of a sweep.
#[derive(Debug, Clone)]
pub enum CellOutcome {
    /// It did.
    Held,
    /// It didn't. The scenario with its faults is in there, and can be written to a file.
    Failed(Arc<ScenarioResult>),
    /// All held, but a fault met nothing: the call wasn't made this time.
    NotReached,
    /// The environment failed.
    BrokenOff(BrokenOff),
}

/// What was left out of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The fault, or the pair of them.
    pub faults: Vec<Planted>,
    /// Why.
    pub reason: Reason,
}

/// Why a fault is left out of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A client can't be killed.
    ClientsDontDie,
    /// A client's own read changes nothing, and nothing is expected of its reply.
    ClientReads,
    /// An attempt that fails is followed by another one.
    Polled,
    /// Which one of requests that are alike and sent at once is struck makes no difference.
    Alike,
    /// A read that is delivered twice changes nothing.
    ReadTwice,
    /// A read whose request is lost leaves no more behind than one whose reply is lost.
    LostEitherWay,
    /// The reply has no body.
    NothingToCut,
    /// Of a pair, one is enough to fail.
    FailsAlone,
    /// There were as many runs as there may be.
    Limit,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ClientsDontDie => "a client can't be killed",
            Self::ClientReads => "what a client reads changes nothing",
            Self::Polled => "a poll that fails is followed by another one",
            Self::Alike => {
                "of requests that are alike and sent at once, which one is struck makes no difference"
            }
            Self::ReadTwice => "a read that is delivered twice changes nothing",
            Self::LostEitherWay => "a read whose request is lost is like one whose reply is lost",
            Self::NothingToCut => "the reply has no body that could be cut off",
            Self::FailsAlone => "one of the two fails alone",
            Self::Limit => "there were as many runs as there may be",
        })
    }
}

impl SweepTable {
    /// How many runs ended how, and how many were left out, by reason.
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

    /// What came of a fault by itself, if it was run.
    pub fn single(&self, fault: Planted) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.faults == [fault])
    }
}

/// How many runs of a sweep ended how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepSummary {
    /// All that is judged held.
    pub held: usize,
    /// Something didn't hold.
    pub failed: usize,
    /// A fault met nothing.
    pub not_reached: usize,
    /// The environment failed.
    pub broken_off: usize,
    /// What was left out, by reason.
    pub skipped: BTreeMap<Reason, usize>,
}

impl Cell {
    pub(crate) fn new(planned: &Planned, baseline: &ScenarioResult, result: &Arc<ScenarioResult>) -> Self {
        let met =
            |fault: &FaultName| result.history.exchanges().any(|exchange| exchange.faults.contains(fault));
        let outcome = match &result.verdict {
            Verdict::Failed(_) => CellOutcome::Failed(Arc::clone(result)),
            Verdict::BrokenOff(broken) => CellOutcome::BrokenOff(broken.clone()),
            Verdict::Passed | Verdict::Skipped(_) if planned.names.iter().all(met) => CellOutcome::Held,
            Verdict::Passed | Verdict::Skipped(_) => CellOutcome::NotReached,
        };
        let struck = result.history.exchanges().find(|exchange| exchange.faults.contains(&planned.names[0]));
        let seen = struck.and_then(|exchange| exchange.step).map_or_else(Seen::default, |step| Seen {
            before: planned.origin(step).and_then(|step| client_status(baseline, step)),
            now: client_status(result, step),
        });
        Self { faults: planned.faults.clone(), seen, outcome }
    }
}

fn client_status(result: &ScenarioResult, step: usize) -> Option<u16> {
    let own =
        result.history.exchanges_during(step).filter(|exchange| exchange.link.caller.as_str() == CLIENT);
    own.last().and_then(|exchange| exchange.reply()).map(|reply| reply.status.as_u16())
}
