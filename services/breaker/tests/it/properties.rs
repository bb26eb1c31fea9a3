//! B1 to B15 of the contract, each under its own name. `upstream` counts the calls that got through.

use std::time::Duration;

use breaker::{Breaker, Config, Open, Outcome, Permit, State, Transition, Why};

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

/// A circuit, the time, and a dependency that answers at once.
struct Bench {
    breaker: Breaker,
    now: Duration,
    upstream: u32,
}

impl Bench {
    fn new(config: Config) -> Self {
        Self { breaker: Breaker::new(config), now: Duration::from_secs(100), upstream: 0 }
    }

    /// A circuit that has just opened.
    fn tripped(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.calls(config.minimum_calls, Outcome::Failure);
        assert_eq!(bench.state(), State::Open);
        bench.upstream = 0;
        bench
    }

    fn admit(&mut self) -> Result<Permit, Open> {
        let admitted = self.breaker.admit(self.now);
        self.upstream += u32::from(admitted.is_ok());
        admitted
    }

    fn call(&mut self, outcome: Outcome) -> Result<(), Open> {
        self.admit()?.record(self.now, outcome);
        Ok(())
    }

    /// Calls whether they get through or not.
    fn calls(&mut self, number: u32, outcome: Outcome) {
        for _ in 0..number {
            let _ = self.call(outcome);
        }
    }

    /// A call that takes its time; must get through.
    fn slow_call(&mut self, takes: Duration, outcome: Outcome) {
        let permit = self.admit().expect("must get through");
        self.now += takes;
        permit.record(self.now, outcome);
    }

    fn state(&self) -> State {
        self.breaker.state(self.now)
    }
}

#[test]
fn b1_closed_is_transparent() {
    let mut bench = Bench::new(CONFIG);
    let held: Vec<Permit> = (0..500).map(|_| bench.admit().expect("closed")).collect();
    for permit in held {
        permit.record(bench.now, Outcome::Success);
    }
    bench.calls(500, Outcome::Success);
    assert_eq!(bench.upstream, 1000);
    assert_eq!(bench.breaker.transitions(), []);
}

#[test]
fn b2_no_trip_below_the_minimum_number_of_calls() {
    let mut bench = Bench::new(CONFIG);
    bench.calls(CONFIG.minimum_calls - 1, Outcome::Failure);
    assert_eq!(bench.state(), State::Closed);
    bench.call(Outcome::Failure).expect("the next call arrives");
    assert_eq!(bench.state(), State::Open, "and it was the one that reached the minimum");
}

#[test]
fn b3_trips_whatever_happened_before() {
    // ⌈rate · N⌉ for N = 20 and 0.5
    let at_most = 10;
    for successes in [0, CONFIG.window_calls, 100 * CONFIG.window_calls] {
        let mut bench = Bench::new(CONFIG);
        bench.calls(successes, Outcome::Success);
        let mut failures = 0;
        while bench.call(Outcome::Failure).is_ok() {
            failures += 1;
            assert!(failures <= at_most, "after {successes} successes {failures} failures did not open it");
        }
        assert_eq!(bench.state(), State::Open);
    }
}

#[test]
fn b4_open_is_silent() {
    let mut bench = Bench::tripped(CONFIG);
    let end = bench.now + CONFIG.open_wait;
    while bench.now < end {
        bench.calls(10, Outcome::Success);
        bench.now += 10 * MS;
    }
    assert_eq!(bench.upstream, 0);
}

#[test]
fn b5_open_fails_fast_and_says_when_to_come_back() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += 500 * MS;
    let open = bench.admit().expect_err("open");
    assert_eq!(open.retry_after, Duration::from_millis(1500));
    bench.now += open.retry_after;
    assert!(bench.admit().is_ok(), "who comes back when told to gets through");
}

#[test]
fn b6_half_opens_on_time() {
    let mut bench = Bench::tripped(CONFIG);
    let opened = bench.now;
    bench.now = opened + CONFIG.open_wait - MS;
    bench.calls(1, Outcome::Success);
    assert_eq!((bench.upstream, bench.state()), (0, State::Open));
    bench.now = opened + CONFIG.open_wait;
    assert_eq!(bench.state(), State::HalfOpen);
    bench.calls(1, Outcome::Success);
    assert_eq!(bench.upstream, 1);
}

#[test]
fn b6_half_opening_is_dated_when_the_wait_ended_however_late_it_is_noticed() {
    let mut bench = Bench::tripped(CONFIG);
    let half_opens = bench.now + CONFIG.open_wait;
    bench.now += Duration::from_hours(1);
    bench.calls(1, Outcome::Failure);
    let moves: Vec<(Duration, State)> = bench.breaker.transitions().iter().map(|t| (t.at, t.to)).collect();
    assert_eq!(moves[1..], [(half_opens, State::HalfOpen), (bench.now, State::Open)]);
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
    held.pop().expect("three").record(bench.now, Outcome::Success);
    assert!(bench.admit().is_err());
    assert_eq!(bench.upstream, CONFIG.permitted_probes);
}

#[test]
fn b8_recovers() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += CONFIG.open_wait;
    bench.calls(CONFIG.permitted_probes - 1, Outcome::Success);
    assert_eq!(bench.state(), State::HalfOpen);
    bench.calls(1, Outcome::Success);
    assert_eq!(bench.state(), State::Closed);
    bench.upstream = 0;
    bench.calls(100, Outcome::Success);
    assert_eq!(bench.upstream, 100);
    // It starts afresh: the failures from before the outage are gone.
    bench.now += MS;
    let mut again = Bench::tripped(CONFIG);
    again.now += CONFIG.open_wait;
    again.calls(CONFIG.permitted_probes, Outcome::Success);
    again.calls(CONFIG.minimum_calls - 1, Outcome::Failure);
    assert_eq!(again.state(), State::Closed);
}

#[test]
fn b9_an_outage_costs_a_bounded_number_of_calls() {
    let mut bench = Bench::new(CONFIG);
    bench.calls(1000, Outcome::Success);
    bench.upstream = 0;
    let in_flight: Vec<Permit> = (0..7).map(|_| bench.admit().expect("closed")).collect();
    let (outage, began) = (Duration::from_mins(1), bench.now);
    for permit in in_flight {
        permit.record(bench.now, Outcome::Failure);
    }
    while bench.now < began + outage {
        bench.calls(50, Outcome::Failure);
        bench.now += 10 * MS;
    }
    let probes = CONFIG.permitted_probes * 30; // ⌈60 s / 2 s⌉
    assert!(bench.upstream <= CONFIG.window_calls + 7 + probes, "{} calls got through", bench.upstream);
}

#[test]
fn b10_only_what_the_caller_calls_a_failure_trips_it() {
    // Which replies are failures is the caller's to say; the circuit must count nothing else.
    let mut bench = Bench::new(CONFIG);
    bench.calls(1000, Outcome::Success);
    assert_eq!(bench.state(), State::Closed);
    for outcome in [Outcome::Success, Outcome::Failure].repeat(10) {
        bench.calls(1, outcome);
        if outcome == Outcome::Failure && bench.state() == State::Open {
            break;
        }
    }
    assert_eq!(bench.state(), State::Open);
    let why = bench.breaker.transitions()[0].why;
    assert_eq!(why, Why::Failures { failures: 10, calls: 20 });
}

#[test]
fn b11_an_abandoned_probe_wedges_nothing() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += CONFIG.open_wait;
    for _ in 0..10 {
        let held: Vec<Permit> = (0..50).filter_map(|_| bench.admit().ok()).collect();
        assert_eq!(held.len(), CONFIG.permitted_probes as usize, "every slot came back");
        for (n, permit) in held.into_iter().enumerate() {
            if n == 0 { permit.abandon(bench.now) } else { drop(permit) }
        }
    }
    bench.calls(CONFIG.permitted_probes, Outcome::Success);
    assert_eq!(bench.state(), State::Closed);
}

#[test]
fn b11_abandoned_slow_calls_count() {
    let mut bench = Bench::new(CONFIG);
    for _ in 0..CONFIG.minimum_calls {
        let permit = bench.admit().expect("closed");
        bench.now += CONFIG.slow_call;
        permit.abandon(bench.now);
    }
    assert_eq!(bench.state(), State::Open);
    bench.now += CONFIG.open_wait;
    let probe = bench.admit().expect("half open");
    bench.now += CONFIG.slow_call;
    probe.abandon(bench.now);
    assert_eq!(bench.state(), State::Open, "a slow abandoned probe is a failed one");
}

#[test]
fn b11_abandoned_quick_calls_say_nothing() {
    let mut bench = Bench::new(CONFIG);
    for _ in 0..100 {
        let permit = bench.admit().expect("closed");
        bench.now += CONFIG.slow_call - MS;
        permit.abandon(bench.now);
    }
    assert_eq!(bench.state(), State::Closed);
}

#[test]
fn b12_is_per_dependency() {
    let users = Bench::tripped(CONFIG);
    let mut orders = Bench::new(CONFIG);
    assert_eq!((users.state(), orders.state()), (State::Open, State::Closed));
    orders.call(Outcome::Success).expect("untouched by the other's outage");
    // While clones are one circuit.
    assert_eq!(users.breaker.clone().state(users.now), State::Open);
}

#[test]
fn b13_ignores_stale_outcomes() {
    let mut bench = Bench::new(CONFIG);
    let stale: Vec<Permit> = (0..60).map(|_| bench.admit().expect("closed")).collect();
    let mut stale = stale.into_iter();
    bench.calls(CONFIG.minimum_calls, Outcome::Failure);
    assert_eq!(bench.state(), State::Open);

    for permit in stale.by_ref().take(10) {
        permit.record(bench.now, Outcome::Success);
    }
    assert_eq!(bench.state(), State::Open, "old successes close nothing");

    bench.now += CONFIG.open_wait;
    assert_eq!(bench.state(), State::HalfOpen);
    for permit in stale.by_ref().take(10) {
        permit.record(bench.now, Outcome::Success);
    }
    stale.next().expect("enough").record(bench.now, Outcome::Failure);
    drop(stale.next().expect("enough"));
    assert_eq!(bench.state(), State::HalfOpen, "nor do they pass for probes");
    let probes: Vec<Permit> = (0..50).filter_map(|_| bench.admit().ok()).collect();
    assert_eq!(probes.len(), CONFIG.permitted_probes as usize, "nor free slots that aren't theirs");
    for probe in probes {
        probe.record(bench.now, Outcome::Success);
    }
    assert_eq!(bench.state(), State::Closed);
    for permit in stale {
        permit.record(bench.now, Outcome::Failure);
    }
    assert_eq!(bench.state(), State::Closed, "and old failures open nothing");
}

#[test]
fn b14_forgets() {
    let mut bench = Bench::new(CONFIG);
    bench.calls(CONFIG.minimum_calls - 1, Outcome::Failure);
    bench.now += CONFIG.window;
    bench.calls(1, Outcome::Failure);
    assert_eq!(bench.state(), State::Closed, "the first four are out of the window");
    bench.now += CONFIG.window - MS;
    bench.calls(CONFIG.minimum_calls - 1, Outcome::Failure);
    assert_eq!(bench.state(), State::Open, "the one before is still in it");
}

#[test]
fn b14_the_window_slides_and_does_not_jump() {
    // One failure a second among nothing else: never five within four seconds, though the count goes on for ever.
    let config = Config { window: Duration::from_secs(4), ..CONFIG };
    let mut bench = Bench::new(config);
    for _ in 0..100 {
        bench.calls(1, Outcome::Failure);
        bench.now += Duration::from_secs(1);
    }
    assert_eq!(bench.state(), State::Closed);
}

#[test]
fn b15_slow_calls_count() {
    let mut bench = Bench::new(CONFIG);
    for _ in 0..CONFIG.minimum_calls {
        bench.slow_call(CONFIG.slow_call, Outcome::Success);
    }
    assert_eq!(bench.state(), State::Open);
    assert_eq!(bench.breaker.transitions()[0].why, Why::Slow { slow: 5, calls: 5 });

    let mut bench = Bench::new(CONFIG);
    for _ in 0..50 {
        bench.slow_call(CONFIG.slow_call - MS, Outcome::Success);
    }
    assert_eq!(bench.state(), State::Closed, "just below the threshold is not slow");
}

#[test]
fn the_log_of_moves_tells_the_story_and_is_bounded() {
    let mut bench = Bench::tripped(CONFIG);
    let opened = bench.now;
    bench.now += CONFIG.open_wait;
    bench.calls(3, Outcome::Success);
    let by = |at, from, to, why| Transition { at, from, to, why };
    assert_eq!(
        bench.breaker.transitions(),
        [
            by(opened, State::Closed, State::Open, Why::Failures { failures: 5, calls: 5 }),
            by(bench.now, State::Open, State::HalfOpen, Why::WaitOver),
            by(bench.now, State::HalfOpen, State::Closed, Why::ProbesSucceeded),
        ]
    );
    for _ in 0..1000 {
        bench.calls(5, Outcome::Failure);
        bench.now += CONFIG.open_wait;
    }
    assert_eq!(bench.breaker.transitions().len(), breaker::circuit::TRANSITIONS_KEPT);
}

#[test]
fn a_clock_reading_from_before_the_latest_one_does_no_harm() {
    let mut bench = Bench::tripped(CONFIG);
    bench.now += CONFIG.open_wait;
    assert_eq!(bench.state(), State::HalfOpen);
    let early = bench.now - MS;
    assert_eq!(bench.breaker.state(early), State::HalfOpen, "a late thread does not reopen it");
    bench.breaker.admit(early).expect("a probe").record(early, Outcome::Success);
}

#[test]
fn states_are_written_as_health_reports_them() {
    assert_eq!(
        [State::Closed, State::Open, State::HalfOpen].map(|s| s.to_string()),
        ["closed", "open", "half_open"]
    );
}

#[test]
#[should_panic(expected = "minimum_calls must fit into window_calls")]
fn thresholds_that_could_never_trip_are_refused() {
    let _ = Breaker::new(Config { minimum_calls: 21, ..CONFIG });
}
