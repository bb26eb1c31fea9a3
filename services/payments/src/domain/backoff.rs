//! Pauses between attempts.

use std::time::Duration;

use values::seeded_hash;

use super::ids::Work;

/// Purpose of the hash that jitter is drawn from.
const BACKOFF: u64 = 0x6261_636b_6f66_6600;
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);

/// The pause after this many attempts without a result: at random between a half and the whole of a span that doubles from
/// 100 ms to at most 2 s, so that work that failed together is not retried together. The same seed, work and number of
/// attempts give the same pause.
pub fn wait(seed: u64, work: Work, attempts: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32 << attempts.saturating_sub(1).min(16)).min(LONGEST);
    doubled / 2 + jitter(seed, work, attempts, doubled / 2)
}

/// A pause of at least `least`, and up to half as much again. It is never zero, so that a piece of work that is due at once doesn't
/// spin.
pub fn spread(seed: u64, work: Work, attempts: u32, least: Duration) -> Duration {
    let least = least.max(FIRST / 2);
    least + jitter(seed, work, attempts, least / 2)
}

fn jitter(seed: u64, work: Work, attempts: u32, below: Duration) -> Duration {
    let hash = seeded_hash(seed, BACKOFF, &(work, attempts));
    below.mul_f64(f64::from((hash >> 32) as u32) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PaymentId;

    fn work() -> Work {
        Work::Payment(PaymentId::following(None))
    }

    #[test]
    fn doubles_to_a_limit_with_jitter_below() {
        for (attempts, full) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1600), (6, 2000), (60, 2000)] {
            for seed in 0..100 {
                let wait = wait(seed, work(), attempts);
                let full = Duration::from_millis(full);
                assert!(wait >= full / 2 && wait <= full, "attempt {attempts}: {wait:?}");
            }
        }
    }

    #[test]
    fn the_same_seed_waits_the_same_and_others_do_not() {
        assert_eq!(wait(1, work(), 3), wait(1, work(), 3));
        let waits: std::collections::BTreeSet<Duration> =
            (1..=100).map(|id| wait(1, Work::Payment(PaymentId::following(Some(id))), 3)).collect();
        assert!(waits.len() > 90, "a hundred payments come back at {} moments only", waits.len());
    }

    #[test]
    fn a_spread_wait_is_never_too_short() {
        let least = Duration::from_millis(1500);
        for seed in 0..100 {
            let wait = spread(seed, work(), 0, least);
            assert!(wait >= least && wait <= least * 3 / 2);
            assert!(spread(seed, work(), 0, Duration::ZERO) >= FIRST / 2);
        }
    }
}
