//! Sends a step's requests over the scenario's own links.

use std::{fmt, time::Duration};

use bytes::Bytes;
use fault::ServiceName;
use http::header::{CONTENT_TYPE, HeaderValue};
use scenario::{Body, Call, EvaluationError, Scope, TemplateValue};
use tower::{Layer, ServiceExt};
use verdict::{Ending, Exchange, NoReply, Reply, Request, client_link};

use crate::World;

/// A call whose holes are filled in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Prepared {
    service: ServiceName,
    request: Request,
    timeout: Duration,
}

impl Prepared {
    /// Fills in a call's holes.
    pub(crate) fn new(call: &Call, variables: &Scope, timeout: Duration) -> Result<Self, EvaluationError> {
        let path = call.path.render(variables)?;
        let mut headers = http::HeaderMap::new();
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
        let request = Request { method: call.method.clone(), path, headers, body };
        Ok(Self { service: call.service.clone(), request, timeout: call.timeout.unwrap_or(timeout) })
    }

    fn to_http(&self) -> Result<http::Request<Bytes>, NoReply> {
        let Request { method, path, headers, body } = &self.request;
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .body(body.clone())
            .map_err(|error| NoReply::Broken(format!("{path:?} can't be requested: {error}")))?;
        *request.headers_mut() = headers.clone();
        Ok(request)
    }

    /// Sends it over the scenario's link to the service, and says what came of it.
    pub(crate) async fn send<W: World>(&self, world: &W) -> Exchange {
        let link = client_link(&self.service);
        let started = world.links().now();
        let received = match self.to_http() {
            Err(error) => Err(error),
            Ok(request) => {
                let service = world.links().layer(link.clone()).layer(world.client(&self.service));
                match tokio::time::timeout(self.timeout, service.oneshot(request)).await {
                    Ok(received) => received.map(reply),
                    Err(_) => Err(NoReply::TimedOut(self.timeout)),
                }
            }
        };
        let took = world.links().now().saturating_sub(started);
        let answered = received.as_ref().ok().cloned();
        Exchange {
            link,
            request: self.request.clone(),
            faults: Vec::new(),
            delivered: u32::from(answered.is_some()),
            answered,
            ending: Some(Ending { took, received }),
        }
    }

    /// Sends it past every link, and leaves no trace.
    pub(crate) async fn observe<W: World>(&self, world: &W) -> Result<Reply, NoReply> {
        let sent = world.client(&self.service).oneshot(self.to_http()?);
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

fn body(body: &Body, variables: &Scope) -> Result<(Bytes, Option<&'static str>), EvaluationError> {
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

impl fmt::Display for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.request.method, self.service, self.request.path)
    }
}
