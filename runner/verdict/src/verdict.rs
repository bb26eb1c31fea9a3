//! What came of a scenario.

use scenario::Span;

use crate::Exchange;

/// What came of a scenario.
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

/// The environment failed, not the system under test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BrokenOff {
    /// What failed, as a sentence without its full stop.
    pub reason: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The last lines that the service in question wrote.
    pub log: Vec<String>,
}

/// A step, or the end of the scenario, at which something didn't hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Where it happened.
    pub place: Place,
    /// Everything that wasn't as it must be.
    pub findings: Vec<Finding>,
    /// The exchange that was judged; of a polled request the last one, of a repeated one the one that failed.
    pub exchange: Option<Exchange>,
    /// What passed between services meanwhile.
    pub traffic: Vec<Exchange>,
}

/// Where in a scenario something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// While a step ran.
    Step {
        /// Its place among the steps, from 0.
        index: usize,
        /// Its name.
        name: String,
        /// Where it is written.
        span: Span,
    },
    /// After the last step: settled invariants, and faults that never fired.
    End,
}

/// One thing that isn't as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about: `status`, `body.order.status`, a link, an invariant.
    pub subject: String,
    /// What it must be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl Finding {
    /// A finding.
    pub fn new(subject: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { subject: subject.into(), expected: expected.into(), found: found.into() }
    }
}
