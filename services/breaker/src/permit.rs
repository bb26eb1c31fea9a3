//! The right to make one call, and the guard that records when it is dropped.

use std::fmt;
use std::time::Duration;

use crate::circuit::{Admission, SharedCircuit};
use crate::window::CallOutcome;

/// The right to make one call.
///
/// [`record`](Permit::record) tells the circuit how the call ended. A caller that can be cancelled during the call
/// takes a [`guard`](Permit::guard). A permit that is dropped frees its slot and records nothing.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once only frees its slot"]
pub struct Permit {
    circuit: SharedCircuit,
    /// `None` once the end of the call is known.
    admission: Option<Admission>,
}

impl Permit {
    pub(crate) fn new(circuit: SharedCircuit, admission: Admission) -> Self {
        Self { circuit, admission: Some(admission) }
    }

    /// Records that the call ended at `now`. It counts as slow when that is [`slow_call`](crate::Config::slow_call) or
    /// longer after it was admitted.
    pub fn record(mut self, now: Duration, outcome: CallOutcome) {
        if let Some(admission) = self.admission.take() {
            self.circuit.lock().record(now, admission, outcome);
        }
    }

    /// Records that the caller gave up waiting at `now`. If the call was slow by then, it counts as a failure; if not,
    /// its slot is freed and nothing is counted.
    pub fn abandon(mut self, now: Duration) {
        if let Some(admission) = self.admission.take() {
            self.circuit.lock().abandon(now, admission);
        }
    }

    /// Adds the clock that the permit lacks, so that a cancelled caller abandons its call by dropping the guard.
    ///
    /// `clock` returns the time since the same origin as the `now` of [`Breaker::admit`](crate::Breaker::admit).
    pub fn guard<C: Fn() -> Duration>(self, clock: C) -> CallGuard<C> {
        CallGuard { permit: Some(self), clock }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            self.circuit.lock().free(admission);
        }
    }
}

/// A [`Permit`] with a clock. Dropping it [abandons](Permit::abandon) the call: so does a future that is dropped while
/// it waits for the reply, or a panic.
#[must_use = "a guard that is dropped at once abandons its call"]
pub struct CallGuard<C: Fn() -> Duration> {
    /// `None` once the outcome is recorded.
    permit: Option<Permit>,
    clock: C,
}

impl<C: Fn() -> Duration> CallGuard<C> {
    /// Records that the call has ended, now.
    pub fn record(mut self, outcome: CallOutcome) {
        if let Some(permit) = self.permit.take() {
            permit.record((self.clock)(), outcome);
        }
    }
}

impl<C: Fn() -> Duration> Drop for CallGuard<C> {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.abandon((self.clock)());
        }
    }
}

impl<C: Fn() -> Duration> fmt::Debug for CallGuard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallGuard").field("permit", &self.permit).finish_non_exhaustive()
    }
}
