//! The bytes of a request's body.

use std::sync::Arc;

use bytes::Bytes;
use fault::Seed;
use http::HeaderValue;
use memchr::memmem;
use scenario::{Body, BodyFile, EvaluationError, Part, PartContent, Scope, TemplateValue};

/// The bytes of a body, and the `Content-Type` that says what they are.
pub(super) struct EncodedBody {
    pub(super) bytes: Bytes,
    pub(super) content_type: Option<HeaderValue>,
    /// What separates the parts of a multipart body.
    pub(super) boundary: Option<String>,
}

/// Evaluates the expressions of a body. `seed` gives the boundary of a multipart one.
pub(super) fn encoded(body: &Body, variables: &Scope, seed: Seed) -> Result<EncodedBody, EvaluationError> {
    let plain = |bytes: Bytes, content_type: Option<&'static str>| {
        Ok(EncodedBody { bytes, content_type: content_type.map(HeaderValue::from_static), boundary: None })
    };
    match body {
        Body::None => plain(Bytes::new(), None),
        Body::Json(value) => plain(json(value, variables)?.into(), Some("application/json")),
        Body::Text(text) => plain(text.render(variables)?.into(), Some("text/plain; charset=utf-8")),
        Body::Form(fields) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(fields.render(variables)?);
            plain(form.finish().into(), Some("application/x-www-form-urlencoded"))
        }
        Body::File(file) => plain(bytes(file), Some(file.media_type)),
        Body::Multipart(parts) => multipart(parts, variables, seed),
    }
}

fn json(value: &TemplateValue, variables: &Scope) -> Result<String, EvaluationError> {
    value.render(variables).map(|value| value.to_string())
}

fn bytes(file: &BodyFile) -> Bytes {
    Bytes::from_owner(Arc::clone(&file.content))
}

/// The head of a part, and what follows it.
type EncodedPart = (String, Bytes);

fn multipart(parts: &[Part], variables: &Scope, seed: Seed) -> Result<EncodedBody, EvaluationError> {
    let parts: Vec<EncodedPart> =
        parts.iter().map(|part| encoded_part(part, variables)).collect::<Result<_, _>>()?;
    let boundary = boundary(&parts, seed);
    let mut body = Vec::new();
    for (head, content) in &parts {
        body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
    let content_type = Some(content_type.expect("a boundary has digits and letters"));
    Ok(EncodedBody { bytes: body.into(), content_type, boundary: Some(boundary) })
}

fn encoded_part(part: &Part, variables: &Scope) -> Result<EncodedPart, EvaluationError> {
    let line = |template: &scenario::Template| {
        let text = template.render(variables)?;
        if text.contains(char::is_control) {
            let reason = format!("{text:?} can't stand in the head of a part");
            return Err(EvaluationError { expression: template.source(), reason });
        }
        Ok(text)
    };
    let (mut file_name, mut media_type) = (None, None);
    let content = match &part.content {
        PartContent::Text(text) => text.render(variables)?.into(),
        PartContent::File(file) => {
            (file_name, media_type) = (Some(file.name()), Some(file.media_type.to_owned()));
            bytes(file)
        }
    };
    file_name = part.file_name.as_ref().map(line).transpose()?.or(file_name);
    media_type = part.media_type.as_ref().map(line).transpose()?.or(media_type);
    let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(&part.name));
    if let Some(file_name) = file_name {
        head += &format!("; filename=\"{}\"", quoted(&file_name));
    }
    head += "\r\n";
    if let Some(media_type) = media_type {
        head += &format!("Content-Type: {media_type}\r\n");
    }
    Ok((head, content))
}

/// A name within quotes, as browsers write it (HTML, "multipart/form-data encoding algorithm").
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A boundary that stands in no part. The same seed gives the same one.
fn boundary(parts: &[EncodedPart], mut seed: Seed) -> String {
    loop {
        seed = seed.derive("multipart");
        let boundary = format!("part-{:016x}", seed.0);
        if !parts.iter().any(|(_, content)| memmem::find(content, boundary.as_bytes()).is_some()) {
            return boundary;
        }
    }
}
