//! Values as short texts: what doesn't fit is left out by members, and `…` says how many.

use scenario::Value;

/// The value as JSON within about `room` characters: the first members of lists and objects, the beginning of a text.
pub fn outline(value: &Value, room: usize) -> String {
    let text = value.to_string();
    if text.chars().nth(room).is_none() {
        return text;
    }
    match value {
        Value::Array(items) => members('[', items.iter().map(|item| (String::new(), item)), ']', room),
        Value::Object(entries) => {
            let named =
                entries.iter().map(|(key, value)| (format!("{}: ", Value::from(key.as_str())), value));
            members('{', named, '}', room)
        }
        Value::String(_) => format!("{}…\"", text.chars().take(room).collect::<String>()),
        _ => text,
    }
}

fn members<'a>(
    open: char,
    members: impl ExactSizeIterator<Item = (String, &'a Value)>,
    close: char,
    room: usize,
) -> String {
    let (count, mut left, mut shown) = (members.len(), room, Vec::new());
    for (name, value) in members {
        // Half of the room for one member leaves some for those after it.
        let member = name + &outline(value, left / 2);
        left = left.saturating_sub(member.chars().count() + 2);
        if left == 0 && !shown.is_empty() {
            break;
        }
        shown.push(member);
    }
    if shown.len() < count {
        shown.push(format!("… {} more", count - shown.len()));
    }
    format!("{open}{}{close}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_by_members() {
        for (value, expected) in [
            (json!({"a": [1, 2]}), r#"{"a":[1,2]}"#),
            (
                json!("a long text that does not fit into the room there is"),
                r#""a long text that does not fit …""#,
            ),
            (json!([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]), "[10, 20, 30, 40, 50, 60, 70, … 4 more]"),
            (
                json!({"first": [1, 2, 3], "second": {"x": "a text of some length"}, "third": 3}),
                r#"{"first": [1,2,3], … 2 more}"#,
            ),
        ] {
            assert_eq!(outline(&value.into(), 31), expected);
        }
    }
}
