//! Errors in replies: `application/problem+json`, RFC 9457.

use std::{fmt, time::Duration};

use poem::{
    Body, Response,
    error::ResponseError,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde_json::json;

use crate::{
    client::{call::PROBLEM_JSON, upstream::Unreachable},
    store::error::StoreError,
};

/// The header of a reply to a request that came before, under the same idempotency key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// An error in a reply: a status, a kind and a detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    kind: Option<&'static str>,
    title: &'static str,
    detail: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with a kind of its own: `type` is `urn:shop:problem:KIND`.
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl fmt::Display,
    ) -> Self {
        Self { status, kind: Some(kind), title, detail: detail.to_string(), headers: Vec::new() }
    }

    /// A problem without a kind: `type` is `about:blank`, and the title is that of the status.
    pub fn plain(status: StatusCode, detail: impl fmt::Display) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { status, kind: None, title, detail: detail.to_string(), headers: Vec::new() }
    }

    /// 400: the request itself is wrong.
    pub fn invalid(detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-request", "The request is not valid", detail)
    }

    /// 404: the record or path does not exist.
    pub fn not_found(detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 409: the request contradicts the present state.
    pub fn conflict(kind: &'static str, title: &'static str, detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::CONFLICT, kind, title, detail)
    }

    /// 401: the service key is missing or wrong.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "service-key",
            "The service key is missing or wrong",
            "this needs the service key, in the header X-Service-Key",
        )
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("X-Service-Key"))
    }

    /// 422: the idempotency key was used with another body.
    pub fn key_reused() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency-key-reused",
            "The idempotency key was used with another body",
            "an Idempotency-Key stands for one request: send the same body again, or take a new key",
        )
    }

    /// 503, with `Retry-After`: the request may succeed later.
    pub fn unavailable(
        kind: &'static str,
        title: &'static str,
        detail: impl fmt::Display,
        retry_after: Duration,
    ) -> Self {
        let seconds = retry_after.as_millis().div_ceil(1_000).max(1);
        let value = HeaderValue::from_str(&seconds.to_string()).expect("digits are a header's value");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, title, detail).header(header::RETRY_AFTER, value)
    }

    /// 500: an error of the service. The details are in the log only.
    pub fn internal() -> Self {
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong here; it has been logged")
    }

    /// Adds a header to the reply.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Marks the reply as that to an earlier request under the same idempotency key.
    #[must_use]
    pub fn replayed(self) -> Self {
        self.header(REPLAYED, HeaderValue::from_static("true"))
    }

    /// The status of the reply.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong with this request.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The body of the reply to a request for the path `instance`.
    pub(crate) fn body(&self, instance: &str) -> String {
        json!({
            "type": self.kind.map_or_else(|| "about:blank".to_owned(), |kind| format!("urn:shop:problem:{kind}")),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "instance": instance,
        })
        .to_string()
    }

    /// The reply, as an answer to a request for the path `instance`.
    pub fn response(&self, instance: &str) -> Response {
        let mut response = Response::builder()
            .status(self.status)
            .content_type(PROBLEM_JSON)
            .body(Body::from_string(self.body(instance)));
        response.headers_mut().extend(self.headers.iter().cloned());
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl std::error::Error for Problem {}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Closing | StoreError::Abandoned => Problem::unavailable(
                "busy",
                "The service is busy",
                format_args!("{error}; nothing was recorded, ask again"),
                Duration::from_secs(1),
            ),
            StoreError::Database(_) => {
                tracing::error!(%error, "a request failed");
                Problem::internal()
            }
        }
    }
}

impl From<Unreachable> for Problem {
    fn from(error: Unreachable) -> Self {
        let (kind, title) = ("dependency-unavailable", "Another service can't be reached");
        let retry_after = error.retry_after();
        Problem::unavailable(kind, title, error, retry_after)
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        self.response("")
    }
}
