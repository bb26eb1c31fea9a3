//! The result of judging a scenario.

use scenario::Span;

use crate::{BrokenOff, ExchangeId, Finding};

/// The result of judging a scenario.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// All that had to hold held.
    Passed,
    /// Something didn't hold.
    Failed(Vec<Failure>),
    /// The environment failed, not the system under test.
    BrokenOff(BrokenOff),
    /// It wasn't run, because something it needs isn't required and isn't there.
    Skipped(String),
}

/// A step, or the end of the scenario, at which something didn't hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Where it happened.
    pub location: FailureLocation,
    /// Everything that wasn't as it must be.
    pub findings: Vec<Finding>,
    /// The exchange that was judged; of a polled request the last one, of a repeated one the one that failed.
    pub exchange: Option<ExchangeId>,
}

/// Where in a scenario something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureLocation {
    /// While a step ran.
    Step {
        /// Its position among the steps, from 0.
        index: usize,
        /// Its name.
        name: String,
        /// Where it is written.
        span: Span,
    },
    /// After the last step: settled invariants, and faults that never fired.
    End,
}
