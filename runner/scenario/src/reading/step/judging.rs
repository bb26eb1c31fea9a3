//! `lenient` beside `for` and `wait`.

use super::super::{
    fields::Fields,
    reader::Reader,
    table::{Key, Shape},
};
use crate::Judging;

pub(super) const fn lenient(doc: &'static str) -> Key {
    Key::optional("lenient", Shape::True, doc)
}

impl Fields<'_> {
    /// Whether the mapping has `lenient`.
    pub(super) fn judging(&self, reader: &mut Reader<'_>) -> Option<Judging> {
        self.or("lenient", Judging::Strict, |node| {
            reader.only_true(node, "lenient").map(|()| Judging::Lenient)
        })
    }
}
