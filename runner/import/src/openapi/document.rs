use std::collections::BTreeMap;

use scenario::{Value, read_yaml};

use crate::{
    NotReadable,
    json_lines::{At, JsonLines},
};

/// The most references that are followed to one value.
const REFERENCES: usize = 32;

/// A document, with references within it.
pub(super) struct Document {
    lines: Lines,
    pub(super) root: Value,
}

impl Document {
    pub(super) fn read(text: &str) -> Result<Self, NotReadable> {
        let is_json = text.trim_start().starts_with('{');
        let root = if is_json {
            Value::parse(text)?
        } else {
            read_yaml(text, "document".into()).map_err(|mistakes| {
                let first = mistakes.into_iter().next();
                first.map_or_else(
                    || NotReadable::new(None, "it is no YAML"),
                    |first| NotReadable::new(usize::try_from(first.span.line).ok(), first.message),
                )
            })?
        };
        let version = root.get("openapi").map(|version| version.to_text().into_owned());
        match version {
            Some(version) if version.starts_with('3') => {
                let lines = if is_json { Lines::Json(JsonLines::of(text)) } else { Lines::Yaml(keys(text)) };
                Ok(Self { lines, root })
            }
            Some(version) => {
                Err(NotReadable::new(None, format!("OpenAPI {version} isn't read: 3.0 and 3.1 are")))
            }
            None if root.get("swagger").is_some() => {
                Err(NotReadable::new(None, "Swagger 2.0 isn't read: convert the document to OpenAPI 3"))
            }
            None => Err(NotReadable::new(None, "it is no OpenAPI document: it has no key `openapi`")),
        }
    }

    pub(super) fn title(&self) -> Option<&str> {
        self.root.get("info")?.get("title")?.as_str()
    }

    /// What a reference within the document refers to; any other value as it is. A reference to itself, or to nothing, is null.
    pub(super) fn resolve<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        for _ in 0..REFERENCES {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return value };
            let Some(found) = self.find(reference) else { break };
            value = found;
        }
        &Value::Null
    }

    fn find(&self, reference: &str) -> Option<&Value> {
        let mut segments = reference.strip_prefix("#/")?.split('/');
        segments.try_fold(&self.root, |value, segment| {
            let segment = crate::services::decoded(segment).replace("~1", "/").replace("~0", "~");
            match value {
                Value::Array(_) => value.item(segment.parse().ok()?),
                _ => value.get(&segment),
            }
        })
    }

    /// The line of an operation.
    pub(super) fn line(&self, path: &str, method: &str) -> Option<usize> {
        match &self.lines {
            Lines::Json(lines) => lines.line(&[At::Key("paths"), At::Key(path), At::Key(method)]),
            Lines::Yaml(keys) => {
                let start = *keys.get(path)?.first()?;
                let methods = keys.get(method)?;
                methods.get(methods.partition_point(|line| *line <= start)).copied().or(Some(start))
            }
        }
    }
}

/// Where the operations of a document stand.
enum Lines {
    Json(JsonLines),
    /// The lines on which keys stand, by their names: of paths and of methods only.
    Yaml(BTreeMap<String, Vec<usize>>),
}

/// The lines of the paths and methods in a text of YAML.
fn keys(text: &str) -> BTreeMap<String, Vec<usize>> {
    let mut keys: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some((key, _)) = line.trim_start().split_once(':') else { continue };
        let key = key.trim_matches(['\'', '"']);
        if key.starts_with('/') || super::METHODS.contains(&key) {
            keys.entry(key.to_owned()).or_default().push(number + 1);
        }
    }
    keys
}

/// The title of a document, if a text is one.
pub(crate) fn title(text: &str) -> Option<String> {
    Document::read(text).ok()?.title().map(str::to_owned)
}

/// Checks that a text is a document.
pub(crate) fn check(text: &str) -> Result<(), NotReadable> {
    Document::read(text).map(drop)
}
