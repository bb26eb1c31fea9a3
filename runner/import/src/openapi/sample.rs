use std::cell::Cell;

use scenario::{Number, Object, Value};

use super::{Inputs, document::Document, entries, items};

/// The deepest nesting of a value that is made up.
const DEPTH: usize = 8;
/// The most values in it.
const VALUES: usize = 500;

/// A value that fits a schema, and where it comes from.
#[derive(Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) value: Value,
    pub(super) inputs: Inputs,
}

impl Document {
    /// A value for a parameter or a body: its example, the default or example of its schema, or one that is made up.
    pub(super) fn sample_of(&self, holder: &Value) -> Sample {
        let example = holder.get("example").or_else(|| {
            let (_, first) = entries(holder.get("examples")).iter().next()?;
            self.resolve(first).get("value")
        });
        if let Some(example) = example {
            return Sample { value: example.clone(), inputs: Inputs::Examples };
        }
        let schema = holder.get("schema").or_else(|| {
            // A parameter may have content in place of a schema.
            entries(holder.get("content")).values().next()?.get("schema")
        });
        let making = Making { document: self, left: Cell::new(VALUES), invented: Cell::new(Invention::None) };
        let value = making.value(schema.unwrap_or(&Value::Null), DEPTH);
        let inputs = match making.invented.get() {
            Invention::None => Inputs::Examples,
            Invention::Some => Inputs::Invented,
        };
        Sample { value, inputs }
    }
}

#[derive(Clone, Copy)]
enum Invention {
    None,
    Some,
}

struct Making<'a> {
    document: &'a Document,
    /// How many more values may be made.
    left: Cell<usize>,
    invented: Cell<Invention>,
}

impl Making<'_> {
    fn value(&self, schema: &Value, depth: usize) -> Value {
        let schema = self.document.resolve(schema);
        self.left.set(self.left.get().saturating_sub(1));
        if let Some(given) = given(schema) {
            return given.clone();
        }
        let (Some(depth), true) = (depth.checked_sub(1), self.left.get() > 0) else {
            self.invented.set(Invention::Some);
            return Value::Null;
        };
        if let Some(Value::Array(parts)) = schema.get("allOf") {
            return self.all_of(schema, parts, depth);
        }
        for key in ["oneOf", "anyOf"] {
            let choices = items(schema.get(key)).iter().map(|choice| self.document.resolve(choice));
            if let Some(choice) = choices.into_iter().find(|choice| kind(choice) != "null") {
                return self.value(choice, depth);
            }
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => {
                let least = whole(schema, "minItems").unwrap_or(1).clamp(1, 3);
                let item = schema.get("items").unwrap_or(&Value::Null);
                (0..least).map(|_| self.value(item, depth)).collect()
            }
            plain => {
                self.invented.set(Invention::Some);
                scalar(schema, plain)
            }
        }
    }

    fn all_of(&self, schema: &Value, parts: &[Value], depth: usize) -> Value {
        let mut merged = Object::new();
        let own = self.object(schema, depth);
        for part in parts.iter().map(|part| self.value(part, depth)).chain([own]) {
            match part {
                Value::Object(entries) => merged.extend(entries),
                Value::Null => {}
                other if parts.len() == 1 => return other,
                _ => {}
            }
        }
        merged.into()
    }

    /// An object with the members that have to be there, or all of them where none has to.
    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required: Vec<&str> = items(schema.get("required")).iter().filter_map(Value::as_str).collect();
        let properties = entries(schema.get("properties")).iter();
        let is_needed = |name: &String, schema: &Value| {
            let is_read_only = self.document.resolve(schema).get("readOnly") == Some(&Value::Bool(true));
            !is_read_only && (required.is_empty() || required.contains(&name.as_str()))
        };
        let chosen = properties.filter(|(name, schema)| is_needed(name, schema));
        Value::Object(chosen.map(|(name, schema)| (name.clone(), self.value(schema, depth))).collect())
    }
}

/// The value that a schema itself gives.
fn given(schema: &Value) -> Option<&Value> {
    let first = |key: &str| items(schema.get(key)).first();
    let direct = ["example", "default", "const"].iter().find_map(|key| schema.get(key));
    direct.or_else(|| first("examples")).or_else(|| first("enum"))
}

/// The type of a schema; of several the first that isn't null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn whole(schema: &Value, key: &str) -> Option<u64> {
    match schema.get(key) {
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    }
}

fn number(schema: &Value, key: &str) -> Option<f64> {
    match schema.get(key) {
        Some(Value::Number(number)) => Some(number.as_f64()).filter(|number| number.is_finite()),
        _ => None,
    }
}

fn scalar(schema: &Value, kind: &str) -> Value {
    match kind {
        "boolean" => true.into(),
        "null" => Value::Null,
        "integer" | "number" => {
            let exclusive = |key| number(schema, key);
            let least =
                number(schema, "minimum").or_else(|| exclusive("exclusiveMinimum").map(|least| least + 1.0));
            let most =
                number(schema, "maximum").or_else(|| exclusive("exclusiveMaximum").map(|most| most - 1.0));
            let wanted = least.unwrap_or(1.0).max(1.0).min(most.unwrap_or(f64::MAX));
            let wanted =
                if least.is_some_and(|least| wanted < least) { least.unwrap_or(wanted) } else { wanted };
            let step = number(schema, "multipleOf").filter(|step| *step > 0.0);
            let wanted = step.map_or(wanted, |step| (wanted / step).ceil() * step);
            let wanted = if kind == "integer" { wanted.ceil() } else { wanted };
            Number::from_f64(wanted).map_or(1.into(), |number| {
                Number::parse(number.to_string().trim_end_matches(".0"))
                    .map_or(Value::Number(number), Value::Number)
            })
        }
        _ => text(schema).into(),
    }
}

fn text(schema: &Value) -> String {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let text = match format {
        "date" => "2026-01-02",
        "date-time" => "2026-01-02T03:04:05Z",
        "time" => "03:04:05Z",
        "uuid" => "4f5a1c1e-6d2b-4c57-9b7e-1a2b3c4d5e6f",
        "email" => "user@example.com",
        "uri" | "url" => "http://example.com/",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "byte" => "dGV4dA==",
        _ => "text",
    };
    let least = whole(schema, "minLength").unwrap_or(0).min(1_000);
    let most = whole(schema, "maxLength").unwrap_or(u64::MAX);
    let length = text.chars().count() as u64;
    if !format.is_empty() || (least..=most).contains(&length) {
        return text.to_owned();
    }
    let wanted = usize::try_from(least.max(1).min(most)).unwrap_or(0);
    text.chars().cycle().take(wanted).collect()
}
