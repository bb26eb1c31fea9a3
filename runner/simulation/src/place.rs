//! What a service is given when it starts, and what it gives back.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use fault::ServiceName;
use http::{Request, Response};
use tower::{Service, ServiceExt, util::BoxCloneService};

use crate::{Clock, Disk, Transport, life::Life};

/// Work of a service that goes on beside its requests.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;
/// What answers a service's requests. An error means that it breaks off the connection.
pub(crate) type Server = BoxCloneService<Request<Bytes>, Response<Bytes>, ()>;

/// What whoever starts a service gives it: all that it may touch of the world outside.
#[derive(Debug)]
pub struct Place {
    /// Carries its requests to other services; the host of a URL is the name of the service.
    pub transport: Transport,
    /// Its disk, with what earlier lives left on it.
    pub disk: Disk,
    /// The wall clock.
    pub clock: Clock,
    /// What all chance in this life of it comes from.
    pub seed: u64,
    /// What spawns tasks that die when it does. A task spawned past it is a ghost: cut off from disk and network, but
    /// polled on when its service is dead.
    pub tasks: Tasks,
}

impl Place {
    /// The URL under which its transport reaches a service, without a slash at the end.
    pub fn url(service: &ServiceName) -> String {
        format!("http://{service}")
    }
}

/// Spawns tasks that are a service's own: they are halted when it is, and dropped when it dies.
#[derive(Debug, Clone)]
pub struct Tasks(pub(crate) Arc<Life>);

impl Tasks {
    /// Lets work go on until it ends or the service does.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(Box::pin(work));
    }
}

/// A service that runs: what answers its requests, and what goes on beside them.
pub struct Running {
    pub(crate) server: Server,
    pub(crate) background: Vec<Work>,
}

impl Running {
    /// A service that answers requests like this. Each request is a task of its own; one that ends with an error or
    /// a panic breaks off its connection.
    pub fn new<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>, Future: Send + 'static>,
        S: Clone + Send + 'static,
    {
        Self { server: service.map_err(|_| ()).boxed_clone(), background: Vec::new() }
    }

    /// With work that goes on beside the requests.
    #[must_use]
    pub fn with_background(mut self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.background.push(Box::pin(work));
        self
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("background", &self.background.len()).finish_non_exhaustive()
    }
}

/// Why a service didn't start, in its own words.
pub type StartError = Box<dyn Error + Send + Sync>;
