//! Sends the requests of steps and invariants.

use std::{fmt, time::Duration};

use bytes::Bytes;
use fault::ServiceName;
use http::{
    HeaderMap, Method, Uri,
    header::{CONTENT_TYPE, HeaderValue},
};
use scenario::{Body, Call, EvaluationError, Scope, TemplateValue};
use tower::{Layer, Service, ServiceExt};
use verdict::{ExchangeId, NoReply, Reply, client_link};

use crate::World;

/// A request whose expressions are evaluated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PreparedRequest {
    service: ServiceName,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    timeout: Duration,
}

impl PreparedRequest {
    /// Evaluates the expressions of a call. `timeout` is for a call without its own.
    pub(crate) fn new(call: &Call, variables: &Scope, timeout: Duration) -> Result<Self, EvaluationError> {
        let path = call.path.render(variables)?;
        let uri = Uri::try_from(&path).map_err(|error| EvaluationError {
            expression: path,
            reason: format!("this path can't be requested: {error}"),
        })?;
        let mut headers = HeaderMap::new();
        let (body, content_type) = body(&call.body, variables)?;
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, template) in &call.headers {
            let text = template.render(variables)?;
            let value = HeaderValue::from_str(&text).map_err(|_| EvaluationError {
                expression: name.to_string(),
                reason: format!("{text:?} can't be a header's value"),
            })?;
            if name == CONTENT_TYPE {
                headers.remove(name);
            }
            headers.append(name, value);
        }
        let (service, method) = (call.service.clone(), call.method.clone());
        Ok(Self { service, method, uri, headers, body, timeout: call.timeout.unwrap_or(timeout) })
    }

    /// A request without headers and body.
    pub(crate) fn get(service: ServiceName, uri: Uri, timeout: Duration) -> Self {
        let (headers, body) = Default::default();
        Self { service, method: Method::GET, uri, headers, body, timeout }
    }

    fn to_http(&self) -> http::Request<Bytes> {
        let mut request = http::Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// Sends it over the link from `client` to the service, and returns the exchange once that has ended.
    pub(crate) async fn send<W: World>(&self, world: &W) -> ExchangeId {
        let link = client_link(&self.service);
        let mut reply = world.links().layer(link).layer(world.client(&self.service)).call(self.to_http());
        let exchange = reply.exchange();
        if tokio::time::timeout(self.timeout, &mut reply).await.is_err() {
            reply.give_up(NoReply::TimedOut(self.timeout));
        }
        exchange
    }

    /// Sends it past all links. The history doesn't record it.
    pub(crate) async fn observe<W: World>(&self, world: &W) -> Result<Reply, NoReply> {
        let sent = world.client(&self.service).oneshot(self.to_http());
        match tokio::time::timeout(self.timeout, sent).await {
            Ok(received) => received.map(reply),
            Err(_) => Err(NoReply::TimedOut(self.timeout)),
        }
    }
}

fn reply(response: http::Response<Bytes>) -> Reply {
    let (parts, body) = response.into_parts();
    Reply { status: parts.status, headers: parts.headers, body }
}

/// The bytes of a body, and their content type unless a header says otherwise.
pub(crate) fn body(body: &Body, variables: &Scope) -> Result<(Bytes, Option<&'static str>), EvaluationError> {
    Ok(match body {
        Body::None => (Bytes::new(), None),
        Body::Json(value) => (json(value, variables)?.into(), Some("application/json")),
        Body::Text(text) => (text.render(variables)?.into(), Some("text/plain; charset=utf-8")),
        Body::Form(fields) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in fields {
                form.append_pair(name, &value.render(variables)?);
            }
            (form.finish().into(), Some("application/x-www-form-urlencoded"))
        }
    })
}

fn json(value: &TemplateValue, variables: &Scope) -> Result<String, EvaluationError> {
    value.render(variables).map(|value| value.to_string())
}

impl fmt::Display for PreparedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.service, self.uri)
    }
}
