//! B1 to B15 of the contract, each in tests of that name.

use std::cell::Cell;
use std::time::Duration;

use breaker::{
    Breaker, CallOutcome, CallRejected, CircuitState, Config, ConfigError, Permit, TRANSITIONS_KEPT,
    Transition, TransitionReason,
};

const CONFIG: Config = Config {
    window: Duration::from_secs(10),
    window_calls: 20,
    minimum_calls: 5,
    failure_rate: 0.5,
    slow_call: Duration::from_secs(1),
    slow_rate: 0.5,
    open_wait: Duration::from_secs(2),
    permitted_probes: 3,
};

const MS: Duration = Duration::from_millis(1);

/// A circuit with a clock that the test moves.
struct Bench {
    breaker: Breaker,
    now: Duration,
    /// The number of admitted calls.
    upstream: u32,
}

impl Bench {
    fn new(config: Config) -> Self {
        let breaker = Breaker::new(config).expect("good thresholds");
        Self { breaker, now: Duration::from_secs(100), upstream: 0 }
    }

    /// A circuit that has just opened.
    fn tripped(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.calls(config.minimum_calls, CallOutcome::Failure);
        assert_eq!(bench.state(), CircuitState::Open);
        bench.upstream = 0;
        bench
    }

    fn admit(&mut self) -> Result<Permit, CallRejected> {
        let admitted = self.breaker.admit(self.now);
        self.upstream += u32::from(admitted.is_ok());
        admitted
    }

    fn call(&mut self, outcome: CallOutcome) -> Result<(), CallRejected> {
        self.admit()?.record(self.now, outcome);
        Ok(())
    }

    /// Makes calls that take no time, admitted or not.
    fn calls(&mut self, number: u32, outcome: CallOutcome) {
        for _ in 0..number {
            let _ = self.call(outcome);
        }
    }

    /// Makes a call of this duration, which must be admitted.
    fn slow_call(&mut self, takes: Duration, outcome: CallOutcome) {
        let permit = self.admit().expect("admitted");
        self.now += takes;
        permit.record(self.now, outcome);
    }

    fn state(&self) -> CircuitState {
        self.breaker.state(self.now)
    }
}

#[test]
fn b1_closed_is_transparent() {
    let mut bench = Bench::new(CONFIG);
    let held: Vec<Permit> = (0..500).map(|_| bench.admit().expect("closed")).collect();
    for permit in held {
        permit.record(bench.now, CallOutcome::Success);
    }
    bench.calls(500, CallOutcome::Success);
    assert_eq!(bench.upstream, 1000);
    assert_eq!(bench.breaker.transitions(), []);
}

#[test]
fn b2_no_trip_below_the_minimum_number_of_calls() {
    let mut bench = Bench::new(CONFIG);
    bench.calls(CONFIG.minimum_calls - 1, CallOutcome::Failure);
    assert_eq!(bench.state(), CircuitState::Closed);
    bench.call(CallOutcome::Failure).expect("the next call arrives");
    assert_eq!(bench.state(), CircuitState::Open, "and it was the one that reached the minimum");
}

#[test]
fn b2_a_success_never_opens_it() {
    let mut bench = Bench::new(CONFIG);
    bench.calls(CONFIG.minimum_calls - 1, CallOutcome::Failure);
    bench.calls(1, CallOutcome::Success);
    assert_eq!(bench.state(), CircuitState::Closed, "the minimum is reached, but by a success");
    bench.calls(1, CallOutcome::Failure);
    assert_eq!(bench.state(), CircuitState::Open);
}

#[test]
fn b3_trips_whatever_happened_before() {
    // ⌈rate · N⌉ for N = 20 and 0.5
    let at_most = 10;
    for successes in [0, CONFIG.window_calls, 100 * CONFIG.window_calls] {
        let mut bench = Bench::new(CONFIG);
        bench.calls(successes, CallOutcome::Success);
        let mut failures = 0;
        while bench.call(CallOutcome::Failure).is_ok() {
            failures += 1;
            assert!(failures <= at_most, "after {successes} successes {failures} failures did not open it");
        }
        assert_eq!(bench.state(), CircuitState::Open);
    }
}

#[test]
fn b4_open_is_silent() {
    let mut bench = Bench::tripped(CONFIG);
    let end = bench.now + CONFIG.open_wait;
    while bench.now < end {
        bench.calls(10, CallOutcome::Success);
        bench.now += 10 * MS;
    }
    assert_eq!(bench.upstream, 0);
}

#[test]
fn b5_open_fails_fast_and_says_when_to_try_again() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += 500 * MS;
    let rejected = bench.admit().expect_err("open");
    assert_eq!(rejected.retry_after, Duration::from_millis(1500));
    bench.now += rejected.retry_after;
    assert!(bench.admit().is_ok(), "a caller that waits as long as it was told is admitted");
}

#[test]
fn b6_half_opens_on_time() {
    let mut bench = Bench::tripped(CONFIG);
    let opened = bench.now;
    bench.now = opened + CONFIG.open_wait - MS;
    bench.calls(1, CallOutcome::Success);
    assert_eq!((bench.upstream, bench.state()), (0, CircuitState::Open));
    bench.now = opened + CONFIG.open_wait;
    assert_eq!(bench.state(), CircuitState::HalfOpen);
    bench.calls(1, CallOutcome::Success);
    assert_eq!(bench.upstream, 1);
}

#[test]
fn b6_half_opening_is_dated_when_the_wait_ended_however_late_it_is_noticed() {
    let mut bench = Bench::tripped(CONFIG);
    let half_opens = bench.now + CONFIG.open_wait;
    bench.now += Duration::from_hours(1);
    bench.calls(1, CallOutcome::Failure);
    let transitions: Vec<(Duration, CircuitState)> =
        bench.breaker.transitions().iter().map(|t| (t.at, t.to)).collect();
    assert_eq!(transitions[1..], [(half_opens, CircuitState::HalfOpen), (bench.now, CircuitState::Open)]);
}

#[test]
fn b7_probes_are_bounded() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += CONFIG.open_wait;
    let held: Vec<Permit> = (0..50).filter_map(|_| bench.admit().ok()).collect();
    assert_eq!(bench.upstream, CONFIG.permitted_probes);
    assert_eq!(held.len(), 3);
}

#[test]
fn b7_a_success_does_not_free_its_slot() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += CONFIG.open_wait;
    let mut held: Vec<Permit> = (0..50).filter_map(|_| bench.admit().ok()).collect();
    held.pop().expect("three").record(bench.now, CallOutcome::Success);
    assert!(bench.admit().is_err());
    assert_eq!(bench.upstream, CONFIG.permitted_probes);
}

#[test]
fn b8_recovers() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += CONFIG.open_wait;
    bench.calls(CONFIG.permitted_probes - 1, CallOutcome::Success);
    assert_eq!(bench.state(), CircuitState::HalfOpen);
    bench.calls(1, CallOutcome::Success);
    assert_eq!(bench.state(), CircuitState::Closed);
    bench.upstream = 0;
    bench.calls(100, CallOutcome::Success);
    assert_eq!(bench.upstream, 100);
    // The failures from before the outage no longer count.
    bench.now += MS;
    let mut again = Bench::tripped(CONFIG);
    again.now += CONFIG.open_wait;
    again.calls(CONFIG.permitted_probes, CallOutcome::Success);
    again.calls(CONFIG.minimum_calls - 1, CallOutcome::Failure);
    assert_eq!(again.state(), CircuitState::Closed);
}

#[test]
fn b9_an_outage_costs_a_bounded_number_of_calls() {
    let mut bench = Bench::new(CONFIG);
    bench.calls(1000, CallOutcome::Success);
    bench.upstream = 0;
    let in_flight: Vec<Permit> = (0..7).map(|_| bench.admit().expect("closed")).collect();
    let (outage, began) = (Duration::from_mins(1), bench.now);
    for permit in in_flight {
        permit.record(bench.now, CallOutcome::Failure);
    }
    while bench.now < began + outage {
        bench.calls(50, CallOutcome::Failure);
        bench.now += 10 * MS;
    }
    let probes = CONFIG.permitted_probes * 30; // ⌈60 s / 2 s⌉
    assert!(bench.upstream <= CONFIG.window_calls + 7 + probes, "{} calls were admitted", bench.upstream);
}

#[test]
fn b10_only_what_the_caller_calls_a_failure_trips_it() {
    // The caller decides which replies are failures; the circuit counts nothing else.
    let mut bench = Bench::new(CONFIG);
    bench.calls(1000, CallOutcome::Success);
    assert_eq!(bench.state(), CircuitState::Closed);
    for outcome in [CallOutcome::Success, CallOutcome::Failure].repeat(10) {
        bench.calls(1, outcome);
        if outcome == CallOutcome::Failure && bench.state() == CircuitState::Open {
            break;
        }
    }
    assert_eq!(bench.state(), CircuitState::Open);
    let reason = bench.breaker.transitions()[0].reason;
    assert_eq!(reason, TransitionReason::Failures { failures: 10, calls: 20 });
}

#[test]
fn b11_an_abandoned_probe_wedges_nothing() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += CONFIG.open_wait;
    for _ in 0..10 {
        let held: Vec<Permit> = (0..50).filter_map(|_| bench.admit().ok()).collect();
        assert_eq!(held.len(), CONFIG.permitted_probes as usize, "every slot is free again");
        for (n, permit) in held.into_iter().enumerate() {
            if n == 0 { permit.abandon(bench.now) } else { drop(permit) }
        }
    }
    bench.calls(CONFIG.permitted_probes, CallOutcome::Success);
    assert_eq!(bench.state(), CircuitState::Closed);
}

#[test]
fn b11_abandoned_slow_calls_count() {
    let mut bench = Bench::new(CONFIG);
    for _ in 0..CONFIG.minimum_calls {
        let permit = bench.admit().expect("closed");
        bench.now += CONFIG.slow_call;
        permit.abandon(bench.now);
    }
    assert_eq!(bench.state(), CircuitState::Open);
    bench.now += CONFIG.open_wait;
    let probe = bench.admit().expect("half open");
    bench.now += CONFIG.slow_call;
    probe.abandon(bench.now);
    assert_eq!(bench.state(), CircuitState::Open, "a slow abandoned probe is a failed one");
}

#[test]
fn b11_abandoned_quick_calls_do_not_count() {
    let mut bench = Bench::new(CONFIG);
    for _ in 0..100 {
        let permit = bench.admit().expect("closed");
        bench.now += CONFIG.slow_call - MS;
        permit.abandon(bench.now);
    }
    assert_eq!(bench.state(), CircuitState::Closed);
}

#[test]
fn b11_dropping_a_guard_abandons_its_call_when_its_clock_says() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += CONFIG.open_wait;
    let now = Cell::new(bench.now);
    for _ in 0..10 {
        drop(bench.admit().expect("the slot is free again").guard(|| now.get()));
    }
    let guard = bench.admit().expect("half open").guard(|| now.get());
    now.set(bench.now + CONFIG.slow_call);
    drop(guard);
    let last = *bench.breaker.transitions().last().expect("three transitions");
    assert_eq!((last.at, last.reason), (now.get(), TransitionReason::ProbeFailed));
}

#[test]
fn b11_a_guard_that_has_recorded_abandons_nothing() {
    let mut bench = Bench::new(CONFIG);
    let (admitted, ended) = (bench.now, bench.now + CONFIG.slow_call);
    let guards: Vec<_> =
        (0..4).map(|_| bench.breaker.admit(admitted).expect("closed").guard(|| ended)).collect();
    for guard in guards {
        guard.record(CallOutcome::Success);
    }
    assert_eq!(bench.state(), CircuitState::Closed, "four calls are below the minimum");
    bench.now = ended;
    bench.calls(1, CallOutcome::Failure);
    let reason = bench.breaker.transitions()[0].reason;
    assert_eq!(reason, TransitionReason::Slow { slow: 4, calls: 5 });
}

#[test]
fn b12_is_per_dependency() {
    let users = Bench::tripped(CONFIG);
    let mut orders = Bench::new(CONFIG);
    assert_eq!((users.state(), orders.state()), (CircuitState::Open, CircuitState::Closed));
    orders.call(CallOutcome::Success).expect("the other circuit's outage does not matter");
    // Clones share one circuit.
    assert_eq!(users.breaker.clone().state(users.now), CircuitState::Open);
}

#[test]
fn b13_ignores_stale_outcomes() {
    let mut bench = Bench::new(CONFIG);
    let stale: Vec<Permit> = (0..60).map(|_| bench.admit().expect("closed")).collect();
    let mut stale = stale.into_iter();
    bench.calls(CONFIG.minimum_calls, CallOutcome::Failure);
    assert_eq!(bench.state(), CircuitState::Open);

    for permit in stale.by_ref().take(10) {
        permit.record(bench.now, CallOutcome::Success);
    }
    assert_eq!(bench.state(), CircuitState::Open, "stale successes do not close it");

    bench.now += CONFIG.open_wait;
    assert_eq!(bench.state(), CircuitState::HalfOpen);
    for permit in stale.by_ref().take(10) {
        permit.record(bench.now, CallOutcome::Success);
    }
    stale.next().expect("enough").record(bench.now, CallOutcome::Failure);
    drop(stale.next().expect("enough"));
    assert_eq!(bench.state(), CircuitState::HalfOpen, "stale outcomes are not those of probes");
    let probes: Vec<Permit> = (0..50).filter_map(|_| bench.admit().ok()).collect();
    assert_eq!(probes.len(), CONFIG.permitted_probes as usize, "stale calls free no slot of a probe");
    for probe in probes {
        probe.record(bench.now, CallOutcome::Success);
    }
    assert_eq!(bench.state(), CircuitState::Closed);
    for permit in stale {
        permit.record(bench.now, CallOutcome::Failure);
    }
    assert_eq!(bench.state(), CircuitState::Closed, "stale failures do not open it");
}

#[test]
fn b14_forgets() {
    let mut bench = Bench::new(CONFIG);
    bench.calls(CONFIG.minimum_calls - 1, CallOutcome::Failure);
    bench.now += CONFIG.window;
    bench.calls(1, CallOutcome::Failure);
    assert_eq!(bench.state(), CircuitState::Closed, "the first four are out of the window");
    bench.now += CONFIG.window - MS;
    bench.calls(CONFIG.minimum_calls - 1, CallOutcome::Failure);
    assert_eq!(bench.state(), CircuitState::Open, "the one before is still in it");
}

#[test]
fn b14_the_window_slides_and_does_not_jump() {
    // One failure a second and no other calls: never five within four seconds, however many in all.
    let config = Config { window: Duration::from_secs(4), ..CONFIG };
    let mut bench = Bench::new(config);
    for _ in 0..100 {
        bench.calls(1, CallOutcome::Failure);
        bench.now += Duration::from_secs(1);
    }
    assert_eq!(bench.state(), CircuitState::Closed);
}

#[test]
fn b15_slow_calls_count() {
    let mut bench = Bench::new(CONFIG);
    for _ in 0..CONFIG.minimum_calls {
        bench.slow_call(CONFIG.slow_call, CallOutcome::Success);
    }
    assert_eq!(bench.state(), CircuitState::Open);
    assert_eq!(bench.breaker.transitions()[0].reason, TransitionReason::Slow { slow: 5, calls: 5 });

    let mut bench = Bench::new(CONFIG);
    for _ in 0..50 {
        bench.slow_call(CONFIG.slow_call - MS, CallOutcome::Success);
    }
    assert_eq!(bench.state(), CircuitState::Closed, "just below the threshold is not slow");
}

#[test]
fn transitions_are_logged_with_their_reasons_up_to_a_limit() {
    let mut bench = Bench::tripped(CONFIG);
    let opened = bench.now;
    bench.now += CONFIG.open_wait;
    bench.calls(3, CallOutcome::Success);
    let transition = |at, from, to, reason| Transition { at, from, to, reason };
    assert_eq!(
        bench.breaker.transitions(),
        [
            transition(
                opened,
                CircuitState::Closed,
                CircuitState::Open,
                TransitionReason::Failures { failures: 5, calls: 5 }
            ),
            transition(bench.now, CircuitState::Open, CircuitState::HalfOpen, TransitionReason::WaitOver),
            transition(
                bench.now,
                CircuitState::HalfOpen,
                CircuitState::Closed,
                TransitionReason::ProbesSucceeded
            ),
        ]
    );
    for _ in 0..1000 {
        bench.calls(5, CallOutcome::Failure);
        bench.now += CONFIG.open_wait;
    }
    assert_eq!(bench.breaker.transitions().len(), TRANSITIONS_KEPT);
}

#[test]
fn a_clock_reading_from_before_the_latest_one_does_no_harm() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += CONFIG.open_wait;
    assert_eq!(bench.state(), CircuitState::HalfOpen);
    let early = bench.now - MS;
    assert_eq!(bench.breaker.state(early), CircuitState::HalfOpen, "an earlier reading does not reopen it");
    bench.breaker.admit(early).expect("a probe").record(early, CallOutcome::Success);
}

#[test]
fn states_are_written_in_snake_case() {
    assert_eq!(
        [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen].map(|s| s.to_string()),
        ["closed", "open", "half_open"]
    );
}

#[test]
fn an_observer_is_called_at_every_transition() {
    let (send, receive) = std::sync::mpsc::channel();
    let mut bench = Bench::new(CONFIG);
    bench.breaker =
        bench.breaker.on_transition(move |transition| send.send(*transition).expect("the test receives"));
    bench.calls(CONFIG.minimum_calls, CallOutcome::Failure);
    bench.now += CONFIG.open_wait;
    bench.calls(1, CallOutcome::Success);
    assert_eq!(receive.try_iter().collect::<Vec<_>>(), bench.breaker.transitions());
    assert_eq!(bench.breaker.transitions().len(), 2);
}

#[test]
fn a_wait_without_end_keeps_the_circuit_open() {
    let mut bench = Bench::tripped(Config { open_wait: Duration::MAX, ..CONFIG });
    bench.now += Duration::from_hours(1_000_000);
    assert_eq!(bench.state(), CircuitState::Open);
}

#[test]
fn thresholds_with_which_it_could_never_open_or_never_close_are_refused() {
    let refused = |config: Config| Breaker::new(config).expect_err("bad thresholds");
    assert_eq!(
        refused(Config { minimum_calls: 21, ..CONFIG }),
        ConfigError::MinimumAboveWindow { minimum_calls: 21, window_calls: 20 }
    );
    assert_eq!(refused(Config { minimum_calls: 0, ..CONFIG }), ConfigError::MinimumIsZero);
    assert_eq!(refused(Config { window: Duration::ZERO, ..CONFIG }), ConfigError::WindowIsZero);
    assert_eq!(refused(Config { slow_call: Duration::ZERO, ..CONFIG }), ConfigError::SlowCallIsZero);
    assert_eq!(refused(Config { permitted_probes: 0, ..CONFIG }), ConfigError::NoProbes);
    for rate in [0.0, -0.5, 1.1, f64::INFINITY] {
        assert_eq!(refused(Config { failure_rate: rate, ..CONFIG }), ConfigError::FailureRate(rate));
        assert_eq!(refused(Config { slow_rate: rate, ..CONFIG }), ConfigError::SlowRate(rate));
    }
    let not_a_number = refused(Config { failure_rate: f64::NAN, ..CONFIG });
    assert_eq!(not_a_number.to_string(), "failure_rate must be above 0 and at most 1, not NaN");
}
