//! `status`: the statuses that a reply may have, and classes of them.

use super::super::{
    http::status,
    reader::{Reader, all},
    suggestion,
    table::Shape,
    yaml::{Kind, Node},
};
use crate::StatusPattern;

/// A status, or a class of statuses.
pub(super) const STATUS: Shape = Shape::Either(&[Shape::Status, Shape::Pattern("^[1-5]xx$")]);

const CLASSES: [(&str, u16); 5] = [("1xx", 1), ("2xx", 2), ("3xx", 3), ("4xx", 4), ("5xx", 5)];

pub(super) fn statuses(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<StatusPattern>> {
    let statuses: Vec<StatusPattern> =
        all(reader.one_or_more(node).iter().map(|item| status_or_class(reader, item)))?;
    if CLASSES.iter().all(|(_, digit)| statuses.contains(&StatusPattern::Class(*digit))) {
        let help = "leave out the classes that are not expected".to_owned();
        reader.note(node.span, "every status is one of these", help);
    }
    Some(statuses)
}

fn status_or_class(reader: &mut Reader<'_>, node: &Node) -> Option<StatusPattern> {
    let Kind::Text(text) = &node.kind else { return status(reader, node).map(StatusPattern::Is) };
    if let Some((_, digit)) = CLASSES.iter().find(|(class, _)| class == text) {
        return Some(StatusPattern::Class(*digit));
    }
    if let Some(inner) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        let name = inner.trim();
        // A column called `status` is one of what is expected.
        let name = if name == "status" { "expected_status" } else { name };
        let help = format!("write `that: status == {name}`");
        reader.note(node.span, "a status is written as it is, without `${…}`", help);
        return None;
    }
    let help = match range(text) {
        Some(class) => format!("write the class `{class}`, or a list of statuses"),
        None => match suggestion::nearest(&text.to_lowercase(), CLASSES.iter().map(|(class, _)| *class)) {
            Some(class) => suggestion::did_you_mean(class),
            None => "write `200`, the class `2xx`, or a list of such: `[2xx, 404]`".to_owned(),
        },
    };
    reader.note(node.span, format!("`{text}` is no status"), help);
    None
}

/// The class that a range such as `200-299` or `200..299` lies in.
fn range(text: &str) -> Option<&'static str> {
    let (first, last) = text.split_once(['-', '.'])?;
    let digit = |text: &str| {
        let digits = text.trim().trim_start_matches(['.', '=']).trim();
        digits.parse::<u16>().ok().filter(|status| (100..600).contains(status)).map(|status| status / 100)
    };
    let class = digit(first).filter(|class| digit(last) == Some(*class))?;
    CLASSES.iter().find(|(_, digit)| *digit == class).map(|(class, _)| *class)
}
