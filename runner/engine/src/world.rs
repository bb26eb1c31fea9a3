//! What the engine runs a scenario in.

use std::future::Future;

use bytes::Bytes;
use fault::{Seed, ServiceName};
use proxy::Links;
use scenario::{Scenario, Signal};
use tower::Service;
use verdict::{BrokenOff, NoReply};

/// What runs the services and the links between them, for one scenario.
pub trait World: Send + Sync {
    /// What carries a request to a service.
    type Client: Service<
            http::Request<Bytes>,
            Response = http::Response<Bytes>,
            Error = NoReply,
            Future: Send + 'static,
        > + Clone
        + Send
        + 'static;

    /// The links, with the faults in force and the history.
    fn links(&self) -> &Links;

    /// Carries requests straight to a service: they cross no fault and leave no trace in the history. The engine
    /// puts the `client -> service` link around it where a scenario's step asks.
    fn client(&self, service: &ServiceName) -> Self::Client;

    /// Does something to a service's process, waits until it has happened, and writes it into the history.
    fn signal(
        &self,
        service: &ServiceName,
        signal: Signal,
    ) -> impl Future<Output = Result<(), BrokenOff>> + Send;

    /// The services that don't run now, or are halted, though they were started.
    fn down(&self) -> Vec<ServiceName>;

    /// Ends everything that runs, and leaves nothing behind.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// What makes a fresh world for every scenario.
pub trait Stage: Send + Sync {
    /// The worlds it makes.
    type World: World;

    /// A world with every service ready and no fault in force.
    fn raise(
        &self,
        scenario: &Scenario,
        seed: Seed,
    ) -> impl Future<Output = Result<Self::World, BrokenOff>> + Send;
}
