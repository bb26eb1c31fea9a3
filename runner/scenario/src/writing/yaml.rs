//! Values as YAML in which every number stands as it was written.
//!
//! `serde_yaml` writes numbers of 64 and 128 bits only, and leaves a text such as `1e400` without the quotes that make it a
//! text here. So both are written as texts with a sign that occurs nowhere else, which is taken out afterwards.

use serde::{Serialize, Serializer};

use crate::{Object, Value, reading::is_number};

/// The YAML text of a mapping, in which every number stands as it was written.
pub fn write_yaml(entries: Object) -> String {
    let value = Value::Object(entries);
    let written = value.to_string();
    let mut unused = ('\u{e000}'..='\u{f8ff}').filter(|sign| !written.contains(*sign));
    let mut sign = || unused.next().expect("no file has each of the 6,400 private characters");
    let signs = Signs { number: sign(), quote: sign() };
    let yaml = serde_yaml::to_string(&Signed { value: &value, signs });
    let yaml = yaml.expect("a mapping of texts, lists and mappings can be written");
    yaml.replace(signs.number, "").replace(signs.quote, "'")
}

#[derive(Clone, Copy)]
struct Signs {
    /// Stands before a number.
    number: char,
    /// Stands for a quotation mark around a text that would be a number without it.
    quote: char,
}

struct Signed<'a> {
    value: &'a Value,
    signs: Signs,
}

impl Serialize for Signed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { value, signs: Signs { number: sign, quote } } = *self;
        let signed = |value| Self { value, signs: self.signs };
        match value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => serializer.serialize_str(&format!("{sign}{number}")),
            Value::String(text) if is_number(text) => {
                serializer.serialize_str(&format!("{quote}{text}{quote}"))
            }
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(items) => serializer.collect_seq(items.iter().map(signed)),
            Value::Object(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, signed(value))))
            }
        }
    }
}
