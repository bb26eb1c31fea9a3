//! The wall clock of a world.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Time since the Unix epoch at which every world begins: 2026-01-01T00:00:00Z, after 20,454 days.
const BEGINNING: Duration = Duration::from_hours(20_454 * 24);

/// The wall clock of a world, for timestamps in records; waiting is done with [`tokio::time`].
///
/// Every world begins on 1 January 2026. Its time is virtual: it passes only while everything waits.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// The clock of a world that begins now.
    pub(crate) fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// Returns the present virtual time.
    pub fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.since_epoch()
    }

    /// The present virtual time, since the Unix epoch.
    pub(crate) fn since_epoch(&self) -> Duration {
        BEGINNING + self.age()
    }

    /// How long the world has existed.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }
}
