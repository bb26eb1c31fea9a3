//! The time of one world.

use std::{sync::OnceLock, time::Duration};

use tokio::time::Instant;

/// The time since a world's beginning, on tokio's clock. It can be halted once, for a world that waits for its scenario.
#[derive(Debug)]
pub(crate) struct WorldClock {
    began: Instant,
    /// The time at which it was halted.
    halted: OnceLock<Duration>,
    /// For how long it was halted; `None` until it goes on.
    paused: OnceLock<Duration>,
}

impl Default for WorldClock {
    /// A clock that begins now.
    fn default() -> Self {
        Self { began: Instant::now(), halted: OnceLock::new(), paused: OnceLock::new() }
    }
}

impl WorldClock {
    pub(crate) fn now(&self) -> Duration {
        match (self.halted.get(), self.paused.get()) {
            (None, _) => self.began.elapsed(),
            (Some(halted), None) => *halted,
            (Some(_), Some(paused)) => self.began.elapsed().saturating_sub(*paused),
        }
    }

    /// When its time is `at`, unless it is halted before; `None` if that is too far in the future.
    pub(crate) fn instant(&self, at: Duration) -> Option<Instant> {
        self.began.checked_add(at)?.checked_add(self.paused.get().copied().unwrap_or_default())
    }

    /// Halts it, unless it was halted before.
    pub(crate) fn halt(&self) {
        self.halted.get_or_init(|| self.began.elapsed());
    }

    /// Lets it go on, if it is halted.
    pub(crate) fn start(&self) {
        if let Some(halted) = self.halted.get() {
            self.paused.get_or_init(|| self.began.elapsed().saturating_sub(*halted));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_was_halted_goes_on_where_it_was() {
        let seconds = Duration::from_secs;
        let clock = WorldClock::default();
        tokio::time::advance(seconds(2)).await;
        clock.start();
        assert_eq!(clock.now(), seconds(2), "it wasn't halted");
        clock.halt();
        tokio::time::advance(seconds(60)).await;
        assert_eq!(clock.now(), seconds(2));
        clock.start();
        tokio::time::advance(seconds(3)).await;
        assert_eq!(clock.now(), seconds(5));
        assert_eq!(clock.instant(seconds(7)), Some(Instant::now() + seconds(2)));
        clock.halt();
        tokio::time::advance(seconds(1)).await;
        assert_eq!(clock.now(), seconds(6), "only a world without a scenario waits");
    }
}
