//! `Content-Type`: `text/html; charset="iso-8859-1"`.

use http::{HeaderMap, header::CONTENT_TYPE};

/// The value of a `Content-Type` header; empty without one.
pub(super) struct MediaType<'a>(&'a str);

/// What a content type says about a body.
pub(super) enum Format {
    /// It is JSON.
    Json,
    /// Nothing: there is no type, or one for any bytes.
    Unknown,
    /// It is something else.
    Other,
}

impl<'a> MediaType<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        Self(headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default())
    }

    pub(super) fn format(&self) -> Format {
        let name = self.0.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match name.rsplit_once('/') {
            None | Some(("application", "octet-stream")) => Format::Unknown,
            Some((_, "json" | "x-json")) => Format::Json,
            Some((_, subtype)) if subtype.ends_with("+json") => Format::Json,
            Some(_) => Format::Other,
        }
    }

    /// The parameter `charset`, without quotes.
    pub(super) fn charset(&self) -> Option<&'a str> {
        self.0.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
        })
    }
}
