//! Which kind of body some text is.

use crate::{
    draft::{Body, Request},
    variables::Variables,
};

/// Whether a content type is JSON's.
pub(crate) fn is_json(content_type: &str) -> bool {
    let kind = media_type(content_type);
    kind == "application/json" || kind.ends_with("+json")
}

/// Whether a content type is that of a form.
pub(crate) fn is_form(content_type: &str) -> bool {
    media_type(content_type) == "application/x-www-form-urlencoded"
}

/// The type without its parameters, in small letters.
pub(crate) fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Gives a request the body that a text is, by its content type, which is among the headers already. The header is taken out where
/// the kind of body says the same.
pub(crate) fn put(request: &mut Request, text: &str, variables: &mut Variables) {
    if text.is_empty() {
        return;
    }
    let content_type = request.header("content-type").unwrap_or_default().to_owned();
    let looks_like_json = text.trim_start().starts_with(['{', '[']);
    if (is_json(&content_type) || looks_like_json)
        && let Some(value) = variables.json(text)
    {
        request.body = Body::Json(value);
        drop_usual_type(request);
    } else if is_form(&content_type)
        && let Some(fields) = fields(text)
    {
        let field = |(name, value): (String, String)| (variables.template(&name), variables.template(&value));
        request.body = Body::Form(fields.into_iter().map(field).collect());
        request.remove_header("content-type");
    } else {
        request.body = Body::Text(variables.template(text));
    }
}

/// Takes out a `Content-Type` that is sent with JSON anyway.
pub(crate) fn drop_usual_type(request: &mut Request) {
    let (kind, parameters) = request.header("content-type").map_or(("", ""), |written| {
        let (kind, parameters) = written.split_once(';').unwrap_or((written, ""));
        (kind.trim(), parameters.trim())
    });
    let is_usual = kind.eq_ignore_ascii_case("application/json");
    if is_usual && (parameters.is_empty() || parameters.eq_ignore_ascii_case("charset=utf-8")) {
        request.remove_header("content-type");
    }
}

/// The fields of a form; `None` when a text is none.
fn fields(text: &str) -> Option<Vec<(String, String)>> {
    if !text.split('&').all(|field| field.contains('=')) || text.contains(['\n', '\r']) {
        return None;
    }
    // What is encoded otherwise would be sent in another spelling, which means the same.
    Some(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
}

impl Request {
    /// The last value of a header, by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().rev().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn remove_header(&mut self, name: &str) {
        self.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
    }
}
