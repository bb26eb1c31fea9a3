//! The thresholds of a circuit.

use std::time::Duration;

/// When a circuit opens, and how it closes again.
///
/// The defaults suit services a few milliseconds apart that answer at once when they are well: half a dozen bad
/// calls open the circuit, and two seconds later one call finds out whether the outage is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// Outcomes older than this are forgotten. Default 10 s.
    pub window: Duration,
    /// Only this many of the latest outcomes count, so that a long good history can't hide an outage.
    /// Default 20.
    pub window_calls: u32,
    /// With fewer outcomes than this in the window the circuit never opens. Default 5.
    pub minimum_calls: u32,
    /// The share of failures, above 0 and at most 1, that opens the circuit. Default 0.5.
    pub failure_rate: f64,
    /// A call that takes this long or longer is slow, whatever came of it. Default 1 s.
    pub slow_call: Duration,
    /// The share of slow calls, above 0 and at most 1, that opens the circuit. Default 0.5.
    pub slow_rate: f64,
    /// How long an open circuit lets nothing through. Default 2 s.
    pub open_wait: Duration,
    /// How many calls may find out whether the dependency is well again; as many successes close the circuit.
    /// Default 1.
    pub permitted_probes: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(10),
            window_calls: 20,
            minimum_calls: 5,
            failure_rate: 0.5,
            slow_call: Duration::from_secs(1),
            slow_rate: 0.5,
            open_wait: Duration::from_secs(2),
            permitted_probes: 1,
        }
    }
}

impl Config {
    /// Panics on thresholds with which the circuit could never open, or never close again.
    pub(crate) fn checked(self) -> Self {
        let share = |rate: f64| rate > 0.0 && rate <= 1.0;
        assert!(
            share(self.failure_rate),
            "failure_rate must be above 0 and at most 1: {}",
            self.failure_rate
        );
        assert!(share(self.slow_rate), "slow_rate must be above 0 and at most 1: {}", self.slow_rate);
        assert!(self.minimum_calls >= 1, "minimum_calls must be at least 1");
        assert!(
            self.minimum_calls <= self.window_calls,
            "minimum_calls must fit into window_calls, or the circuit would never open"
        );
        assert!(
            self.permitted_probes >= 1,
            "permitted_probes must be at least 1, or an open circuit would stay so"
        );
        self
    }
}
