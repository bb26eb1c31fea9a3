//! Routes of a service, with their specification.

use std::sync::Arc;

use poem::{IntoEndpoint, endpoint::BoxEndpoint};
use poem_openapi::{OpenApi, OpenApiService};

use super::{docs::Docs, health::HealthApi, pages::PagesApi};
use crate::about::About;

/// Routes of a service's API, with their specification. They hold no state, which an [`App`](crate::App) adds to each
/// request: make them once in a process and start any number of apps with them. Clones share them.
#[derive(Clone)]
pub struct Routes {
    pub(crate) endpoint: Arc<BoxEndpoint<'static>>,
    pub(crate) docs: Arc<Docs>,
    pub(crate) about: About,
}

impl Routes {
    /// The routes of an API, and `/`, `/docs`, `/openapi.json`, `/health`, `/livez`, `/readyz` and `/circuits`. Handlers
    /// take their state as a parameter `Data<&S>`, with the `S` that the [`App`](crate::App) is given.
    pub fn new(about: &About, api: impl OpenApi + 'static) -> Self {
        let service = OpenApiService::new((api, HealthApi, PagesApi), about.name, env!("CARGO_PKG_VERSION"))
            .description(about.purpose);
        let docs = Docs::new(&service);
        Self { endpoint: Arc::new(service.into_endpoint()), docs: Arc::new(docs), about: *about }
    }
}
