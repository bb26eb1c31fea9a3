//! Hashes that stay the same from one process and release to the next.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use siphasher::{
    sip::SipHasher13,
    sip128::{Hasher128, SipHasher13 as SipHasher13Of128},
};

/// Hash of a request's body in canonical form, in which order and spelling don't matter. Equal bodies have equal ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// The fingerprint of a body in canonical form.
    pub fn of(canonical: &str) -> Self {
        let mut hasher = SipHasher13Of128::new();
        hasher.write(canonical.as_bytes());
        Self(hasher.finish128().as_u128())
    }
}

/// Hash of a value under a seed. `purpose` keeps apart what is drawn from the same seed and value for different ends.
pub fn seeded_hash(seed: u64, purpose: u64, value: &impl Hash) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(seed, purpose);
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fingerprints are stored: databases written before must still be understood.
    #[test]
    fn a_fingerprint_never_changes() {
        let fingerprint = serde_json::to_string(&Fingerprint::of(r#"{"order_id":1}"#)).unwrap();
        assert_eq!(fingerprint, "44373898335150026735621398329692727008");
        assert_ne!(Fingerprint::of("1"), Fingerprint::of("2"));
    }

    #[test]
    fn seed_purpose_and_value_all_count() {
        let all =
            [seeded_hash(1, 1, &1), seeded_hash(2, 1, &1), seeded_hash(1, 2, &1), seeded_hash(1, 1, &2)];
        assert_eq!(all[0], seeded_hash(1, 1, &1));
        for (at, hash) in all.iter().enumerate() {
            assert!(!all[..at].contains(hash), "{all:?}");
        }
    }
}
