//! The whole of a service as one endpoint: its own API and what every service has, behind one edge.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Response, Route,
    endpoint::{BoxEndpoint, make_sync},
    get,
    http::{StatusCode, header},
};
use poem_openapi::{OpenApi, OpenApiService};

use crate::{
    config::About, docs::Docs, edge::Edge, health::HealthApi, service_key::ServiceKey, upstream::Upstream,
};

/// Work that goes on while a service serves.
pub type Background = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A service, ready to be served. Nothing in it has opened a socket.
pub struct App {
    /// Answers every request.
    pub endpoint: BoxEndpoint<'static, Response>,
    /// To be run while it serves, and dropped when it stops.
    pub background: Vec<Background>,
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
        let docs = Arc::new(Docs::of::<(T, HealthApi)>(about));
        let api = OpenApiService::new((api, health), about.name, env!("CARGO_PKG_VERSION")).into_endpoint();
        let routes = Route::new()
            .at(
                "/",
                get(document(&docs, |_| {
                    Response::builder()
                        .status(StatusCode::SEE_OTHER)
                        .header(header::LOCATION, "/docs")
                        .finish()
                })),
            )
            .at(
                "/docs",
                get(document(&docs, |docs| {
                    Response::builder().content_type("text/html; charset=utf-8").body(docs.page().to_owned())
                })),
            )
            .at(
                "/openapi.json",
                get(document(&docs, |docs| {
                    Response::builder().content_type("application/json").body(docs.specification.clone())
                })),
            )
            .nest_no_strip("/", api);
        let endpoint = Edge { inner: routes, docs, service_key }.boxed();
        Self { endpoint, background: Vec::new(), port }
    }

    /// With work that goes on while it serves.
    #[must_use]
    pub fn background(mut self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.background.push(Box::pin(work));
        self
    }
}

fn document(
    docs: &Arc<Docs>,
    write: impl Fn(&Docs) -> Response + Send + Sync + 'static,
) -> impl Endpoint<Output = Response> + 'static {
    let docs = Arc::clone(docs);
    make_sync(move |_| write(&docs))
}
