//! Limits on a world, so that one that never comes to rest ends.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use verdict::BrokenOff;

use crate::Clock;

/// The most requests that a world delivers.
const MAX_EXCHANGES: u64 = 1_000_000;
/// The longest that a world lasts, in virtual time.
const MAX_AGE: Duration = Duration::from_hours(24);

/// The exchanges and the time that a world has used.
#[derive(Debug)]
pub(crate) struct Budget {
    clock: Clock,
    exchanges: AtomicU64,
}

impl Budget {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, exchanges: AtomicU64::new(0) }
    }

    /// Counts one exchange; fails when that is one too many.
    pub(crate) fn spend(&self) -> Result<(), BrokenOff> {
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        self.check()
    }

    /// Fails when the world has reached a limit.
    pub(crate) fn check(&self) -> Result<(), BrokenOff> {
        let limit = if self.exchanges.load(Ordering::Relaxed) > MAX_EXCHANGES {
            format!("{MAX_EXCHANGES} exchanges")
        } else if self.clock.age() > MAX_AGE {
            format!("{} hours", MAX_AGE.as_secs() / 3600)
        } else {
            return Ok(());
        };
        Err(BrokenOff::LimitReached { limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanges_are_counted() {
        crate::block_on(async {
            let budget = Budget::new(Clock::start());
            assert!((0..MAX_EXCHANGES).all(|_| budget.spend().is_ok()));
            let broken = budget.spend().expect_err("it is used up").to_string();
            assert_eq!(broken, "the simulated world has used up its 1000000 exchanges");
        });
    }
}
