use scenario::{Value, read_yaml};

use crate::{
    NotReadable,
    json_lines::{At, line},
};

/// The most references that are followed to one value.
const REFERENCES: usize = 32;

/// A document, with references within it.
pub(super) struct Document {
    text: String,
    pub(super) root: Value,
}

impl Document {
    pub(super) fn read(text: &str) -> Result<Self, NotReadable> {
        let root = if text.trim_start().starts_with('{') {
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
            Some(version) if version.starts_with('3') => Ok(Self { text: text.to_owned(), root }),
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
        if self.text.trim_start().starts_with('{') {
            return line(&self.text, &[At::Key("paths"), At::Key(path), At::Key(method)]);
        }
        let key = |line: &str, name: &str| {
            let rest = line.trim_start().trim_start_matches(['\'', '"']).strip_prefix(name);
            rest.is_some_and(|rest| rest.trim_start_matches(['\'', '"']).starts_with(':'))
        };
        let lines = || self.text.lines().enumerate();
        let (start, _) = lines().find(|(_, line)| key(line, path))?;
        let found = lines().skip(start + 1).find(|(_, line)| key(line, method));
        Some(found.map_or(start, |(at, _)| at) + 1)
    }
}

/// The title of a document, if a text is one.
pub(crate) fn title(text: &str) -> Option<String> {
    Document::read(text).ok()?.title().map(str::to_owned)
}

/// Checks that a text is a document.
pub(crate) fn check(text: &str) -> Result<(), NotReadable> {
    Document::read(text).map(drop)
}
