//! The names of a circuit's states, and the log of transitions between them.

use std::fmt;
use std::time::Duration;

/// Which calls a circuit admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// All calls.
    Closed,
    /// No calls, until [`open_wait`](crate::Config::open_wait) is over.
    Open,
    /// At most [`permitted_probes`](crate::Config::permitted_probes) calls.
    HalfOpen,
}

impl fmt::Display for CircuitState {
    /// Writes `closed`, `open` or `half_open`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        })
    }
}

/// Why a circuit changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransitionReason {
    /// The share of failed calls reached [`failure_rate`](crate::Config::failure_rate).
    Failures {
        /// Failed calls in the window.
        failures: u32,
        /// All calls in the window.
        calls: u32,
    },
    /// The share of slow calls reached [`slow_rate`](crate::Config::slow_rate).
    Slow {
        /// Slow calls in the window.
        slow: u32,
        /// All calls in the window.
        calls: u32,
    },
    /// [`open_wait`](crate::Config::open_wait) is over.
    WaitOver,
    /// A probe failed or was slow.
    ProbeFailed,
    /// All permitted probes succeeded.
    ProbesSucceeded,
}

impl fmt::Display for TransitionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failures { failures, calls } => write!(f, "{failures} of the last {calls} calls failed"),
            Self::Slow { slow, calls } => write!(f, "{slow} of the last {calls} calls were slow"),
            Self::WaitOver => f.write_str("the wait is over"),
            Self::ProbeFailed => f.write_str("a probe failed"),
            Self::ProbesSucceeded => f.write_str("the probes succeeded"),
        }
    }
}

/// A change of a circuit's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// Time since the caller's origin. A circuit becomes half-open when its wait ends, however late it is asked.
    pub at: Duration,
    /// The state before.
    pub from: CircuitState,
    /// The state after.
    pub to: CircuitState,
    /// Why it changed.
    pub reason: TransitionReason,
}

/// A function that is called at every transition.
pub(crate) struct Observer(pub(crate) Box<dyn Fn(&Transition) + Send>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer(…)")
    }
}
