//! What a started service hands to the simulation: how it answers requests, and its background work.

use std::{fmt, future::Future, pin::Pin};

use bytes::Bytes;
use http::{Request, Response};
use tower::{Service, ServiceExt, util::BoxCloneService};

/// Work of a service beside its requests.
pub(crate) type BackgroundWork = Pin<Box<dyn Future<Output = ()> + Send>>;
/// Work of a service that ends its process, with the exit code.
pub(crate) type MainWork = Pin<Box<dyn Future<Output = i32> + Send>>;
/// Answers a service's requests. An error resets the connection.
pub(crate) type Server = BoxCloneService<Request<Bytes>, Response<Bytes>, ()>;

/// A started service: what answers its requests, and its background work.
pub struct Running {
    pub(crate) server: Server,
    pub(crate) background: Vec<BackgroundWork>,
    pub(crate) main: Option<MainWork>,
}

impl Running {
    /// A service that answers its requests with `service`. Each request is handled by a task of its own; one that ends
    /// with an error or a panic resets its connection.
    pub fn new<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>, Future: Send + 'static>,
        S: Clone + Send + 'static,
    {
        Self { server: service.map_err(|_| ()).boxed_clone(), background: Vec::new(), main: None }
    }

    /// Adds work that runs beside the requests, until it ends or the service does. A panic in it ends the process with
    /// exit code 101, as that of a Rust program.
    #[must_use]
    pub fn with_background(mut self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.background.push(Box::pin(work));
        self
    }

    /// Sets what the `main` function of a program waits for: when `work` ends, the process ends by itself, with the exit
    /// code that `work` returns.
    #[must_use]
    pub fn with_main(mut self, work: impl Future<Output = i32> + Send + 'static) -> Self {
        self.main = Some(Box::pin(work));
        self
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("background", &self.background.len()).finish_non_exhaustive()
    }
}
