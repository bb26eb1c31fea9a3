//! A document of YAML that is none of the files here, such as the description of an API.

use std::{path::PathBuf, sync::Arc};

use super::{
    node::{Kind, Node},
    parse,
};
use crate::{Mistake, Value};

/// The value that a text of YAML holds. It has at most 100,000 values, nested at most 64 deep.
///
/// # Errors
///
/// Where and why it isn't one document of YAML whose keys differ; `file` is the file's name for these.
pub fn read_yaml(text: &str, file: PathBuf) -> Result<Value, Vec<Mistake>> {
    let file = Arc::new(file);
    let mistake = |(span, message, help)| Mistake { file: Arc::clone(&file), span, message, help };
    match parse(text) {
        Ok((node, mistakes)) if mistakes.is_empty() => Ok(value(node)),
        Ok((_, mistakes)) => Err(mistakes.into_iter().map(mistake).collect()),
        Err(unreadable) => Err(vec![mistake(unreadable)]),
    }
}

fn value(node: Node) -> Value {
    match node.kind {
        Kind::Null => Value::Null,
        Kind::Boolean(value) => Value::Bool(value),
        Kind::Number(number, _) => Value::Number(number),
        Kind::Text(text) => Value::String(text),
        Kind::List(items) => Value::Array(items.into_iter().map(value).collect()),
        Kind::Mapping(entries) => {
            Value::Object(entries.into_iter().map(|entry| (entry.key, value(entry.value))).collect())
        }
    }
}
