//! Headers and bodies of messages, as a link forwards them from one connection to another.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

/// The largest body that is forwarded, in bytes.
pub(crate) const LARGEST_BODY: usize = 32 << 20;

/// Bytes of the largest body that is copied out of the buffer that it was read into.
const SMALL: usize = 4096;

/// Headers for one connection only, which aren't forwarded (RFC 9110, 7.6.1). hyper has handled `Expect`.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
];

/// Why a body can't be read.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// More than [`LARGEST_BODY`].
    TooLarge,
    /// The connection ended first.
    BrokeOff,
}

/// Reads a body to its end.
pub(crate) async fn collect(mut body: Incoming) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > LARGEST_BODY as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    // Most bodies are one frame, which is taken as it is.
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        let Ok(data) = frame.map_err(|_| BodyError::BrokeOff)?.into_data() else { continue };
        if first.len() + whole.len() + data.len() > LARGEST_BODY {
            return Err(BodyError::TooLarge);
        }
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// Removes the headers that are for one connection only.
pub(crate) fn strip(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Copies header values and a small body out of the buffers they were read into, into one allocation of their size.
///
/// The history keeps every message. A slice of a connection's buffer would keep all of its 8 KiB, and the connection
/// couldn't use its buffer again.
pub(crate) fn compact(headers: &mut HeaderMap, body: &mut Bytes) {
    let small = body.len() <= SMALL;
    let values: usize = headers.values().map(HeaderValue::len).sum();
    let mut room = BytesMut::with_capacity(values + if small { body.len() } else { 0 });
    for value in headers.values_mut() {
        room.extend_from_slice(value.as_bytes());
        let moved = HeaderValue::from_maybe_shared(room.split().freeze());
        *value = moved.expect("it was a header's value before");
    }
    if small {
        room.extend_from_slice(body);
        *body = room.freeze();
    }
}

/// A reply of the link itself, as problem+json (RFC 9457).
pub(crate) fn problem(status: StatusCode, detail: &str) -> Response<Bytes> {
    let title = status.canonical_reason().unwrap_or_default();
    let text = serde_json::json!({ "title": title, "status": status.as_u16(), "detail": detail }).to_string();
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The path and query alone, as a server is sent them.
pub(crate) fn origin_form(uri: &Uri) -> Uri {
    uri.path_and_query().map_or_else(Uri::default, |path| Uri::from(path.clone()))
}
