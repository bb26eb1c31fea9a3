//! What the engine runs a scenario in.

use std::future::Future;

use bytes::Bytes;
use fault::{Seed, ServiceName};
use proxy::Links;
use scenario::{Scenario, Signal};
use verdict::NoReply;

/// What runs the services and the links between them, for one scenario.
pub trait World: Send + Sync {
    /// The links, with the faults in force and the history.
    fn links(&self) -> &Links;

    /// Sends a request straight to a service: it crosses no fault and leaves no trace in the history. The engine
    /// puts the `client -> service` link around it where a scenario's step asks.
    fn send(
        &self,
        service: &ServiceName,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<http::Response<Bytes>, NoReply>> + Send;

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

/// The environment failed, not the system under test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BrokenOff {
    /// What failed, as a sentence without its full stop.
    pub reason: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The last lines that the service in question wrote.
    pub log: Vec<String>,
}
