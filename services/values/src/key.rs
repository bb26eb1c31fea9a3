//! Idempotency keys: the same key with the same body is the same request, however often it comes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Name that a client gives to one request: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdempotencyKey(String);

/// The text is empty, longer than 255 characters, or has one that isn't visible ASCII. Fits "… must …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} visible ASCII characters", IdempotencyKey::LONGEST)]
pub struct KeyError;

impl IdempotencyKey {
    /// Characters of the longest key.
    pub const LONGEST: usize = 255;

    /// The key as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError)
        }
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        let longest = "x".repeat(IdempotencyKey::LONGEST);
        for text in ["a", "a/b?c%d", "!~", longest.as_str()] {
            assert_eq!(text.parse::<IdempotencyKey>().map(|key| key.to_string()), Ok(text.to_owned()));
        }
        for text in ["", " ", "a b", "ü", "a\n", &format!("{longest}x")] {
            assert_eq!(text.parse::<IdempotencyKey>(), Err(KeyError), "{text:?}");
        }
    }
}
