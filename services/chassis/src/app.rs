//! The whole of a service as one endpoint: its own API and what every service has, behind one edge.

use std::{
    future::pending,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use bytes::Bytes;
use poem::{
    Addr, Body, Endpoint, EndpointExt, Response,
    endpoint::{BoxEndpoint, make_sync},
    http::{Method, StatusCode, header, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, Registry},
};

use crate::{
    config::About,
    docs::Docs,
    edge::Edge,
    health::HealthApi,
    routing::{Routed, Table},
    service_key::ServiceKey,
    store::StoreError,
    upstream::Upstream,
};

/// Work that goes on while a service serves.
pub type Background = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A service, ready to be served. Nothing in it has opened a socket.
pub struct App {
    /// Answers every request.
    pub endpoint: BoxEndpoint<'static, Response>,
    /// To be run while it serves, and dropped when it stops.
    pub background: Vec<Background>,
    /// Completes when it can't go on, with the reason.
    pub failure: Pin<Box<dyn Future<Output = StoreError> + Send>>,
    /// Where it is told the port that it serves on, for `/health`.
    pub port: BoundPort,
}

/// The port that a service turned out to serve on; 0 before it is known.
#[derive(Debug, Clone, Default)]
pub struct BoundPort(Arc<AtomicU16>);

impl BoundPort {
    /// Says which.
    pub fn set(&self, port: u16) {
        self.0.store(port, Ordering::Relaxed);
    }

    /// Which.
    pub fn get(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }
}

impl App {
    /// Puts `/`, `/docs`, `/openapi.json`, `/health`, `/livez`, `/readyz` and `/circuits` beside the service's own API,
    /// and the edge around it all.
    pub fn new<T: OpenApi + Send + Sync + 'static>(
        about: &About,
        api: T,
        upstreams: Vec<Upstream>,
        service_key: ServiceKey,
    ) -> Self {
        let port = BoundPort::default();
        let health = HealthApi { service: about.name, port: port.clone(), upstreams };
        let docs = Docs::shared::<(T, HealthApi)>(about);
        let pages = Pages(Arc::clone(&docs));
        let inner = Routed::new((api, health, pages));
        let endpoint = Edge { inner, docs, service_key }.boxed();
        Self { endpoint, background: Vec::new(), failure: Box::pin(pending()), port }
    }

    /// Answers one request without a socket: for simulations and tests.
    pub async fn answer(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let (parts, body) = request.into_parts();
        let nowhere = || Addr::custom("memory", "");
        let parts = (parts, LocalAddr(nowhere()), RemoteAddr(nowhere()), Scheme::HTTP);
        let request = poem::Request::from_parts(parts.into(), Body::from_bytes(body));
        let (parts, body) = self.endpoint.get_response(request).await.into_parts();
        let body = body.into_bytes().await.expect("a reply is made in memory");
        let mut response = http::Response::new(body);
        *response.status_mut() = parts.status;
        *response.headers_mut() = parts.headers;
        response
    }

    /// With what it can't go on after: the failure of its store.
    #[must_use]
    pub fn until(mut self, failure: impl Future<Output = StoreError> + Send + 'static) -> Self {
        self.failure = Box::pin(failure);
        self
    }

    /// With work that goes on while it serves.
    #[must_use]
    pub fn background(mut self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.background.push(Box::pin(work));
        self
    }
}

/// `/`, `/docs` and `/openapi.json`: served beside the API, and not part of its specification.
struct Pages(Arc<Docs>);

impl OpenApi for Pages {
    fn meta() -> Vec<MetaApi> {
        Vec::new()
    }

    fn register(_: &mut Registry) {}

    fn add_routes(self, table: &mut Table) {
        type Page = fn(&Docs) -> Response;
        let pages: [(&str, Page); 3] = [
            ("/", |_| {
                Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, "/docs").finish()
            }),
            ("/docs", |docs| {
                Response::builder().content_type("text/html; charset=utf-8").body(docs.page().to_owned())
            }),
            ("/openapi.json", |docs| {
                Response::builder().content_type("application/json").body(docs.specification.clone())
            }),
        ];
        for (path, write) in pages {
            let docs = Arc::clone(&self.0);
            let page = make_sync(move |_| write(&docs)).boxed();
            table.entry(path.to_owned()).or_default().insert(Method::GET, page);
        }
    }
}
