//! The handle that callers share.

use std::time::Duration;

use crate::circuit::{Circuit, SharedCircuit};
use crate::config::{Config, ConfigError};
use crate::permit::Permit;
use crate::transition::{CircuitState, Observer, Transition};

/// The circuit of one dependency. Clones share it.
///
/// Every `now` is the time since an origin that the caller chooses and keeps for the life of the circuit.
#[derive(Debug, Clone)]
pub struct Breaker {
    circuit: SharedCircuit,
}

/// The circuit is open, or half-open with all its probes in flight: the call must not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the circuit is open; try again in {retry_after:?}")]
pub struct CallRejected {
    /// How long to wait, from now, before the next attempt.
    pub retry_after: Duration,
}

impl Breaker {
    /// Makes a closed circuit.
    ///
    /// Fails on thresholds with which the circuit could never open, or never close again.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self { circuit: SharedCircuit::new(Circuit::new(config)) })
    }

    /// Has `observer` called at every transition, when the circuit notices it.
    ///
    /// It runs while the circuit is locked: calling this breaker from it is a deadlock.
    #[must_use]
    pub fn on_transition(self, observer: impl Fn(&Transition) + Send + 'static) -> Self {
        self.circuit.lock().observe(Observer(Box::new(observer)));
        self
    }

    /// Asks for the permission to make one call.
    pub fn admit(&self, now: Duration) -> Result<Permit, CallRejected> {
        match self.circuit.lock().admit(now) {
            Ok(admission) => Ok(Permit::new(self.circuit.clone(), admission)),
            Err(retry_after) => Err(CallRejected { retry_after }),
        }
    }

    /// Returns the state at `now`.
    pub fn state(&self, now: Duration) -> CircuitState {
        self.circuit.lock().state(now)
    }

    /// Returns the latest transitions, oldest first, at most [`TRANSITIONS_KEPT`](crate::TRANSITIONS_KEPT).
    pub fn transitions(&self) -> Vec<Transition> {
        self.circuit.lock().transitions()
    }
}
