//! `${…}` without quotes within `{ }` or `[ ]`, where YAML reads its `{` as the beginning of a mapping.

use std::ops::Range;

use crate::template;

/// The most of them that are looked for in a file.
const MOST: usize = 100;

/// A text in which such placeholders are masked, so that the rest of the file can be read.
#[derive(Default)]
pub(super) struct Masked {
    /// The text, as long as the one that was written.
    pub(super) text: String,
    /// The bytes that are masked.
    ranges: Vec<Range<usize>>,
}

impl Masked {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), ranges: Vec::new() }
    }

    /// Masks the placeholder whose `{` YAML can't read, at the byte `at`. Returns whether there is one.
    pub(super) fn mask(&mut self, at: usize) -> bool {
        let Some(start) = at.checked_sub(1).filter(|start| self.text.get(*start..=at) == Some("${")) else {
            return false;
        };
        let line = self.text[at + 1..].lines().next().unwrap_or_default();
        let Some(inner) = template::closing_brace(line).filter(|_| self.ranges.len() < MOST) else {
            return false;
        };
        let range = at..at + 1 + inner + 1;
        let masked: String =
            self.text[range.clone()].chars().map(|c| if c.is_ascii() { '_' } else { c }).collect();
        self.text.replace_range(range.clone(), &masked);
        self.ranges.push(start..range.end);
        true
    }

    /// Whether a scalar at these bytes has a masked placeholder in it.
    pub(super) fn is_in(&self, scalar: &Range<usize>) -> bool {
        self.ranges.iter().any(|range| scalar.start <= range.start && range.end <= scalar.end)
    }
}
