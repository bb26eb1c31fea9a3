//! Attempts with pauses between them, until a deadline.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The pauses between attempts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    /// The pause after the first attempt.
    pub(crate) first: Duration,
    /// The longest pause.
    pub(crate) longest: Duration,
    /// Each pause is this many percent of the one before it.
    pub(crate) growth_percent: u32,
}

impl Pauses {
    /// Pauses that are all equal.
    pub(crate) fn equal(pause: Duration) -> Self {
        Self { first: pause, longest: pause, growth_percent: 100 }
    }
}

/// Times the attempts of one wait. The last attempt is made at the deadline, so that no wait ends while it has time left.
#[derive(Debug)]
pub(crate) struct Polling {
    pauses: Pauses,
    deadline: Instant,
    pause: Duration,
    attempts: u32,
}

impl Polling {
    /// Attempts until `deadline`; the first is made at once, also when the deadline is over.
    pub(crate) fn until(deadline: Instant, pauses: Pauses) -> Self {
        Self { pauses, deadline, pause: pauses.first, attempts: 0 }
    }

    /// Waits until the next attempt is due. Returns whether there is one: none once an attempt has ended at the deadline
    /// or after it.
    pub(crate) async fn next(&mut self) -> bool {
        if self.attempts > 0 {
            let now = Instant::now();
            if now >= self.deadline {
                return false;
            }
            sleep_until(self.deadline.min(now + self.pause)).await;
            self.pause = (self.pause * self.pauses.growth_percent / 100).min(self.pauses.longest);
        }
        self.attempts += 1;
        true
    }

    /// The number of attempts so far.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The time that is left until the deadline.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When attempts are made that take this long, in milliseconds from the beginning.
    async fn attempts(within: u64, pauses: Pauses, taking: u64) -> Vec<u128> {
        let began = Instant::now();
        let mut polling = Polling::until(began + Duration::from_millis(within), pauses);
        let mut made = Vec::new();
        while polling.next().await {
            made.push(began.elapsed().as_millis());
            tokio::time::sleep(Duration::from_millis(taking)).await;
        }
        assert_eq!(polling.attempts() as usize, made.len());
        made
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_attempt_is_made_at_the_deadline() {
        let milliseconds = Duration::from_millis;
        let equal = Pauses::equal(milliseconds(100));
        assert_eq!(attempts(250, equal, 0).await, [0, 100, 200, 250]);
        assert_eq!(attempts(200, equal, 0).await, [0, 100, 200]);
        assert_eq!(attempts(50, equal, 0).await, [0, 50], "though the pause is longer than all of the time");
        assert_eq!(attempts(250, equal, 50).await, [0, 150, 250]);
        assert_eq!(attempts(0, equal, 0).await, [0]);
        assert_eq!(attempts(250, equal, 300).await, [0], "the first one took longer");
        let doubled = Pauses { first: milliseconds(10), longest: milliseconds(50), growth_percent: 200 };
        assert_eq!(attempts(150, doubled, 0).await, [0, 10, 30, 70, 120, 150]);
    }
}
