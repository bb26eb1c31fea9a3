//! Errors as clients see them: `application/problem+json`, RFC 9457.

use std::{fmt, time::Duration};

use poem::{
    Body, Response,
    error::ResponseError,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, Object,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};
use serde_json::json;

/// The content type of every error.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// One error: what kind it is, and what it is about.
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

    /// A problem that its status says all about: `type` is `about:blank`.
    pub fn plain(status: StatusCode, detail: impl fmt::Display) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { status, kind: None, title, detail: detail.to_string(), headers: Vec::new() }
    }

    /// 400: the request itself is wrong.
    pub fn invalid(detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-request", "The request is not valid", detail)
    }

    /// 404: there is no such thing.
    pub fn not_found(detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 409: it contradicts the present state.
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

    /// 422: the idempotency key was used for something else.
    pub fn key_reused() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency-key-reused",
            "The idempotency key was used with another body",
            "an Idempotency-Key stands for one request: send the same body again, or take a new key",
        )
    }

    /// 503: not now, but later.
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

    /// 500: our own mistake. Nothing of it is told; the log has it.
    pub fn internal() -> Self {
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong here; it has been logged")
    }

    /// The same problem with a header in its reply.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The status of the reply.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What it is about.
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
            .content_type(CONTENT_TYPE)
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

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        self.response("")
    }
}

/// What a problem looks like, for the specification.
#[derive(Object)]
#[oai(rename = "Problem")]
pub(crate) struct ProblemDocument {
    /// What kind of problem it is; `about:blank` when the status says all.
    #[oai(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The status of the reply.
    #[oai(validator(minimum(value = "400"), maximum(value = "599")))]
    status: u16,
    /// What is wrong with this request, and what to do.
    detail: String,
    /// The path of the request.
    instance: String,
}

/// The set of statuses for [`Refused`]: `Refused<{ statuses([404, 409]) }>`.
pub const fn statuses<const N: usize>(list: [u16; N]) -> u64 {
    let mut set = 0;
    let mut at = 0;
    while at < N {
        set |= 1 << place(list[at]);
        at += 1;
    }
    set
}

/// 400–449 are the bits 0–49, 500–513 the rest.
const fn place(status: u16) -> u16 {
    assert!((status >= 400 && status < 450) || (status >= 500 && status < 514), "not in the set's range");
    if status < 450 { status - 400 } else { status - 450 }
}

/// A [`Problem`] whose statuses are in the specification: the error type of a handler.
#[derive(Debug)]
pub struct Refused<const STATUSES: u64>(Problem);

impl<const STATUSES: u64, P: Into<Problem>> From<P> for Refused<STATUSES> {
    fn from(problem: P) -> Self {
        let problem = problem.into();
        let status = problem.status.as_u16();
        // Every operation may answer 500 and, through its parameters and body, 400; the documents add those.
        debug_assert!(
            matches!(status, 400 | 500) || STATUSES & (1 << place(status)) != 0,
            "the specification of this operation lacks {problem}"
        );
        Self(problem)
    }
}

impl<const STATUSES: u64> From<Refused<STATUSES>> for poem::Error {
    fn from(refused: Refused<STATUSES>) -> Self {
        refused.0.into()
    }
}

impl<const STATUSES: u64> ApiResponse for Refused<STATUSES> {
    fn meta() -> MetaResponses {
        let responses = (400..450)
            .chain(500..514)
            .filter(|status| STATUSES & (1 << place(*status)) != 0)
            .map(documented)
            .collect();
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        ProblemDocument::register(registry);
    }
}

/// How a problem of this status stands in the specification.
fn documented(status: u16) -> MetaResponse {
    let header = |name: &str, schema| MetaHeader {
        name: name.into(),
        description: None,
        required: true,
        deprecated: false,
        schema,
    };
    MetaResponse {
        description: meaning(status),
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema: ProblemDocument::schema_ref() }],
        headers: match status {
            401 => vec![header("WWW-Authenticate", String::schema_ref())],
            503 => vec![header("Retry-After", whole_number())],
            _ => Vec::new(),
        },
    }
}

fn whole_number() -> MetaSchemaRef {
    u32::schema_ref()
}

/// A status in the words of this project.
pub(crate) fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request is not valid",
        401 => "The service key is missing or wrong",
        402 => "Not enough money",
        403 => "It belongs to somebody else",
        404 => "Not found",
        409 => "It contradicts the present state",
        410 => "It was cancelled",
        413 => "The body is too large",
        415 => "The content type is not JSON",
        422 => "The idempotency key was used with another body",
        500 => "A mistake of the service's own",
        503 => "Not now; `Retry-After` says when to ask again",
        _ => "Refused",
    }
}
