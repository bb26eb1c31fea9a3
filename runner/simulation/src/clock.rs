//! The wall clock of a world.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// 2026-01-01T00:00:00Z, 20,454 days after the epoch: when every world begins.
const BEGINNING: Duration = Duration::from_hours(20_454 * 24);

/// Says what time it is in a world: every world begins on 1 January 2026, and its time is tokio's, so it passes while
/// all wait. For what goes into records; waiting is done with [`tokio::time`].
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    born: Instant,
}

impl Clock {
    /// The clock of a world that begins now.
    pub(crate) fn start() -> Self {
        Self { born: Instant::now() }
    }

    /// The present moment.
    pub fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + BEGINNING + self.age()
    }

    /// How long the world has existed.
    pub(crate) fn age(&self) -> Duration {
        self.born.elapsed()
    }
}
