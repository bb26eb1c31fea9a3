//! A body as lines: what differs is shown whole, and what is around it is shortened by members.

use scenario::Value;
use verdict::{EncodedBody, PathSegment, outline};

use crate::layout::{fit, printable};

const MOST_LINES: usize = 40;
const MOST_COLUMNS: usize = 200;
const MOST_BYTES: usize = 256 * 1024;
/// JSON of at most so many lines is shown whole.
const SHORT: usize = 20;
/// The most members of an object, or items of a list, in which nothing differs.
const MOST_MEMBERS: usize = 8;
/// The most characters of a member in which nothing differs.
const ROOM: usize = 100;

/// How much of a body is shown.
pub(crate) enum Bodies<'a> {
    /// A screen of it.
    Whole,
    /// What is at these paths, and what is around them in short.
    Around(&'a [&'a [PathSegment]]),
}

/// A body as it was meant, in lines, at most a screen of them: JSON indented, text as it is.
pub(crate) fn body_lines(body: &EncodedBody<'_>, bodies: &Bodies<'_>) -> Vec<String> {
    let text = match body.text() {
        Ok(text) => text,
        Err(unreadable) => return vec![format!("({} bytes, {unreadable})", body.len())],
    };
    let text = match (parsed(&text), bodies) {
        (Some(value), Bodies::Around(paths)) => return around(&value, paths),
        (Some(value), Bodies::Whole) => format!("{value:#}"),
        (None, _) => text.into_owned(),
    };
    let mut all = text.lines();
    let mut lines: Vec<String> = all.by_ref().take(MOST_LINES).map(shortened).collect();
    let rest = all.count();
    if rest > 0 {
        lines.push(format!("… {rest} more lines"));
    }
    lines
}

/// The body as JSON; `None` when it is something else or larger than [`MOST_BYTES`].
pub(crate) fn parsed(text: &str) -> Option<Value> {
    (text.len() <= MOST_BYTES).then(|| Value::parse(text).ok())?
}

fn shortened(line: &str) -> String {
    fit(&printable(line), MOST_COLUMNS)
}

fn around(value: &Value, paths: &[&[PathSegment]]) -> Vec<String> {
    let whole = format!("{value:#}");
    if whole.lines().count() <= SHORT {
        return whole.lines().map(shortened).collect();
    }
    let mut lines = Vec::new();
    write("", value, paths, 0, &mut lines);
    lines
}

/// Writes a value with what is at `paths`. A path without segments names the value itself.
fn write(name: &str, value: &Value, paths: &[&[PathSegment]], depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let below = |segment: &PathSegment| -> Vec<&[PathSegment]> {
        let opened = paths.iter().filter_map(|path| path.split_first());
        opened.filter(|(first, _)| *first == segment).map(|(_, rest)| rest).collect()
    };
    let is_opened = depth == 0 || paths.iter().any(|path| !path.is_empty());
    let members: Vec<(String, &Value, PathSegment)> = match value {
        Value::Object(entries) if is_opened => {
            let member = |(key, value)| {
                (format!("{}: ", Value::from(String::as_str(key))), value, PathSegment::Key(key.clone()))
            };
            entries.iter().map(member).collect()
        }
        Value::Array(items) if is_opened => {
            let item = |(index, value)| (String::new(), value, PathSegment::Index(index));
            items.iter().enumerate().map(item).collect()
        }
        _ => {
            lines.push(format!("{indent}{}", shortened(&format!("{name}{}", outline(value, ROOM)))));
            return;
        }
    };
    let is_list = matches!(value, Value::Array(_));
    let (open, close) = if is_list { ('[', ']') } else { ('{', '}') };
    lines.push(format!("{indent}{name}{open}"));
    let some_differ = members.iter().any(|(_, _, segment)| !below(segment).is_empty());
    let (mut shown, mut left_out) = (0, 0);
    for (name, member, segment) in &members {
        let differing = below(segment);
        // Beside an item that differs, the others of a list tell little; the members of an object tell which one it is.
        let others = if is_list && some_differ { 0 } else { MOST_MEMBERS };
        if differing.is_empty() && shown >= others {
            left_out += 1;
            continue;
        }
        shown += usize::from(differing.is_empty());
        lines.extend(not_shown(&mut left_out, depth));
        match segment {
            PathSegment::Index(index) if some_differ => {
                write(&format!("{name}[{index}]: "), member, &differing, depth + 1, lines);
            }
            _ => write(name, member, &differing, depth + 1, lines),
        }
    }
    lines.extend(not_shown(&mut left_out, depth));
    lines.push(format!("{indent}{close}"));
}

/// The line in place of the members that were left out since the last one that was shown.
fn not_shown(left_out: &mut usize, depth: usize) -> Option<String> {
    let number = std::mem::take(left_out);
    (number > 0).then(|| format!("{}… {number} more", "  ".repeat(depth + 1)))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::*;

    fn shown(body: &[u8], bodies: &Bodies<'_>) -> Vec<String> {
        body_lines(&EncodedBody::new(&HeaderMap::new(), body), bodies)
    }

    fn whole(body: &[u8]) -> Vec<String> {
        shown(body, &Bodies::Whole)
    }

    #[test]
    fn bodies_are_bounded_and_harmless() {
        assert_eq!(whole(b""), [""; 0]);
        assert_eq!(whole(br#"{"a":[1]}"#), ["{", "  \"a\": [", "    1", "  ]", "}"]);
        assert_eq!(whole(b"\x1b[2Jgone"), [r"\u{1b}[2Jgone"]);
        let not_text = "(2 bytes, not text: byte 0 of 2 is 0xFF, which isn't UTF-8, and its content-type names no charset)";
        assert_eq!(whole(&[0xff, 0x00]), [not_text]);
        let many = whole("line\n".repeat(1_000).as_bytes());
        assert_eq!((many.len(), many.last().map(String::as_str)), (41, Some("… 960 more lines")));
        assert_eq!(whole("x".repeat(10_000).as_bytes())[0].chars().count(), 200);
    }

    #[test]
    fn a_body_shows_its_numbers_as_they_came() {
        assert_eq!(
            whole(br#"{"n":[123456789012345678901234567890,1E400,1.10]}"#),
            ["{", "  \"n\": [", "    123456789012345678901234567890,", "    1E400,", "    1.10", "  ]", "}"]
        );
    }

    #[test]
    fn a_long_body_is_shown_around_what_differs() {
        let item =
            |id: usize| json!({"id": id, "lines": [{"sku": "a", "quantity": 1}], "note": "x".repeat(200)});
        let body =
            json!({"total": 50, "items": (0..50).map(item).collect::<Vec<_>>(), "next": null}).to_string();
        let path = [
            PathSegment::Key("items".into()),
            PathSegment::Index(37),
            PathSegment::Key("lines".into()),
            PathSegment::Index(0),
            PathSegment::Key("quantity".into()),
        ];
        let lines = shown(body.as_bytes(), &Bodies::Around(&[&path]));
        let note = format!("      \"note\": \"{}…\"", "x".repeat(99));
        let expected = [
            "{",
            "  \"total\": 50",
            "  \"items\": [",
            "    … 37 more",
            "    [37]: {",
            "      \"id\": 37",
            "      \"lines\": [",
            "        [0]: {",
            "          \"sku\": \"a\"",
            "          \"quantity\": 1",
            "        }",
            "      ]",
            &note,
            "    }",
            "    … 12 more",
            "  ]",
            "  \"next\": null",
            "}",
        ];
        assert_eq!(lines, expected);
        let nothing = shown(body.as_bytes(), &Bodies::Around(&[]));
        assert_eq!(nothing.len(), 5, "each member in a line: {nothing:#?}");
    }
}
