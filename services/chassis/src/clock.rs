//! The wall clock that goes into records. Waiting is never done with it: timeouts, backoff and circuits use
//! [`tokio::time`], which a paused runtime moves.

pub use jiff::Timestamp;

/// Says what time it is, for `created_at` and its like.
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
