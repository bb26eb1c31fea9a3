use std::{path::PathBuf, sync::Arc};

use crate::{Bindings, Pairs, Template, TemplateValue};

/// The body of a request.
#[derive(Debug, Clone)]
pub enum Body {
    /// No body.
    None,
    /// JSON, sent as `application/json` unless a header says otherwise.
    Json(TemplateValue),
    /// Text, sent as `text/plain` unless a header says otherwise.
    Text(Template),
    /// Fields, sent as `application/x-www-form-urlencoded`.
    Form(Pairs),
    /// Parts, in the order they are sent, as `multipart/form-data` (RFC 7578).
    Multipart(Vec<Part>),
    /// The bytes of a file, sent as its media type unless a header says otherwise.
    File(BodyFile),
}

/// A part of a multipart body.
#[derive(Debug, Clone)]
pub struct Part {
    /// The name of its field.
    pub name: String,
    /// What it holds.
    pub content: PartContent,
    /// Its media type; that of its file, or none for a text, when `None`.
    pub media_type: Option<Template>,
    /// The file name that it is sent with; that of its file, or none for a text, when `None`.
    pub file_name: Option<Template>,
}

/// What a part of a multipart body holds.
#[derive(Debug, Clone)]
pub enum PartContent {
    /// A text.
    Text(Template),
    /// The bytes of a file.
    File(BodyFile),
}

/// A file whose bytes are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyFile {
    /// Where it is, relative to where the scenario's own path is.
    pub path: PathBuf,
    /// Its bytes, as they were when the scenario was read.
    pub content: Arc<[u8]>,
    /// Its media type, by the extension of its name.
    pub media_type: &'static str,
}

impl Body {
    /// The same body with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        match self {
            Self::None => Self::None,
            Self::Json(value) => Self::Json(value.bind(bindings)),
            Self::Text(text) => Self::Text(text.bind(bindings)),
            Self::Form(fields) => Self::Form(fields.bind(bindings)),
            Self::Multipart(parts) => Self::Multipart(parts.iter().map(|part| part.bind(bindings)).collect()),
            Self::File(file) => Self::File(file.clone()),
        }
    }

    /// The files whose bytes are sent.
    pub fn files(&self) -> Vec<&BodyFile> {
        match self {
            Self::None | Self::Json(_) | Self::Text(_) | Self::Form(_) => Vec::new(),
            Self::File(file) => vec![file],
            Self::Multipart(parts) => parts
                .iter()
                .filter_map(|part| match &part.content {
                    PartContent::File(file) => Some(file),
                    PartContent::Text(_) => None,
                })
                .collect(),
        }
    }

    /// Collects the templates in it.
    pub(crate) fn templates<'a>(&'a self, found: &mut Vec<&'a Template>) {
        match self {
            Self::None | Self::File(_) => {}
            Self::Json(value) => value.templates(found),
            Self::Text(text) => found.push(text),
            Self::Form(fields) => fields.templates(found),
            Self::Multipart(parts) => {
                for part in parts {
                    if let PartContent::Text(text) = &part.content {
                        found.push(text);
                    }
                    found.extend(part.media_type.iter().chain(&part.file_name));
                }
            }
        }
    }

    /// Collects the templates in it, to be changed.
    pub(crate) fn templates_mut<'a>(&'a mut self, found: &mut Vec<&'a mut Template>) {
        match self {
            Self::None | Self::File(_) => {}
            Self::Json(value) => value.templates_mut(found),
            Self::Text(text) => found.push(text),
            Self::Form(fields) => fields.templates_mut(found),
            Self::Multipart(parts) => {
                for part in parts {
                    if let PartContent::Text(text) = &mut part.content {
                        found.push(text);
                    }
                    found.extend(part.media_type.iter_mut().chain(&mut part.file_name));
                }
            }
        }
    }
}

impl Part {
    fn bind(&self, bindings: &Bindings) -> Self {
        let bound = |template: &Template| template.bind(bindings);
        Self {
            name: self.name.clone(),
            content: match &self.content {
                PartContent::Text(text) => PartContent::Text(bound(text)),
                PartContent::File(file) => PartContent::File(file.clone()),
            },
            media_type: self.media_type.as_ref().map(bound),
            file_name: self.file_name.as_ref().map(bound),
        }
    }
}

impl BodyFile {
    /// The last part of its path, as it is sent.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}
