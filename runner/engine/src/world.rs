//! The world that a scenario runs in.

use std::{collections::BTreeSet, future::Future, time::Duration};

use bytes::Bytes;
use fault::{Seed, ServiceName};
use proxy::Links;
use scenario::{Scenario, Secrets, Signal, WallClock};
use tower::Service;
use verdict::{BrokenOff, NoReply, Verdict};

use crate::{CommandLine, CommandOutput, CommandPlaces, ServiceOutput, Stub};

/// The services of one scenario, and the links between them.
pub trait World: Send + Sync {
    /// Sends requests to one service.
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

    /// A client for a service, past all links: no fault damages its requests, and the history doesn't record them. For
    /// the requests of steps the engine puts the link `client -> service` around it.
    fn client(&self, service: &ServiceName) -> Self::Client;

    /// The URLs at which services are reached, `http://AUTHORITY/PREFIX`: each one's own, past all links, before those of
    /// links to it. A service that isn't among them is at `http://NAME`.
    fn addresses(&self) -> Vec<(ServiceName, http::Uri)> {
        Vec::new()
    }

    /// Whether a service is the same one in the next world: it ran before this one was started.
    fn runs_already(&self, _service: &ServiceName) -> bool {
        false
    }

    /// The time since the Unix epoch.
    fn unix_time(&self) -> Duration {
        self.clock()()
    }

    /// The wall clock, for `now()` in expressions.
    fn clock(&self) -> WallClock;

    /// Where its services are, for commands.
    fn command_places(&self) -> CommandPlaces {
        CommandPlaces::default()
    }

    /// Runs a command to its end. When this is dropped, the command ends with all that it has started. A world without processes
    /// has refused the scenario before.
    fn run(&self, _: CommandLine) -> impl Future<Output = Result<CommandOutput, BrokenOff>> + Send {
        async { unreachable!("a world that runs no commands refuses scenarios with some") }
    }

    /// The stubs among its services.
    fn stubs(&self) -> &[Stub] {
        &[]
    }

    /// Tells it the secrets, which grow while the scenario runs: what it keeps of the services' output must not have them.
    fn keep_secret(&mut self, _secrets: &Secrets) {}

    /// Sends a signal to a service's process, waits for its effect, and records that in the history.
    fn signal(
        &self,
        service: &ServiceName,
        signal: Signal,
    ) -> impl Future<Output = Result<(), BrokenOff>> + Send;

    /// Starts a service's process, unless it runs, and records that it was launched. Returns once the process runs, and
    /// doesn't wait until the service is ready.
    fn launch(&self, service: &ServiceName) -> impl Future<Output = Result<(), BrokenOff>> + Send;

    /// Waits until the history has the end of every process that has ended by itself. A service among `suspects` has
    /// closed a connection: if its process is about to end, the wait is for that, too.
    fn await_exits(&self, suspects: &BTreeSet<ServiceName>) -> impl Future<Output = ()> + Send;

    /// The last lines that a service wrote. Of a process that has ended it waits for the rest.
    fn last_lines(&self, service: &ServiceName) -> impl Future<Output = Vec<String>> + Send;

    /// The services that were started and have ended, or are halted.
    fn down(&self) -> Vec<ServiceName>;

    /// Assigns what happens from now on to this step, counted from 0: what services have written belongs to the one before.
    fn enter_step(&self, step: Option<usize>) {
        self.links().enter_step(step);
    }

    /// What the services have written, and where their folders will be once the world is closed, if those of a scenario
    /// with this verdict are kept.
    fn output(&self, _verdict: &Verdict) -> ServiceOutput {
        ServiceOutput::default()
    }

    /// Ends all services and links, and removes their data unless [`World::output`] says that it is kept.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// Starts a fresh world for each scenario.
pub trait Stage: Send + Sync {
    /// The kind of world.
    type World: World;

    /// Starts a world. It is returned once all services are ready; no fault is in force.
    fn raise(
        &self,
        scenario: &Scenario,
        seed: Seed,
    ) -> impl Future<Output = Result<Self::World, BrokenOff>> + Send;

    /// Starts a world for a scenario to come, which [`Stage::raise`] then returns at once. A stage whose worlds take no time to start
    /// does nothing. One that fails to start is left to the scenario to tell.
    fn raise_spare(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}
