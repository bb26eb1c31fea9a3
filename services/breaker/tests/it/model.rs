//! Random histories, compared with a plain reference model: it keeps all outcomes and counts the whole list each time.

use std::time::Duration;

use breaker::{Breaker, CallOutcome, CircuitState, Config, Permit};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Event {
    Wait(u64),
    Admit,
    Record(usize, CallOutcome),
    Abandon(usize),
    Drop(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let slot = 0..6_usize;
    let outcome = prop_oneof![3 => Just(CallOutcome::Failure), 2 => Just(CallOutcome::Success)];
    let event = prop_oneof![
        3 => prop_oneof![0..5_u64, 90..110_u64, 0..1200_u64].prop_map(Event::Wait),
        5 => Just(Event::Admit),
        5 => (slot.clone(), outcome).prop_map(|(slot, outcome)| Event::Record(slot, outcome)),
        1 => slot.clone().prop_map(Event::Abandon),
        1 => slot.prop_map(Event::Drop),
    ];
    prop::collection::vec(event, 0..200)
}

fn config() -> impl Strategy<Value = Config> {
    (1..4_u32, 0..4_u32, 1..3_u32, prop::sample::select(vec![0.3, 0.5, 1.0])).prop_map(
        |(minimum_calls, more, permitted_probes, rate)| Config {
            window: Duration::from_secs(1),
            window_calls: minimum_calls + more,
            minimum_calls,
            failure_rate: rate,
            slow_call: Duration::from_millis(100),
            slow_rate: 0.5,
            open_wait: Duration::from_millis(500),
            permitted_probes,
        },
    )
}

/// An admitted call.
#[derive(Clone, Copy)]
struct Call {
    at: Duration,
    /// The number of transitions before it.
    generation: usize,
}

struct Reference {
    config: Config,
    state: CircuitState,
    /// The number of transitions so far.
    generation: usize,
    opened: Duration,
    /// Since the last transition: when, failed, slow.
    outcomes: Vec<(Duration, bool, bool)>,
    /// The calls in flight of a half-open circuit.
    probing: Vec<Call>,
}

impl Reference {
    fn enter(&mut self, state: CircuitState, now: Duration) {
        self.state = state;
        self.generation += 1;
        self.opened = now;
        self.outcomes.clear();
        self.probing.clear();
    }

    fn tick(&mut self, now: Duration) {
        if self.state == CircuitState::Open && now - self.opened >= self.config.open_wait {
            self.enter(CircuitState::HalfOpen, now);
        }
    }

    fn admit(&mut self, now: Duration) -> Option<Call> {
        let call = Call { at: now, generation: self.generation };
        let probes = self.probing.len() + self.outcomes.len();
        match self.state {
            CircuitState::Closed => Some(call),
            CircuitState::HalfOpen if probes < self.config.permitted_probes as usize => {
                self.probing.push(call);
                Some(call)
            }
            CircuitState::HalfOpen | CircuitState::Open => None,
        }
    }

    fn ended(&mut self, now: Duration, call: Call, outcome: CallOutcome) {
        if call.generation != self.generation {
            return;
        }
        let (failed, slow) = (outcome == CallOutcome::Failure, now - call.at >= self.config.slow_call);
        self.probing.pop();
        self.outcomes.push((now, failed, slow));
        if self.state == CircuitState::HalfOpen {
            if failed || slow {
                self.enter(CircuitState::Open, now);
            } else if self.outcomes.len() == self.config.permitted_probes as usize {
                self.enter(CircuitState::Closed, now);
            }
            return;
        }
        let recent: Vec<_> = self
            .outcomes
            .iter()
            .rev()
            .take(self.config.window_calls as usize)
            .filter(|(at, ..)| now - *at < self.config.window)
            .collect();
        let float = |count: usize| f64::from(u32::try_from(count).expect("a short list"));
        let share = |count: usize| float(count) / float(recent.len());
        if (failed || slow)
            && recent.len() >= self.config.minimum_calls as usize
            && (share(recent.iter().filter(|o| o.1).count()) >= self.config.failure_rate
                || share(recent.iter().filter(|o| o.2).count()) >= self.config.slow_rate)
        {
            self.enter(CircuitState::Open, now);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_agree_with_the_reference(config in config(), events in events()) {
        let breaker = Breaker::new(config).expect("good thresholds");
        let mut reference = Reference {
            config, state: CircuitState::Closed, generation: 0, opened: Duration::ZERO, outcomes: vec![], probing: vec![],
        };
        let mut held: Vec<(Permit, Call)> = vec![];
        let mut now = Duration::from_secs(5);
        for event in events {
            match event {
                Event::Wait(ms) => now += Duration::from_millis(ms),
                Event::Admit => {
                    reference.tick(now);
                    match (breaker.admit(now), reference.admit(now)) {
                        (Ok(permit), Some(call)) => held.push((permit, call)),
                        (Err(rejected), None) => prop_assert!(rejected.retry_after > Duration::ZERO),
                        (ours, theirs) => prop_assert!(false, "{ours:?} but {}", theirs.is_some()),
                    }
                }
                Event::Record(slot, outcome) if slot < held.len() => {
                    let (permit, call) = held.remove(slot);
                    reference.tick(now);
                    permit.record(now, outcome);
                    reference.ended(now, call, outcome);
                }
                Event::Abandon(slot) if slot < held.len() => {
                    let (permit, call) = held.remove(slot);
                    permit.abandon(now);
                    if now - call.at >= config.slow_call {
                        reference.tick(now);
                        reference.ended(now, call, CallOutcome::Failure);
                    } else if call.generation == reference.generation {
                        reference.probing.pop();
                    }
                }
                Event::Drop(slot) if slot < held.len() => {
                    let (permit, call) = held.remove(slot);
                    drop(permit);
                    if call.generation == reference.generation {
                        reference.probing.pop();
                    }
                }
                Event::Record(..) | Event::Abandon(_) | Event::Drop(_) => {}
            }
            reference.tick(now);
            prop_assert_eq!(breaker.state(now), reference.state);
            prop_assert_eq!(breaker.transitions().len(), reference.generation);
        }
    }
}
