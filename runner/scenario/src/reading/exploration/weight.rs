//! `weight`: how likely a kind of step is, relative to the other weights.

use super::super::{reader::Reader, yaml::Node};

const HEAVIEST: u64 = 1_000;

pub(super) fn weight(reader: &mut Reader<'_>, node: &Node) -> Option<u32> {
    reader.whole(node, 1..=HEAVIEST).and_then(|weight| u32::try_from(weight).ok())
}
