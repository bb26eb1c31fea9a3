//! The handle that callers share, and the right to make one call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::circuit::{Circuit, Generation};
use crate::config::Config;
use crate::transition::{Observer, State, Transition};
use crate::window::Outcome;

/// One circuit, for one dependency. Clones share it.
#[derive(Debug, Clone)]
pub struct Breaker {
    circuit: Arc<Mutex<Circuit>>,
}

/// The circuit lets nothing through now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// When to try again, from now.
    pub retry_after: Duration,
}

impl std::fmt::Display for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the circuit is open; try again in {:?}", self.retry_after)
    }
}

impl std::error::Error for Open {}

impl Breaker {
    /// A closed circuit. Panics on thresholds with which it could never open, or never close again.
    pub fn new(config: Config) -> Self {
        Self { circuit: Arc::new(Mutex::new(Circuit::new(config))) }
    }

    /// The same with somebody who is told of every move when it is noticed. It must not ask this circuit anything.
    #[must_use]
    pub fn observed(self, observer: impl Fn(&Transition) + Send + 'static) -> Self {
        self.lock().observe(Observer(Box::new(observer)));
        self
    }

    /// Asks for one call at `now`, a time since any origin that stays the same for this circuit.
    pub fn admit(&self, now: Duration) -> Result<Permit, Open> {
        match self.lock().admit(now) {
            Ok(admission) => Ok(Permit { breaker: self.clone(), admission: Some(admission) }),
            Err(retry_after) => Err(Open { retry_after }),
        }
    }

    /// The state at `now`.
    pub fn state(&self, now: Duration) -> State {
        self.lock().state(now)
    }

    /// The moves so far, oldest first, at most the latest [`TRANSITIONS_KEPT`](crate::circuit::TRANSITIONS_KEPT).
    pub fn transitions(&self) -> Vec<Transition> {
        self.lock().transitions()
    }

    fn lock(&self) -> MutexGuard<'_, Circuit> {
        // A panic of ours elsewhere must not take the circuit with it; every change here is a whole one.
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to make one call.
///
/// Say what came of it with [`record`](Permit::record). A caller that is cancelled calls
/// [`abandon`](Permit::abandon) from its drop guard, since only it has a clock; a permit that is merely dropped
/// gives its slot back and says nothing.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once only gives its slot back"]
pub struct Permit {
    breaker: Breaker,
    admission: Option<(Duration, Generation)>,
}

impl Permit {
    /// The call ended at `now`; it is slow when that is too long after it was admitted.
    pub fn record(mut self, now: Duration, outcome: Outcome) {
        if let Some(admission) = self.admission.take() {
            self.breaker.lock().record(now, admission, outcome);
        }
    }

    /// The caller gave up at `now`. If the call was slow by then, that counts as a failure.
    pub fn abandon(mut self, now: Duration) {
        if let Some(admission) = self.admission.take() {
            self.breaker.lock().abandon(now, admission);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some((_, generation)) = self.admission.take() {
            self.breaker.lock().free(generation);
        }
    }
}
