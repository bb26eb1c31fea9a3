//! The parts of a condition that are false, with their operands computed.

use std::fmt;

use scenario::{FalsePart, Relation, Value};

use crate::outline::outline;

/// The most characters of an operand.
const ROOM: usize = 160;
/// The most members that differ which are kept.
const MOST_DIFFERENCES: usize = 50;
/// The longest comparison, in bytes, in which a person sees what differs.
const SHORT: usize = 40;
/// The most characters of a member that differs.
const MEMBER_ROOM: usize = 80;

/// A part of a condition that is false. Long values are shortened by members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// The part as written: `ledger.total == deposits | sum`.
    pub source: String,
    /// The same with its operands computed: `850 == 950`.
    pub values: String,
    /// Expressions within the part, with their values: what the operands were computed from.
    pub inputs: Vec<(String, String)>,
    /// The members that differ, when two lists or two objects are compared and are not equal.
    pub differences: Vec<Difference>,
}

/// A member in which two values differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it is within both values: `[3].amount`.
    pub path: String,
    /// Its value on the left; `absent` if there is none.
    pub left: String,
    /// Its value on the right; `absent` if there is none.
    pub right: String,
}

impl From<FalsePart> for Computed {
    fn from(part: FalsePart) -> Self {
        let FalsePart { source, left, relation, inputs } = part;
        let mut differences = Vec::new();
        let left_text = || outline(&left, ROOM);
        let values = match &relation {
            Relation::None => left_text(),
            Relation::Negated => format!("not {}", left_text()),
            Relation::Test(test) => format!("{} {test}", left_text()),
            Relation::Comparison(operator, right) => {
                if operator == "==" {
                    differ("", &left, right, &mut differences);
                }
                // Two long texts are shown where they differ.
                match differences.as_slice() {
                    [Difference { path, left, right }] if path.is_empty() => format!("{left} == {right}"),
                    _ => format!("{} {operator} {}", left_text(), outline(right, ROOM)),
                }
            }
        };
        let one_is_empty = [Some(&left), relation.right()].into_iter().flatten().any(is_empty);
        if values.len() <= SHORT || one_is_empty {
            differences.clear();
        }
        differences.retain(|difference| !difference.path.is_empty());
        let inputs = inputs.into_iter().map(|(source, value)| (source, outline(&value, ROOM))).collect();
        Self { source, values, inputs, differences }
    }
}

impl Computed {
    /// Adds named values to the inputs, except for those of which a member is there: `ledger` beside `ledger.entries`.
    pub(crate) fn add_inputs<'a>(&mut self, named: impl Iterator<Item = (&'a str, &'a Value)>) {
        for (name, value) in named {
            let is_in = |source: &str| {
                source.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            if !self.inputs.iter().any(|(source, _)| is_in(source)) {
                self.inputs.push((name.to_owned(), outline(value, ROOM)));
            }
        }
    }
}

impl fmt::Display for Computed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.values)
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// Adds the members in which two values differ.
fn differ(path: &str, left: &Value, right: &Value, found: &mut Vec<Difference>) {
    if left == right || found.len() >= MOST_DIFFERENCES {
        return;
    }
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            for (key, left) in left {
                member(&format!("{path}.{key}"), Some(left), right.get(key), found);
            }
            for (key, right) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                member(&format!("{path}.{key}"), None, Some(right), found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                differ(&format!("{path}[{index}]"), left, right, found);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            // One member too many in the middle would otherwise make all members after it differ.
            let same_start = left.iter().zip(right).take_while(|(left, right)| left == right).count();
            let same_end = left[same_start..].iter().rev().zip(right[same_start..].iter().rev());
            let same_end = same_end.take_while(|(left, right)| left == right).count();
            let (left, right) = (&left[..left.len() - same_end], &right[..right.len() - same_end]);
            for index in same_start..left.len().max(right.len()) {
                member(&format!("{path}[{index}]"), left.get(index), right.get(index), found);
            }
        }
        (Value::String(a), Value::String(b)) => {
            let (left, right) = differing_texts(a, b);
            found.push(Difference { path: path.into(), left, right });
        }
        _ => member_differs(path, Some(left), Some(right), found),
    }
}

fn member(path: &str, left: Option<&Value>, right: Option<&Value>, found: &mut Vec<Difference>) {
    match (left, right) {
        (Some(left), Some(right)) => differ(path, left, right, found),
        _ => member_differs(path, left, right, found),
    }
}

fn member_differs(path: &str, left: Option<&Value>, right: Option<&Value>, found: &mut Vec<Difference>) {
    let shown =
        |value: Option<&Value>| value.map_or_else(|| "absent".into(), |value| outline(value, MEMBER_ROOM));
    if found.len() < MOST_DIFFERENCES {
        found.push(Difference { path: path.into(), left: shown(left), right: shown(right) });
    }
}

/// Two texts as JSON; long ones from a little before the first character in which they differ.
pub fn differing_texts(left: &str, right: &str) -> (String, String) {
    const BEFORE: usize = 20;
    let same = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
    let is_long = |text: &str| text.chars().nth(MEMBER_ROOM).is_some();
    let skipped = if is_long(left) || is_long(right) { same.saturating_sub(BEFORE) } else { 0 };
    let from = |text: &str| {
        let rest: String = text.chars().skip(skipped).collect();
        let shown = outline(&Value::from(rest), MEMBER_ROOM);
        if skipped > 0 { format!("…{shown}") } else { shown }
    };
    (from(left), from(right))
}

#[cfg(test)]
mod tests {
    use scenario::{Expression, Scope};
    use serde_json::json;

    use super::*;

    fn computed(condition: &str, left: impl Into<Value>, right: impl Into<Value>) -> Computed {
        let mut scope = Scope::default();
        scope.set("left", left);
        scope.set("right", right);
        let mut parts = Expression::parse(condition).expect("an expression").false_parts(&scope);
        parts.remove(0).into()
    }

    /// The members that differ, one line each.
    fn differences(left: serde_json::Value, right: serde_json::Value) -> Vec<String> {
        let Computed { differences, .. } = computed("left == right", left, right);
        differences.iter().map(|found| format!("{}: {} == {}", found.path, found.left, found.right)).collect()
    }

    #[test]
    fn the_members_that_differ_are_shown_with_their_paths() {
        let order = |id: u32, quantity: u32| json!({"id": id, "lines": [{"sku": "a", "quantity": quantity}]});
        let orders =
            |changed: u32| json!((0..50).map(|id| order(id, u32::from(id == changed))).collect::<Vec<_>>());
        assert_eq!(differences(orders(37), orders(99)), ["[37].lines[0].quantity: 1 == 0"]);
        let long = "a text that is rather long";
        assert_eq!(
            differences(json!({"x": long, "a": 1}), json!({"x": long, "b": 1})),
            [".a: 1 == absent", ".b: absent == 1"]
        );
        assert_eq!(differences(json!([long, 2, 3, 4]), json!([long, 3, 4])), ["[1]: 2 == absent"]);
        // What differs is seen without them.
        assert_eq!(differences(json!([1, 2]), json!([1, 3])), [""; 0]);
        assert_eq!(differences(json!([long, long]), json!([])), [""; 0]);
        assert_eq!(differences(json!([long, long]), json!(long)), [""; 0]);
    }

    #[test]
    fn long_texts_are_shown_where_they_differ() {
        let text = |end: &str| json!(format!("{}{end}", "a".repeat(500)));
        let values = computed("left == right", text("bc"), text("bd")).values;
        assert_eq!(values, format!("…\"{0}c\" == …\"{0}d\"", format!("{}b", "a".repeat(19))));
    }

    #[test]
    fn long_operands_are_shortened_by_members() {
        let values = computed("left in right", json!(7), json!((1000..2000).collect::<Vec<_>>())).values;
        assert!(values.starts_with("7 in [1000, 1001, ") && values.ends_with(" more]"), "{values}");
        assert!(values.len() < 200, "{values}");
    }
}
