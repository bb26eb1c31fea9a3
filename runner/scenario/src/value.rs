//! JSON values as they came: a number keeps the digits that were written, at any size.
//!
//! `serde_json::Value` holds numbers in 64 bits. So 9007199254740993 could become 9007199254740992 in a comparison, and an
//! integer of 30 digits was sent on as another one.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `number` | a number as it was written |
//! | `decimal` | comparisons of numbers by their decimal values |
//! | `exact` | sums of numbers |
//! | `read` | JSON text to a value |
//! | `write` | a value to JSON text |
//! | `convert` | Rust's types and `serde_json`'s values to values |

use std::borrow::Cow;

use indexmap::IndexMap;

mod convert;
mod decimal;
mod exact;
mod number;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use decimal::Decimal;
pub(crate) use exact::Exact;
pub use number::Number;
pub use read::NotJson;

/// The entries of an object, in the order in which they were written. The last value of a repeated key counts.
pub type Object = IndexMap<String, Value>;

/// A JSON value. Two values are equal if all their numbers have the same decimal values: `300`, `300.0` and `3e2` are
/// equal, 9007199254740992 and 9007199254740993 are not.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The value of a key; `None` when it is missing, or this is no object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.get(key),
            _ => None,
        }
    }

    /// The item at an index from 0; `None` when there are fewer, or this is no array.
    pub fn item(&self, index: usize) -> Option<&Self> {
        match self {
            Self::Array(items) => items.get(index),
            _ => None,
        }
    }

    /// The text of a text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A text as it is, and every other value as JSON.
    pub fn to_text(&self) -> Cow<'_, str> {
        self.as_str().map_or_else(|| self.to_string().into(), Cow::from)
    }
}
