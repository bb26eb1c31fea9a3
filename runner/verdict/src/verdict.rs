//! The result of judging a scenario.

use std::{fmt, sync::Arc};

use fault::Ordinal;
use scenario::{SourceFile, Span};

use crate::{BrokenOff, ExchangeId, Finding};

/// The result of judging a scenario.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Every expectation and invariant held.
    Passed,
    /// An expectation or invariant didn't hold.
    Failed(Vec<Failure>),
    /// The environment failed, not the system under test.
    BrokenOff(BrokenOff),
    /// It wasn't run, because it needs an optional service that is missing.
    Skipped(String),
}

/// What didn't hold at one step, or at the end of the scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The step, or the end.
    pub location: FailureLocation,
    /// Everything that didn't hold.
    pub findings: Vec<Finding>,
    /// The exchange that was judged: the last one of a polled request, the one that failed of a repeated request.
    pub exchange: Option<ExchangeId>,
    /// The requests of the step that didn't end as it expects, in the order of the step.
    pub failed: Vec<FailedRequest>,
}

/// A request that didn't end as its step expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedRequest {
    /// Its exchange.
    pub exchange: ExchangeId,
    /// Its position among the requests that the step sends, counted from 1.
    pub number: Ordinal,
}

/// Where in a scenario something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureLocation {
    /// Before the first step: the scenario's variables.
    Start,
    /// While a step ran.
    Step {
        /// Its position among the steps, from 0.
        index: usize,
        /// Its name; of a step within it the names from the outside inwards, with the number of the round.
        name: String,
        /// Where it is written.
        span: Span,
        /// The file that it stands in; `None` for the scenario's own.
        file: Option<Arc<SourceFile>>,
    },
    /// After the last step: settled invariants, and faults that never fired.
    End,
}

impl fmt::Display for FailureLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("before the first step"),
            Self::Step { index, name, .. } => write!(f, "step {}, {name}", index + 1),
            Self::End => f.write_str("after the last step"),
        }
    }
}
