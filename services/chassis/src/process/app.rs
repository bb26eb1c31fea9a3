//! A service as one endpoint: its own API and what every service has, behind one edge.

use std::{future::pending, pin::Pin, sync::Arc};

use bytes::Bytes;
use poem::{
    Addr, Body, Endpoint, EndpointExt, Response,
    endpoint::BoxEndpoint,
    http::{Extensions, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};

use crate::{
    api::{
        edge::Edge,
        health::{BoundPort, Reported},
        routes::Routes,
    },
    client::{service_key::ServiceKey, upstream::Upstream},
    store::error::StoreError,
};

/// Work that a service does beside answering requests.
pub type Background = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A service, ready to be served. It has no socket yet.
pub struct App {
    /// Answers every request.
    pub endpoint: BoxEndpoint<'static, Response>,
    /// Work to run while the service serves, and to drop when it stops.
    pub background: Vec<Background>,
    /// Completes with the reason when the service has to end.
    pub failure: Pin<Box<dyn Future<Output = StoreError> + Send>>,
    /// To be set to the port that the service listens on, for `/health`.
    pub port: BoundPort,
}

impl App {
    /// A service on these routes. A clone of `state` goes with every request, for the handlers' parameters `Data<&S>`.
    pub fn new<S: Clone + Send + Sync + 'static>(
        routes: &Routes,
        state: S,
        upstreams: Vec<Upstream>,
        service_key: ServiceKey,
    ) -> Self {
        let port = BoundPort::default();
        let reported = Reported { service: routes.about.name, port: port.clone(), upstreams };
        let mut all = Extensions::new();
        all.insert(state);
        all.insert(Arc::new(reported));
        all.insert(Arc::clone(&routes.docs));
        all.insert(service_key);
        let endpoint = Edge { routes: routes.clone(), state: all }.boxed();
        Self { endpoint, background: Vec::new(), failure: Box::pin(pending()), port }
    }

    /// Answers one request without a socket.
    pub async fn answer(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        answer(&self.endpoint, request).await
    }

    /// Ends the service when `failure` completes, which its store's failure does.
    #[must_use]
    pub fn until(mut self, failure: impl Future<Output = StoreError> + Send + 'static) -> Self {
        self.failure = Box::pin(failure);
        self
    }

    /// Adds work to run while the service serves.
    #[must_use]
    pub fn background(mut self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.background.push(Box::pin(work));
        self
    }
}

/// Answers one request as the endpoint of an [`App`] would over a socket.
pub async fn answer(
    endpoint: &BoxEndpoint<'static, Response>,
    request: http::Request<Bytes>,
) -> http::Response<Bytes> {
    let (parts, body) = request.into_parts();
    let address = || Addr::custom("memory", "");
    let parts = (parts, LocalAddr(address()), RemoteAddr(address()), Scheme::HTTP);
    let request = poem::Request::from_parts(parts.into(), Body::from_bytes(body));
    let (parts, body) = endpoint.get_response(request).await.into_parts();
    let body = body.into_bytes().await.expect("the bodies of replies are in memory");
    let mut response = http::Response::new(body);
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    response
}
