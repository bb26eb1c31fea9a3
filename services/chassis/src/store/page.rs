//! Lists in pages: `limit` and `after` are asked for, `next` is given when there is more.

/// Most entries of a page: 1 to 10,000; by default 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(usize);

impl Default for Limit {
    fn default() -> Self {
        Self(1_000)
    }
}

impl Limit {
    /// The largest limit.
    pub const LARGEST: usize = 10_000;

    /// The limit, if it is from 1 to 10,000.
    pub fn new(entries: usize) -> Option<Self> {
        (1..=Self::LARGEST).contains(&entries).then_some(Self(entries))
    }

    /// Entries of the largest page.
    pub fn entries(self) -> usize {
        self.0
    }
}

/// One page, and the key that the next one is asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The entries, at most the limit.
    pub entries: Vec<T>,
    /// `after` of the next page, when there is one.
    pub next: Option<K>,
}

impl<T, K> Page<T, K> {
    /// The first `limit` rows, each with its key; stops at the first error.
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
        assert_eq!((Limit::new(0), Limit::new(10_001)), (None, None));
        assert_eq!((Limit::new(1), Limit::new(10_000)), (Some(Limit(1)), Some(Limit(10_000))));
    }
}
