//! The edge of a service: content types and sizes of requests, the state of the app, and the form of errors.

use std::{panic::AssertUnwindSafe, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use poem::{
    Body, Endpoint, IntoResponse, Request, Response,
    error::{MethodNotAllowedError, NotFoundError, ReadBodyError},
    http::{Extensions, HeaderValue, StatusCode, header},
};
use poem_openapi::error::{AuthorizationError, ContentTypeError, ParseParamError, ParsePathError};
use tokio::time::timeout;

use super::{problem::Problem, routes::Routes};
use crate::client::call::IDEMPOTENCY_KEY;

/// Bytes of the largest body.
const LARGEST_BODY: usize = 64 << 10;
/// Timeout for a whole body.
const BODY: Duration = Duration::from_secs(10);

/// The outermost endpoint of a service.
pub(crate) struct Edge {
    pub(crate) routes: Routes,
    /// State of the app, added to every request.
    pub(crate) state: Extensions,
}

impl Endpoint for Edge {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        let reply = AssertUnwindSafe(self.pass(request)).catch_unwind().await;
        let problem = match reply {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => self.problem(&error, &path),
            Err(panic) => {
                let message = panic.downcast_ref::<String>().map(String::as_str);
                let message =
                    message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
                tracing::error!(path, panic = message, "a handler panicked");
                Problem::internal()
            }
        };
        Ok(problem.response(&path))
    }
}

impl Edge {
    async fn pass(&self, mut request: Request) -> poem::Result<Response> {
        one_key(&request)?;
        let body = timeout(BODY, request.take_body().into_bytes_limit(LARGEST_BODY))
            .await
            .map_err(|_| Problem::plain(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive"))?
            .map_err(|error| unread(&error))?;
        settle_content_type(&mut request, &body)?;
        request.set_body(Body::from_bytes(body));
        request.extensions_mut().extend(self.state.clone());
        self.routes.endpoint.call(request).await.map(IntoResponse::into_response)
    }

    /// The problem that an error is answered with.
    fn problem(&self, error: &poem::Error, path: &str) -> Problem {
        if let Some(problem) = error.downcast_ref::<Problem>() {
            return problem.clone();
        }
        let route = || self.routes.docs.route(path);
        if let Some(ParsePathError { name, reason }) = error.downcast_ref() {
            let name = route().and_then(|route| route.parameter(name)).unwrap_or(name);
            return Problem::invalid(format_args!("`{name}` in the path {}", fragment(reason)));
        }
        if let Some(ParseParamError { name, reason }) = error.downcast_ref() {
            return Problem::invalid(format_args!("`{name}` {}", fragment(reason)));
        }
        if error.is::<NotFoundError>() {
            return Problem::not_found(format_args!("there is nothing at {path}; /docs shows what there is"));
        }
        if error.is::<MethodNotAllowedError>() {
            let allowed = route().map_or(String::new(), |route| route.methods.join(", "));
            let value = HeaderValue::from_str(&allowed).expect("methods are ASCII");
            return Problem::plain(StatusCode::METHOD_NOT_ALLOWED, format_args!("allowed here: {allowed}"))
                .header(header::ALLOW, value);
        }
        if error.is::<AuthorizationError>() {
            return Problem::unauthorized();
        }
        if let Some(error) = error.downcast_ref::<ContentTypeError>() {
            return Problem::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, error);
        }
        if error.status().is_server_error() {
            tracing::error!(path, %error, "a request failed");
            return Problem::internal();
        }
        Problem::plain(error.status(), error)
    }
}

/// The fragment that a wire format gave as its error, which poem-openapi wraps into `failed to parse "TYPE": …` and, for an
/// optional parameter, `… (occurred while parsing "TYPE")`.
fn fragment(reason: &str) -> &str {
    let inner = reason.strip_prefix("failed to parse \"").and_then(|rest| rest.split_once("\": "));
    let inner = inner.map_or(reason, |(_, fragment)| fragment);
    inner.split_once(" (occurred while parsing").map_or(inner, |(fragment, _)| fragment)
}

fn unread(error: &ReadBodyError) -> Problem {
    match error {
        ReadBodyError::PayloadTooLarge => Problem::plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            format_args!("a body may have {LARGEST_BODY} bytes"),
        ),
        error => Problem::invalid(format_args!("the body can't be read: {error}")),
    }
}

/// Refuses a key that can't be read, and two keys, either of which would be taken for no key.
fn one_key(request: &Request) -> Result<(), Problem> {
    let mut keys = request.headers().get_all(IDEMPOTENCY_KEY).iter();
    let readable = keys.next().is_none_or(|key| key.to_str().is_ok());
    if readable && keys.next().is_none() {
        Ok(())
    } else {
        Err(Problem::invalid("`Idempotency-Key` must be given once, in visible ASCII characters"))
    }
}

/// Takes the body as JSON if it may be. `curl -d` without a header sends JSON as a form; that is accepted unless a browser
/// sent it, since a foreign page can post a form here but not JSON.
fn settle_content_type(request: &mut Request, body: &Bytes) -> Result<(), Problem> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let by_browser = ["origin", "sec-fetch-site"].iter().any(|name| request.headers().contains_key(*name));
    let essence = request
        .content_type()
        .map(|given| given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some("application/json") => Ok(()),
        None if body.is_empty() => Ok(()),
        Some(FORM) | None if !by_browser => Ok(()),
        _ => Err(Problem::plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the body as Content-Type: application/json",
        )),
    }?;
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(())
}
