use std::{fmt, hash::Hasher, time::Duration};

use siphasher::sip::SipHasher24;

use crate::FaultName;

/// Seed of all random choices in a run.
///
/// Every random number is `SipHash-2-4(seed; fault, ordinal, purpose)`, never the next number of a shared generator: a fault
/// that is added moves no other fault's decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(pub u64);

impl Seed {
    /// A random number, the same for the same arguments in every version.
    pub fn roll(self, fault: &FaultName, ordinal: u64, purpose: &str) -> u64 {
        let mut hasher = SipHasher24::new_with_keys(self.0, 0);
        for text in [fault.as_str(), purpose] {
            hasher.write(&(text.len() as u64).to_le_bytes());
            hasher.write(text.as_bytes());
        }
        hasher.write(&ordinal.to_le_bytes());
        hasher.finish()
    }

    /// A number in `0.0 .. 1.0`.
    pub(crate) fn fraction(self, fault: &FaultName, ordinal: u64, purpose: &str) -> f64 {
        // The 53 bits that a double holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let numerator = (self.roll(fault, ordinal, purpose) >> 11) as f64;
        #[expect(clippy::cast_precision_loss, reason = "a power of two")]
        let denominator = (1_u64 << 53) as f64;
        numerator / denominator
    }

    /// `delay`, give or take up to `jitter`, never below zero.
    pub(crate) fn around(
        self,
        delay: Duration,
        jitter: Duration,
        fault: &FaultName,
        ordinal: u64,
    ) -> Duration {
        let shift = jitter.mul_f64(2.0 * self.fraction(fault, ordinal, "jitter"));
        (delay + shift).saturating_sub(jitter)
    }

    /// The seed of a part of the run, so that no two parts draw the same numbers.
    #[must_use]
    pub fn derive(self, part: &str) -> Self {
        let mut hasher = SipHasher24::new_with_keys(self.0, 1);
        hasher.write(part.as_bytes());
        Self(hasher.finish())
    }

    /// The seed of the run that repeats another one with other random choices, this number of runs later. It is a small number
    /// if this one is, to be typed again.
    #[must_use]
    pub fn after(self, runs: u32) -> Self {
        Self(self.0.wrapping_add(runs.into()))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(name: &str) -> FaultName {
        name.parse().expect("a name")
    }

    #[test]
    fn rolls_never_change_between_versions() {
        // Literals on purpose: a seed from an old report has to give the same run.
        assert_eq!(Seed(7).roll(&fault("slow"), 0, "probability"), 9_310_909_254_956_275);
        assert_eq!(Seed(7).roll(&fault("slow"), 1, "probability"), 2_734_884_823_548_532_301);
    }

    #[test]
    fn jitter_stays_around_the_delay() {
        let (delay, jitter) = (Duration::from_millis(100), Duration::from_millis(30));
        let delays: Vec<Duration> =
            (0..200).map(|n| Seed(1).around(delay, jitter, &fault("slow"), n)).collect();
        assert!(delays.iter().all(|d| d.abs_diff(delay) <= jitter));
        assert!(delays.iter().any(|d| *d < delay) && delays.iter().any(|d| *d > delay));
    }
}
