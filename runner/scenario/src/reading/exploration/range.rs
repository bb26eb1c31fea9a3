//! Ranges, written `from-to`.

use std::ops::RangeInclusive;

use super::super::{fields::Fields, reader::Reader, table::Shape, yaml::Node};

pub(super) const RANGE: Shape = Shape::Either(&[Shape::Whole(1), Shape::Pattern("^[0-9]+-[0-9]+$")]);

/// `from-to`, or one value for both; `wanted` describes them in messages.
pub(super) fn from_to<T: Copy + PartialOrd>(
    reader: &mut Reader<'_>,
    node: &Node,
    wanted: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<RangeInclusive<T>> {
    let text = reader.text(node, wanted)?;
    // A `-` at the beginning is a sign.
    let dash = text.char_indices().skip(1).find(|(_, c)| *c == '-').map(|(at, _)| at);
    let (from, to) = dash.map_or((text.as_str(), text.as_str()), |at| (&text[..at], &text[at + 1..]));
    let ends = parse(from.trim()).zip(parse(to.trim()));
    let range = ends.filter(|(from, to)| from <= to).map(|(from, to)| from..=to);
    if range.is_none() {
        reader.note(node.span, format!("`{text}` are no {wanted}"), None);
    }
    range
}

/// The whole numbers from 1 to `most` that the value of `key` ranges over.
pub(super) fn range(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    default: RangeInclusive<u32>,
    most: u64,
) -> Option<RangeInclusive<u32>> {
    let Some(node) = fields.get(key) else { return Some(default) };
    let within = |number: &u32| (1..=most).contains(&u64::from(*number));
    let wanted = format!("numbers from 1 to {most}, such as `1-3`");
    from_to(reader, node, &wanted, |text| text.parse().ok().filter(within))
}
