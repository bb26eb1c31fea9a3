use std::time::Duration;

use fault::ServiceName;

use crate::{Bindings, PathTemplate, Template, TemplateValue};

/// An HTTP request whose path, headers and body can have `${…}` in them.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: http::Method,
    /// The service it is sent to.
    pub service: ServiceName,
    /// The path and query.
    pub path: PathTemplate,
    /// Headers, in the order they are sent.
    pub headers: Vec<(http::HeaderName, Template)>,
    /// The body.
    pub body: Body,
    /// How long to wait for the reply; the configuration's time when `None`.
    pub timeout: Option<Duration>,
}

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
    Form(Vec<(String, Template)>),
}

impl Call {
    /// The same request with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        let body = match &self.body {
            Body::None => Body::None,
            Body::Json(value) => Body::Json(value.bind(bindings)),
            Body::Text(text) => Body::Text(text.bind(bindings)),
            Body::Form(fields) => {
                Body::Form(fields.iter().map(|(name, value)| (name.clone(), value.bind(bindings))).collect())
            }
        };
        Self {
            path: self.path.bind(bindings),
            headers: self.headers.iter().map(|(name, value)| (name.clone(), value.bind(bindings))).collect(),
            body,
            ..self.clone()
        }
    }

    /// The variables it uses, some of them more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().map(|(_, value)| value);
        let mut templates: Vec<&Template> = std::iter::once(self.path.template()).chain(headers).collect();
        match &self.body {
            Body::None => {}
            Body::Json(value) => value.templates(&mut templates),
            Body::Text(text) => templates.push(text),
            Body::Form(fields) => templates.extend(fields.iter().map(|(_, value)| value)),
        }
        templates.into_iter().flat_map(Template::names)
    }
}
