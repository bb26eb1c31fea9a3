//! Sends the requests of steps and invariants.

use std::{collections::BTreeMap, fmt, time::Duration};

use bytes::Bytes;
use fault::ServiceName;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{CONTENT_TYPE, LOCATION},
};
use proxy::Links;
use scenario::{Call, ClientName, EvaluationError, Follow, Scope};
use tokio::time::{Instant, timeout_at};
use tower::{Layer, Service, ServiceExt};
use verdict::{ExchangeId, Finding, NoReply, Reply, client_link, header_text};

use self::{
    layers::Layers,
    redirect::{ABOUT_BODY, FOR_ONE_SERVICE, Next, SentBody},
};
use crate::{World, clients::Clients};

mod addresses;
mod body;
mod layers;
mod redirect;
mod rules;

pub(crate) use addresses::Addresses;
pub(crate) use body::{EncodedBody, encoded};
pub(crate) use layers::RequestContext;
pub use rules::RequestRules;

/// A request whose expressions are evaluated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PreparedRequest {
    service: ServiceName,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    timeout: Duration,
    client: Option<ClientName>,
    /// How many redirects it follows at most.
    follows: u32,
    /// What it bears when a redirect leads to another service.
    elsewhere: Elsewhere,
}

/// The headers with which a request is sent to another service than the one it was meant for.
#[derive(Debug, Clone, Default, PartialEq)]
struct Elsewhere {
    /// To those with headers of their own.
    services: BTreeMap<ServiceName, HeaderMap>,
    /// To all others.
    others: HeaderMap,
}

/// How a request of a step ended.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The exchange; the last one if redirects were followed.
    pub(crate) exchange: ExchangeId,
    /// Why a redirect wasn't followed.
    pub(crate) redirect: Option<Finding>,
}

impl PreparedRequest {
    /// Evaluates the expressions of a call, and adds what `context` and `clients` have for it.
    pub(crate) fn new(
        call: &Call,
        variables: &Scope,
        context: RequestContext<'_>,
        clients: &Clients<'_>,
    ) -> Result<Self, EvaluationError> {
        let RequestContext { rules, defaults, .. } = context;
        let target = call.target(&defaults.query, variables)?;
        let uri = Uri::try_from(&target).map_err(|error| EvaluationError {
            expression: target,
            reason: format!("this path can't be requested: {error}"),
        })?;
        let body = encoded(&call.body, variables, context.seed)?;
        let client = call.client.as_ref().or(defaults.client.as_ref());
        let mut layers = Layers::new(call, body.content_type, variables)?;
        if let Some(borne) = client.and_then(|client| clients.borne_by(client, variables)) {
            layers.add_client(&borne)?;
        }
        layers.add(&defaults.headers, defaults.auth.as_ref(), variables)?;
        if let Some(boundary) = &body.boundary {
            add_boundary(&mut layers.headers, boundary);
        }
        let follows = match call.follow.or(defaults.follow).unwrap_or_default() {
            Follow::Never => 0,
            Follow::AtMost(most) => most,
        };
        let mut elsewhere = Elsewhere::default();
        if follows > 0 {
            let layers = layers.without(&FOR_ONE_SERVICE);
            for service in rules.services.keys() {
                let headers = layers.clone().for_service(service, &rules.services, variables)?;
                elsewhere.services.insert(service.clone(), headers);
            }
            elsewhere.others = layers.headers;
        }
        let of_the_service = rules.services.get(&call.service).and_then(|requests| requests.timeout);
        Ok(Self {
            service: call.service.clone(),
            method: call.method.clone(),
            uri,
            headers: layers.for_service(&call.service, &rules.services, variables)?,
            body: body.bytes,
            timeout: call.timeout.or(defaults.timeout).or(of_the_service).unwrap_or(context.timeout),
            client: client.cloned(),
            follows,
            elsewhere,
        })
    }

    /// A request with only what every request to its service bears.
    pub(crate) fn get(
        service: ServiceName,
        uri: &Uri,
        timeout: Duration,
        rules: &RequestRules,
        variables: &Scope,
    ) -> Result<Self, EvaluationError> {
        let path = scenario::PathTemplate::literal(uri.to_string());
        let call = Call::new(Method::GET, service, path);
        let defaults = scenario::RequestDefaults::default();
        let context = RequestContext { rules, defaults: &defaults, timeout, seed: fault::Seed(0) };
        Self::new(&call, variables, context, &Clients::default())
    }

    fn to_http(&self) -> http::Request<Bytes> {
        let mut request = http::Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// Sends it over the links from `client` to services, follows redirects, and returns once its last exchange has ended.
    /// The jars of `clients` give it their cookies, and keep those of the replies.
    pub(crate) async fn send<W: World>(&self, world: &W, links: &Links, clients: &Clients<'_>) -> Sent {
        let deadline = Instant::now() + self.timeout;
        if self.client.is_none() && self.follows == 0 {
            return Sent { exchange: self.exchange(world, links, deadline).await.0, redirect: None };
        }
        let addresses = clients.addresses(world);
        let mut hop = self.clone();
        let mut left = self.follows;
        loop {
            if let Some(client) = &self.client {
                clients.add_cookies(client, &mut hop, &addresses, world.unix_time());
            }
            let (exchange, reply) = hop.exchange(world, links, deadline).await;
            let Some((status, headers)) = reply else { return Sent { exchange, redirect: None } };
            if let Some(client) = &self.client {
                clients.keep_cookies(client, &hop, &headers, &addresses, world.unix_time());
            }
            if self.follows == 0 {
                return Sent { exchange, redirect: None };
            }
            let next = redirect::next(
                &addresses,
                &hop.service,
                &hop.uri.to_string(),
                &hop.method,
                (status, &headers),
            );
            let redirect = match next {
                Next::Nothing => return Sent { exchange, redirect: None },
                Next::Nowhere(finding) => finding,
                Next::Request(_) if left == 0 => {
                    let location = headers.get(LOCATION).map(header_text).unwrap_or_default();
                    redirect::too_many(self.follows, &location)
                }
                Next::Request(redirected) => match self.redirected(&hop, redirected) {
                    Some(next) => {
                        left -= 1;
                        hop = next;
                        continue;
                    }
                    None => redirect::too_many(self.follows, "a path that can't be requested"),
                },
            };
            return Sent { exchange, redirect: Some(redirect) };
        }
    }

    /// The request to which a reply to `hop` has redirected this one.
    fn redirected(&self, hop: &Self, redirected: redirect::Redirected) -> Option<Self> {
        let redirect::Redirected { service, target, method, body } = redirected;
        let mut headers = if service == self.service {
            self.headers.clone()
        } else {
            self.elsewhere.services.get(&service).unwrap_or(&self.elsewhere.others).clone()
        };
        // What one redirect has left out, no later one sends again.
        let is_sent = body == SentBody::Again && (!hop.body.is_empty() || self.body.is_empty());
        if !is_sent {
            for name in &ABOUT_BODY {
                headers.remove(name);
            }
        }
        let body = if is_sent { self.body.clone() } else { Bytes::new() };
        let uri = target.parse().ok()?;
        Some(Self { service, method, uri, headers, body, ..self.clone() })
    }

    /// Sends it once, and returns the exchange with the head of its reply.
    async fn exchange<W: World>(
        &self,
        world: &W,
        links: &Links,
        deadline: Instant,
    ) -> (ExchangeId, Option<(StatusCode, HeaderMap)>) {
        let link = client_link(&self.service);
        let mut reply = links.layer(link).layer(world.client(&self.service)).call(self.to_http());
        let exchange = reply.exchange();
        match timeout_at(deadline, &mut reply).await {
            Ok(Ok(response)) => {
                let (head, _) = response.into_parts();
                (exchange, Some((head.status, head.headers)))
            }
            Ok(Err(_)) => (exchange, None),
            Err(_) => {
                reply.give_up(NoReply::TimedOut(self.timeout));
                (exchange, None)
            }
        }
    }

    /// Sends it past all links. The history doesn't record it.
    pub(crate) async fn observe<W: World>(&self, world: &W) -> Result<Reply, NoReply> {
        let sent = world.client(&self.service).oneshot(self.to_http());
        match tokio::time::timeout(self.timeout, sent).await {
            Ok(received) => received.map(reply),
            Err(_) => Err(NoReply::TimedOut(self.timeout)),
        }
    }

    pub(crate) fn service(&self) -> &ServiceName {
        &self.service
    }

    /// The path and query.
    pub(crate) fn target(&self) -> String {
        self.uri.to_string()
    }

    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }
}

/// Adds the boundary to a type of multipart bodies that was written without one.
fn add_boundary(headers: &mut HeaderMap, boundary: &str) {
    let Some(written) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return };
    if written.starts_with("multipart/")
        && !written.contains("boundary=")
        && let Ok(value) = HeaderValue::try_from(format!("{written}; boundary={boundary}"))
    {
        headers.insert(CONTENT_TYPE, value);
    }
}

fn reply(response: http::Response<Bytes>) -> Reply {
    let (parts, body) = response.into_parts();
    Reply { status: parts.status, headers: parts.headers, body }
}

impl fmt::Display for PreparedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.service, self.uri)
    }
}
