//! The states of a circuit and the log of moves between them.

use std::fmt;
use std::time::Duration;

/// What a circuit lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Everything.
    Closed,
    /// Nothing, until the wait is over.
    Open,
    /// A few probes.
    HalfOpen,
}

impl fmt::Display for State {
    /// As `/health` writes it: `closed`, `open`, `half_open`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
        })
    }
}

/// Why a circuit moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// So many of so many recent calls failed.
    Failures {
        /// Failed calls in the window.
        failures: u32,
        /// All calls in the window.
        calls: u32,
    },
    /// So many of so many recent calls were slow.
    Slow {
        /// Slow calls in the window.
        slow: u32,
        /// All calls in the window.
        calls: u32,
    },
    /// The open wait is over.
    WaitOver,
    /// A probe failed or was slow.
    ProbeFailed,
    /// As many probes succeeded as were permitted.
    ProbesSucceeded,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Failures { failures, calls } => write!(f, "{failures} of the last {calls} calls failed"),
            Why::Slow { slow, calls } => write!(f, "{slow} of the last {calls} calls were slow"),
            Why::WaitOver => f.write_str("the wait is over"),
            Why::ProbeFailed => f.write_str("a probe failed"),
            Why::ProbesSucceeded => f.write_str("the probes succeeded"),
        }
    }
}

/// One move of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// When, since the caller's origin. Half-opening is dated when the wait ended, whenever it was noticed.
    pub at: Duration,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// The reason.
    pub why: Why,
}

/// Who is told of moves.
pub(crate) struct Observer(pub(crate) Box<dyn Fn(&Transition) + Send>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer(…)")
    }
}
