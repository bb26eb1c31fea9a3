//! Ids: positive integers, given out 1, 2, 3, … in each database.

use std::{
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// The id of a `K`: `Id<User>` and `Id<Order>` are different types.
///
/// A kind is an empty type of its own: `#[derive(…)] pub enum User {}`.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id<K> {
    number: u64,
    #[serde(skip)]
    kind: PhantomData<fn() -> K>,
}

/// The number is 0, beyond 2^53 - 1, or no whole number. Fits "… must …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {}", Id::<()>::LARGEST)]
pub struct IdError;

impl<K> Id<K> {
    /// Number of the largest id: every JSON reader still tells it from its neighbours.
    pub const LARGEST: u64 = (1 << 53) - 1;
    /// The id of the first record of a database.
    pub const FIRST: Self = Self { number: 1, kind: PhantomData };

    /// The id with this number, unless it is 0 or beyond 2^53 - 1.
    pub fn new(number: u64) -> Option<Self> {
        (1..=Self::LARGEST).contains(&number).then_some(Self { number, kind: PhantomData })
    }

    /// The id with this number, which was given out before.
    pub fn recorded(number: u64) -> Self {
        Self::new(number).expect("ids are given out from 1 on")
    }

    /// The id after the last one that was given out.
    pub fn following(last: Option<u64>) -> Self {
        Self::new(last.unwrap_or(0) + 1).expect("a database holds far fewer than 2^53 records")
    }

    /// The number, as a key in a table or a part of a path.
    pub const fn number(self) -> u64 {
        self.number
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)
    }
}

impl<K> FromStr for Id<K> {
    type Err = IdError;

    /// Digits and nothing else.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if plain { text.parse().ok() } else { None };
        number.and_then(Self::new).ok_or(IdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_digits_and_nothing_else() {
        for text in
            ["0", "-1", "+1", "1.0", "", " 1", "1 ", "9007199254740992", "99999999999999999999", "abc"]
        {
            assert_eq!(text.parse::<Id<()>>(), Err(IdError), "{text:?}");
        }
        assert_eq!("9007199254740991".parse::<Id<()>>().map(Id::number), Ok(Id::<()>::LARGEST));
    }
}
