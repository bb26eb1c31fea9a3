//! Ids: positive integers, given out 1, 2, 3, … in each database.

use std::{
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
};

use poem_openapi::registry::MetaSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::leaf::{Leaf, leaf};

/// The largest id that every JSON reader tells from its neighbours.
pub(crate) const LARGEST: u64 = (1 << 53) - 1;

/// The id of a `K`: `Id<User>` and `Id<Order>` can't be taken for one another.
///
/// A kind is an empty type of its own: `#[derive(…)] pub enum User {}`.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id<K> {
    number: u64,
    #[serde(skip)]
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    /// The id of the first record of a database.
    pub const FIRST: Self = Self { number: 1, kind: PhantomData };

    /// The id with this number, unless it is 0 or beyond 2^53.
    pub fn new(number: u64) -> Option<Self> {
        (1..=LARGEST).contains(&number).then_some(Self { number, kind: PhantomData })
    }

    /// The id after the last one that was given out.
    pub fn following(last: Option<u64>) -> Self {
        Self::new(last.unwrap_or(0) + 1).expect("nobody writes 2^53 records")
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

/// The whole number that a JSON number is: `5.0` is an integer to JSON Schema too.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| number.fract() == 0.0)?;
        format!("{number:.0}").parse().ok()
    })
}

const MUST: &str = "must be a whole number from 1 to 9007199254740991";

impl<K: 'static> Leaf for Id<K> {
    const NAME: &'static str = "Id";

    fn schema() -> MetaSchema {
        #[expect(clippy::cast_precision_loss, reason = "2^53 - 1 is a float exactly")]
        let maximum = Some(LARGEST as f64);
        MetaSchema { minimum: Some(1.0), maximum, ..MetaSchema::new_with_format("integer", "int64") }
    }

    fn from_json(value: &Value) -> Result<Self, String> {
        whole(value).and_then(Self::new).ok_or_else(|| MUST.into())
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if plain { text.parse().ok() } else { None };
        number.and_then(Self::new).ok_or_else(|| MUST.into())
    }

    fn to_json(&self) -> Value {
        self.number.into()
    }
}
leaf!(Id<K>, K: 'static);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_digits_and_nothing_else() {
        for text in
            ["0", "-1", "+1", "1.0", "", " 1", "1 ", "9007199254740992", "99999999999999999999", "abc"]
        {
            assert!(Id::<()>::from_text(text).is_err(), "{text:?}");
        }
        assert_eq!(Id::<()>::from_text("9007199254740991").map(Id::number), Ok(LARGEST));
        assert!(Id::<()>::from_json(&serde_json::json!("1")).is_err());
        assert!(Id::<()>::from_json(&serde_json::json!(1.5)).is_err());
        assert!(Id::<()>::from_json(&serde_json::json!(1e300)).is_err());
        assert_eq!(Id::<()>::from_json(&serde_json::json!(5.0)).map(Id::number), Ok(5));
    }
}
