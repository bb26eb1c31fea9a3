//! Lists in pages: `limit` and `after` in the query, `next` in the reply when there is more.

use poem_openapi::registry::MetaSchema;
use serde_json::Value;

use crate::leaf::{Leaf, leaf};

const LARGEST: u64 = 10_000;
const MUST: &str = "must be a whole number from 1 to 10000";

/// How many entries a page holds: 1,000 unless told, at most 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(usize);

impl Default for Limit {
    fn default() -> Self {
        Self(1_000)
    }
}

impl Leaf for Limit {
    const NAME: &'static str = "Limit";

    fn schema() -> MetaSchema {
        MetaSchema {
            minimum: Some(1.0),
            maximum: Some(10_000.0),
            default: Some(1_000.into()),
            ..MetaSchema::new_with_format("integer", "int32")
        }
    }

    fn from_json(value: &Value) -> Result<Self, String> {
        value
            .as_u64()
            .filter(|number| (1..=LARGEST).contains(number))
            .and_then(|number| usize::try_from(number).ok())
            .map(Self)
            .ok_or_else(|| MUST.into())
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if plain { text.parse::<u64>().ok() } else { None };
        Self::from_json(&number.into())
    }

    fn to_json(&self) -> Value {
        self.0.into()
    }
}
leaf!(Limit);

/// One page, and the key to ask for the next one with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The entries, at most as many as were asked for.
    pub entries: Vec<T>,
    /// What to send as `after`, when there is more.
    pub next: Option<K>,
}

impl<T, K> Page<T, K> {
    /// The first `limit` of what `rows` gives, each with its key; stops at the first error.
    pub fn take<E>(limit: Limit, rows: impl IntoIterator<Item = Result<(K, T), E>>) -> Result<Self, E> {
        let mut entries = Vec::new();
        let mut last = None;
        for row in rows {
            let (key, entry) = row?;
            if entries.len() == limit.0 {
                return Ok(Self { entries, next: last });
            }
            last = Some(key);
            entries.push(entry);
        }
        Ok(Self { entries, next: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_is_given_only_when_there_is_more() {
        let page = |limit, rows: u64| {
            let rows = (1..=rows).map(|number| Ok::<_, ()>((number, number)));
            let page = Page::take(Limit(limit), rows).unwrap();
            (page.entries.len(), page.next)
        };
        assert_eq!(page(3, 2), (2, None));
        assert_eq!(page(3, 3), (3, None));
        assert_eq!(page(3, 4), (3, Some(3)));
    }

    #[test]
    fn limits_are_bounded() {
        assert!(Limit::from_text("0").is_err());
        assert!(Limit::from_text("10001").is_err());
        assert!(Limit::from_text("").is_err());
        assert_eq!(Limit::from_text("10000"), Ok(Limit(10_000)));
    }
}
