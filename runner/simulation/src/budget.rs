//! What a world may use up, so that one that never comes to rest ends.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use verdict::BrokenOff;

use crate::Clock;

/// Requests that a world delivers at most.
const EXCHANGES: u64 = 1_000_000;
/// How long a world lasts at most, in its own time.
const TIME: Duration = Duration::from_hours(24);

/// What a world has used up.
#[derive(Debug)]
pub(crate) struct Budget {
    clock: Clock,
    exchanges: AtomicU64,
}

impl Budget {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, exchanges: AtomicU64::new(0) }
    }

    /// Takes one exchange out of it.
    pub(crate) fn spend(&self) -> Result<(), BrokenOff> {
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        self.left()
    }

    /// Whether anything is left.
    pub(crate) fn left(&self) -> Result<(), BrokenOff> {
        let used_up = if self.exchanges.load(Ordering::Relaxed) > EXCHANGES {
            format!("{EXCHANGES} exchanges")
        } else if self.clock.age() > TIME {
            format!("{} hours", TIME.as_secs() / 3600)
        } else {
            return Ok(());
        };
        Err(BrokenOff::LimitReached { limit: used_up })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanges_are_counted() {
        crate::block_on(async {
            let budget = Budget::new(Clock::start());
            assert!((0..EXCHANGES).all(|_| budget.spend().is_ok()));
            let broken = budget.spend().expect_err("it is used up");
            assert_eq!(broken.to_string(), "the simulated world has used up its 1000000 exchanges");
        });
    }
}
