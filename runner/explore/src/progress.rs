//! The progress of an exploration or a sweep, for display.

use std::{sync::Arc, time::Duration};

use engine::ScenarioResult;

/// Something that happened during an exploration or a sweep.
#[derive(Debug, Clone)]
pub enum Progress {
    /// A sequence of an exploration held.
    Explored {
        /// The number of sequences that held so far.
        cases: u64,
        /// The real time since the exploration began.
        took: Duration,
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
    /// A smaller sequence or scenario was tried.
    Shrunk {
        /// The number of runs so far.
        runs: u32,
        /// The number of steps of the smallest one that fails.
        steps: usize,
    },
    /// A run of a sweep has ended.
    Swept {
        /// The number of runs so far.
        runs: usize,
        /// The number of all runs, as far as it is known.
        of: usize,
    },
}
