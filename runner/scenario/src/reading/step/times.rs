//! `repeat` and `parallel`: how often a step's request is sent.

use super::super::{
    fields::Fields,
    reader::Reader,
    table::{Key, Shape},
};
use crate::Times;

/// The most requests of one step. How many a machine carries at once is known to the world that runs them.
const MOST: u64 = 100_000;

pub(super) const SENDING: &[Key] = &[
    Key::optional(
        "repeat",
        Shape::Whole(1),
        "Sends it this many times, one after the other; `index` counts them from 0.",
    ),
    Key::optional(
        "parallel",
        Shape::Whole(1),
        "Sends it this many times at once; `index` counts them from 0.",
    ),
];

pub(super) fn times(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Times> {
    let present = fields.present(&["repeat", "parallel"]);
    if let [_, second] = present.as_slice() {
        reader.note(
            second.span,
            "a request is sent in turn or at once: `repeat` and `parallel` don't go together",
            None,
        );
    }
    let entry = present.first()?;
    let make = if entry.key == "repeat" { Times::Repeat } else { Times::Parallel };
    let count = reader.whole(&entry.value, 1..=MOST)?;
    u32::try_from(count).ok().map(make)
}
