//! The three states and the rules for moving between them, on plain data.

use std::collections::VecDeque;
use std::time::Duration;

use crate::config::Config;
use crate::transition::{Observer, State, Transition, Why};
use crate::window::{Counts, Outcome, Window};

/// How many moves are remembered; older ones are dropped.
pub const TRANSITIONS_KEPT: usize = 256;

/// What the present state needs to know besides its name.
#[derive(Debug)]
enum Phase {
    Closed,
    Open { until: Duration },
    HalfOpen { in_flight: u32, succeeded: u32 },
}

/// Which stay in which state a call was admitted in. Outcomes of an earlier stay are stale and change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

#[derive(Debug)]
pub(crate) struct Circuit {
    config: Config,
    phase: Phase,
    generation: Generation,
    window: Window,
    transitions: VecDeque<Transition>,
    observer: Option<Observer>,
    latest: Duration,
}

impl Circuit {
    pub(crate) fn new(config: Config) -> Self {
        let config = config.checked();
        Self {
            config,
            phase: Phase::Closed,
            generation: Generation(0),
            window: Window::new(config.window, config.window_calls),
            transitions: VecDeque::new(),
            observer: None,
            latest: Duration::ZERO,
        }
    }

    pub(crate) fn observe(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }

    pub(crate) fn state(&mut self, now: Duration) -> State {
        self.advance(now);
        self.name()
    }

    pub(crate) fn transitions(&self) -> Vec<Transition> {
        self.transitions.iter().copied().collect()
    }

    /// A slot for one call, or how long to stay away.
    pub(crate) fn admit(&mut self, now: Duration) -> Result<(Duration, Generation), Duration> {
        let now = self.advance(now);
        match &mut self.phase {
            Phase::Closed => {}
            Phase::Open { until } => return Err(until.saturating_sub(now)),
            Phase::HalfOpen { in_flight, succeeded } => {
                if *in_flight + *succeeded >= self.config.permitted_probes {
                    // Probes are on their way; by then they have answered, or count as slow.
                    return Err(self.config.slow_call.min(self.config.open_wait));
                }
                *in_flight += 1;
            }
        }
        Ok((now, self.generation))
    }

    pub(crate) fn record(
        &mut self,
        now: Duration,
        (admitted, generation): (Duration, Generation),
        outcome: Outcome,
    ) {
        let now = self.advance(now);
        if generation != self.generation {
            return;
        }
        let slow = now.saturating_sub(admitted) >= self.config.slow_call;
        match &mut self.phase {
            Phase::Closed => {
                let counts = self.window.add(now, outcome, slow);
                if let Some(why) = self.config.trips(counts) {
                    self.open(now, why);
                }
            }
            Phase::Open { .. } => {
                unreachable!("an open circuit admits nothing, so nothing has its generation")
            }
            Phase::HalfOpen { in_flight, succeeded } => {
                if slow || outcome == Outcome::Failure {
                    self.open(now, Why::ProbeFailed);
                    return;
                }
                *in_flight -= 1;
                *succeeded += 1;
                if *succeeded >= self.config.permitted_probes {
                    self.window.clear();
                    self.enter(Phase::Closed, now, Why::ProbesSucceeded);
                }
            }
        }
    }

    /// The caller went away. A call that was slow by then says something about the dependency, so it counts.
    pub(crate) fn abandon(&mut self, now: Duration, admission: (Duration, Generation)) {
        if now.saturating_sub(admission.0) >= self.config.slow_call {
            self.record(now, admission, Outcome::Failure);
        } else {
            self.free(admission.1);
        }
    }

    /// Gives a slot back without a word about the dependency.
    pub(crate) fn free(&mut self, generation: Generation) {
        if generation == self.generation
            && let Phase::HalfOpen { in_flight, .. } = &mut self.phase
        {
            *in_flight -= 1;
        }
    }

    /// What time alone changes. Threads read the clock before they get here, so it may seem to go back a little:
    /// the latest reading counts.
    fn advance(&mut self, now: Duration) -> Duration {
        self.latest = self.latest.max(now);
        if let Phase::Open { until } = self.phase
            && self.latest >= until
        {
            self.enter(Phase::HalfOpen { in_flight: 0, succeeded: 0 }, until, Why::WaitOver);
        }
        self.latest
    }

    fn open(&mut self, now: Duration, why: Why) {
        self.enter(Phase::Open { until: now + self.config.open_wait }, now, why);
    }

    fn enter(&mut self, phase: Phase, at: Duration, why: Why) {
        let from = self.name();
        self.phase = phase;
        self.generation.0 += 1;
        if self.transitions.len() == TRANSITIONS_KEPT {
            self.transitions.pop_front();
        }
        let transition = Transition { at, from, to: self.name(), why };
        self.transitions.push_back(transition);
        if let Some(Observer(observer)) = &self.observer {
            observer(&transition);
        }
    }

    fn name(&self) -> State {
        match self.phase {
            Phase::Closed => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }
}

impl Config {
    fn trips(&self, Counts { calls, failures, slow }: Counts) -> Option<Why> {
        let reaches = |count: u32, rate: f64| f64::from(count) >= rate * f64::from(calls);
        if calls < self.minimum_calls {
            None
        } else if reaches(failures, self.failure_rate) {
            Some(Why::Failures { failures, calls })
        } else if reaches(slow, self.slow_rate) {
            Some(Why::Slow { slow, calls })
        } else {
            None
        }
    }
}
