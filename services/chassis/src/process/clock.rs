//! The wall clock, for times in records. Timeouts, backoff and circuits never use it but [`tokio::time`], which a paused
//! runtime advances.

pub use jiff::Timestamp;

/// The wall clock, for times in records.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// RFC 3339 in UTC with milliseconds, as every `created_at` is written.
pub fn rfc3339(at: Timestamp) -> String {
    format!("{at:.3}")
}
