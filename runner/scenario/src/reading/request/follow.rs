//! `follow`: whether a request follows redirects, and how many.

use super::super::{
    reader::Reader,
    table::Shape,
    yaml::{Kind, Node},
};
use crate::Follow;

/// The most redirects that a request follows.
const MOST: u64 = 100;

/// The value of `follow`.
pub(crate) const FOLLOW: Shape = Shape::Either(&[Shape::Boolean, Shape::Whole(1)]);

pub(crate) fn follow(reader: &mut Reader<'_>, node: &Node) -> Option<Follow> {
    match &node.kind {
        Kind::Boolean(true) => Some(Follow::AtMost(Follow::USUAL)),
        Kind::Boolean(false) => Some(Follow::Never),
        Kind::Number(number, _) if number.as_u64() == Some(0) => {
            let help = "write `follow: false`, or leave it out".to_owned();
            reader.note(node.span, "this follows no redirect", help);
            None
        }
        Kind::Number(..) => {
            reader.whole(node, 1..=MOST).and_then(|most| u32::try_from(most).ok()).map(Follow::AtMost)
        }
        _ => {
            reader.wrong_kind(node, "`true`, `false`, or the most redirects that are followed");
            None
        }
    }
}
