//! What is told while an exploration or a sweep goes on.

use std::{sync::Arc, time::Duration};

use engine::ScenarioResult;

/// Something that a person may want to see as it happens.
#[derive(Debug, Clone)]
pub enum Event {
    /// A sequence of an exploration held.
    Explored {
        /// How many have, so far.
        cases: u64,
        /// In how much real time.
        took: Duration,
    },
    /// A sequence failed, and is about to be shrunk.
    Failed {
        /// Its number.
        case: u64,
        /// How many steps it has.
        steps: usize,
        /// What came of it.
        result: Arc<ScenarioResult>,
    },
    /// A smaller sequence was tried.
    Shrunk {
        /// How many were tried so far.
        runs: u32,
        /// How many steps the smallest one that fails has.
        steps: usize,
    },
    /// A run of a sweep has ended.
    Swept {
        /// How many have.
        runs: usize,
        /// How many there will be, as far as is known by now.
        of: usize,
    },
}
