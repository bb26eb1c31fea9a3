//! The three states and the rules for moving between them, on plain data.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::config::Config;
use crate::transition::{CircuitState, Observer, Transition, TransitionReason};
use crate::window::{CallOutcome, Counts, Window};

/// The number of transitions that a circuit remembers; older ones are dropped.
pub const TRANSITIONS_KEPT: usize = 256;

/// A state with the data that its rules need.
#[derive(Debug)]
enum Phase {
    Closed,
    Open { until: Duration },
    HalfOpen { in_flight: u32, succeeded: u32 },
}

/// When a call was admitted, and after how many transitions. Once there has been another transition, its outcome is
/// stale and changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admission {
    at: Duration,
    generation: u64,
}

#[derive(Debug)]
pub(crate) struct Circuit {
    config: Config,
    phase: Phase,
    /// The number of transitions so far.
    generation: u64,
    window: Window,
    transitions: VecDeque<Transition>,
    observer: Option<Observer>,
    /// The latest time that a caller has passed.
    latest: Duration,
}

/// A circuit that all its callers, their permits and guards share.
#[derive(Debug, Clone)]
pub(crate) struct SharedCircuit(Arc<Mutex<Circuit>>);

impl SharedCircuit {
    pub(crate) fn new(circuit: Circuit) -> Self {
        Self(Arc::new(Mutex::new(circuit)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Circuit> {
        // An observer that panics leaves the circuit whole: it is called after the change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Circuit {
    /// A closed circuit. The thresholds must have been checked.
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            phase: Phase::Closed,
            generation: 0,
            window: Window::new(config.window, config.window_calls),
            transitions: VecDeque::new(),
            observer: None,
            latest: Duration::ZERO,
        }
    }

    pub(crate) fn observe(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }

    pub(crate) fn state(&mut self, now: Duration) -> CircuitState {
        self.advance(now);
        self.name()
    }

    pub(crate) fn transitions(&self) -> Vec<Transition> {
        self.transitions.iter().copied().collect()
    }

    /// Admits one call. The error is how long to wait before the next attempt.
    pub(crate) fn admit(&mut self, now: Duration) -> Result<Admission, Duration> {
        let now = self.advance(now);
        match &mut self.phase {
            Phase::Closed => {}
            Phase::Open { until } => return Err(until.saturating_sub(now)),
            Phase::HalfOpen { in_flight, succeeded } => {
                if *in_flight + *succeeded >= self.config.permitted_probes {
                    // By then the probes in flight have ended, or count as slow.
                    return Err(self.config.slow_call.min(self.config.open_wait));
                }
                *in_flight += 1;
            }
        }
        Ok(Admission { at: now, generation: self.generation })
    }

    /// Counts the outcome of a call that ended at `now`, unless it is stale.
    pub(crate) fn record(&mut self, now: Duration, admission: Admission, outcome: CallOutcome) {
        let now = self.advance(now);
        if admission.generation != self.generation {
            return;
        }
        let slow = now.saturating_sub(admission.at) >= self.config.slow_call;
        let bad = slow || outcome == CallOutcome::Failure;
        match &mut self.phase {
            Phase::Closed => {
                let counts = self.window.add(now, outcome, slow);
                // A success shows that the dependency is back, whatever failed before it.
                if bad && let Some(reason) = self.config.trips(counts) {
                    self.open(now, reason);
                }
            }
            Phase::Open { .. } => {
                unreachable!("an open circuit admits nothing, so nothing has its generation")
            }
            Phase::HalfOpen { in_flight, succeeded } => {
                if bad {
                    self.open(now, TransitionReason::ProbeFailed);
                    return;
                }
                *in_flight -= 1;
                *succeeded += 1;
                if *succeeded >= self.config.permitted_probes {
                    self.window.clear();
                    self.enter(Phase::Closed, now, TransitionReason::ProbesSucceeded);
                }
            }
        }
    }

    /// Ends a call whose caller gave up at `now`. Slow by then, it shows that the dependency is slow, so it counts.
    pub(crate) fn abandon(&mut self, now: Duration, admission: Admission) {
        if now.saturating_sub(admission.at) >= self.config.slow_call {
            self.record(now, admission, CallOutcome::Failure);
        } else {
            self.free(admission);
        }
    }

    /// Frees the slot of a call, without an outcome.
    pub(crate) fn free(&mut self, admission: Admission) {
        if admission.generation == self.generation
            && let Phase::HalfOpen { in_flight, .. } = &mut self.phase
        {
            *in_flight -= 1;
        }
    }

    /// Makes the transition that is due by `now`, and returns the time that counts: threads read the clock before they
    /// lock the circuit, so `now` may be a little earlier than the latest reading, which then counts.
    fn advance(&mut self, now: Duration) -> Duration {
        self.latest = self.latest.max(now);
        if let Phase::Open { until } = self.phase
            && self.latest >= until
        {
            self.enter(Phase::HalfOpen { in_flight: 0, succeeded: 0 }, until, TransitionReason::WaitOver);
        }
        self.latest
    }

    fn open(&mut self, now: Duration, reason: TransitionReason) {
        self.enter(Phase::Open { until: now.saturating_add(self.config.open_wait) }, now, reason);
    }

    fn enter(&mut self, phase: Phase, at: Duration, reason: TransitionReason) {
        let from = self.name();
        self.phase = phase;
        self.generation += 1;
        if self.transitions.len() == TRANSITIONS_KEPT {
            self.transitions.pop_front();
        }
        let transition = Transition { at, from, to: self.name(), reason };
        self.transitions.push_back(transition);
        if let Some(Observer(observer)) = &self.observer {
            observer(&transition);
        }
    }

    fn name(&self) -> CircuitState {
        match self.phase {
            Phase::Closed => CircuitState::Closed,
            Phase::Open { .. } => CircuitState::Open,
            Phase::HalfOpen { .. } => CircuitState::HalfOpen,
        }
    }
}

impl Config {
    /// Why these counts open a closed circuit; `None` when they don't.
    fn trips(&self, Counts { calls, failures, slow }: Counts) -> Option<TransitionReason> {
        let reaches = |count: u32, rate: f64| f64::from(count) >= rate * f64::from(calls);
        if calls < self.minimum_calls {
            None
        } else if reaches(failures, self.failure_rate) {
            Some(TransitionReason::Failures { failures, calls })
        } else if reaches(slow, self.slow_rate) {
            Some(TransitionReason::Slow { slow, calls })
        } else {
            None
        }
    }
}
