//! The thresholds of a circuit, and which of them are refused.

use std::time::Duration;

/// When a circuit opens, and how it closes again.
///
/// The defaults suit services a few milliseconds apart that answer at once when they are healthy: about five bad calls
/// open the circuit, and two seconds later one probe finds out whether the outage is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// The age from which on an outcome no longer counts. Above zero; default 10 s.
    pub window: Duration,
    /// The number of latest outcomes that count, so that a long good history can't hide an outage. Default 20.
    pub window_calls: u32,
    /// The number of outcomes in the window below which the circuit stays closed. From 1 to `window_calls`; default 5.
    pub minimum_calls: u32,
    /// The share of failures in the window that opens the circuit. Above 0 and at most 1; default 0.5.
    pub failure_rate: f64,
    /// The duration from which on a call is slow, whatever its outcome. Above zero; default 1 s.
    pub slow_call: Duration,
    /// The share of slow calls in the window that opens the circuit. Above 0 and at most 1; default 0.5.
    pub slow_rate: f64,
    /// How long an open circuit rejects every call before it becomes half-open. Default 2 s.
    pub open_wait: Duration,
    /// The number of probes that a half-open circuit admits; when all of them succeed, it closes. At least 1, which is
    /// the default.
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

/// A threshold with which the circuit could never open, or never close again.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// `window` is zero, so every outcome is forgotten at once.
    #[error("window must be above zero, or the circuit would never open")]
    WindowIsZero,
    /// `minimum_calls` is zero.
    #[error("minimum_calls must be at least 1")]
    MinimumIsZero,
    /// `minimum_calls` is above `window_calls`, so the window never holds enough outcomes.
    #[error(
        "minimum_calls ({minimum_calls}) must be at most window_calls ({window_calls}), or the circuit would never open"
    )]
    MinimumAboveWindow {
        /// The configured `minimum_calls`.
        minimum_calls: u32,
        /// The configured `window_calls`.
        window_calls: u32,
    },
    /// `failure_rate` is no share.
    #[error("failure_rate must be above 0 and at most 1, not {0}")]
    FailureRate(f64),
    /// `slow_rate` is no share.
    #[error("slow_rate must be above 0 and at most 1, not {0}")]
    SlowRate(f64),
    /// `slow_call` is zero, so every probe is slow.
    #[error("slow_call must be above zero, or an open circuit would never close")]
    SlowCallIsZero,
    /// `permitted_probes` is zero, so no probe can succeed.
    #[error("permitted_probes must be at least 1, or an open circuit would never close")]
    NoProbes,
}

impl Config {
    /// Checks the thresholds, as [`Breaker::new`](crate::Breaker::new) does.
    pub fn check(&self) -> Result<(), ConfigError> {
        let is_share = |rate: f64| rate > 0.0 && rate <= 1.0;
        let Self { minimum_calls, window_calls, failure_rate, slow_rate, .. } = *self;
        if self.window.is_zero() {
            Err(ConfigError::WindowIsZero)
        } else if minimum_calls == 0 {
            Err(ConfigError::MinimumIsZero)
        } else if minimum_calls > window_calls {
            Err(ConfigError::MinimumAboveWindow { minimum_calls, window_calls })
        } else if !is_share(failure_rate) {
            Err(ConfigError::FailureRate(failure_rate))
        } else if !is_share(slow_rate) {
            Err(ConfigError::SlowRate(slow_rate))
        } else if self.slow_call.is_zero() {
            Err(ConfigError::SlowCallIsZero)
        } else if self.permitted_probes == 0 {
            Err(ConfigError::NoProbes)
        } else {
            Ok(())
        }
    }
}
