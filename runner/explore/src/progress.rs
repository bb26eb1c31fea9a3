//! The progress of an exploration or a sweep, for display.

use std::{sync::Arc, time::Duration};

use engine::ScenarioResult;

use crate::trial::FailingRun;

/// Something that happened during an exploration or a sweep.
#[derive(Debug, Clone)]
pub enum Progress {
    /// A sequence of an exploration held.
    Explored {
        /// The number of sequences that held so far.
        cases: u64,
        /// The real time since the exploration began.
        took: Duration,
        /// The number of operations, faults and kills that the sequences so far have exercised.
        covered: usize,
        /// The number of operations, faults and kills that there are.
        coverable: usize,
    },
    /// A sequence failed. It is shrunk next.
    Failed {
        /// The sequence's number, counted from 0.
        case: u64,
        /// The number of its steps.
        steps: usize,
        /// The failed run.
        result: Arc<ScenarioResult>,
    },
    /// A run of a sweep failed. It is shrunk next, unless another one failed in the same way.
    CellFailed {
        /// The run's position among the table's cells.
        cell: usize,
        /// The failed run.
        failing: FailingRun,
    },
    /// A smaller sequence or scenario was tried.
    Tried {
        /// The number of runs so far.
        runs: u32,
        /// The number of steps of the smallest one that fails.
        steps: usize,
    },
    /// A smaller sequence or scenario was tried, and fails in the same way.
    Shrunk {
        /// The number of runs so far.
        runs: u32,
        /// The number of its steps.
        steps: usize,
        /// The failed run.
        failing: FailingRun,
    },
    /// The smallest sequence is run again, to see whether it fails each time.
    Repeated {
        /// The number of repeated runs so far.
        runs: u32,
        /// The number of all.
        of: u32,
    },
    /// A run of a sweep starts.
    CellStarted {
        /// Its position among the table's cells.
        cell: usize,
        /// The number of all cells, as far as it is known.
        of: usize,
        /// The faults, each with its call.
        faults: String,
    },
}
