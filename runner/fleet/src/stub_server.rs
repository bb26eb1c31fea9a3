//! A stub on a port of its own, in place of a service.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use engine::Stub;
use fault::ServiceName;
use http::{Request, Response};
use proxy::{HttpClient, HttpServer, Links};
use scenario::Signal;
use tokio::sync::watch;
use verdict::{BrokenOff, ProcessChange, Resource};

use crate::{Address, ports::Port};

/// A stub, and the socket at which it answers. It is killed, stopped, started, paused and resumed as a service is.
#[derive(Debug)]
pub(crate) struct StubServer {
    pub(crate) name: ServiceName,
    pub(crate) address: Address,
    stub: Stub,
    port: Port,
    links: Links,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None` while it doesn't run.
    server: Option<HttpServer>,
    client: HttpClient,
    running: watch::Sender<Running>,
}

/// Whether a stub that listens answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Running {
    Active,
    Paused,
}

/// The stub, while it isn't paused.
#[derive(Clone)]
struct Pausable {
    stub: Stub,
    running: watch::Receiver<Running>,
}

impl StubServer {
    /// Starts a stub. It is closed when it is dropped.
    pub(crate) fn start(stub: Stub, port: Port, address: Address, links: Links) -> Result<Self, BrokenOff> {
        let state =
            State { server: None, client: address.client(), running: watch::Sender::new(Running::Active) };
        let name = stub.service().clone();
        let server = Self { name, address, stub, port, links, state: Mutex::new(state) };
        server.listen()?;
        Ok(server)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client of it, past all links.
    pub(crate) fn client(&self) -> HttpClient {
        self.state().client.clone()
    }

    /// Whether it doesn't run, or is paused.
    pub(crate) fn is_down(&self) -> bool {
        let state = self.state();
        state.server.is_none() || *state.running.borrow() == Running::Paused
    }

    /// Listens, unless it does. Returns whether this has changed anything.
    fn listen(&self) -> Result<bool, BrokenOff> {
        let mut state = self.state();
        if state.server.is_some() {
            return Ok(false);
        }
        state.running.send_replace(Running::Active);
        let service = Pausable { stub: self.stub.clone(), running: state.running.subscribe() };
        let opened = HttpServer::open(self.port.address(), service);
        state.server = Some(opened.map_err(|error| self.unavailable(&error))?);
        // A new client: no request may use a connection to the former server.
        state.client = self.address.client();
        Ok(true)
    }

    fn unavailable(&self, error: &io::Error) -> BrokenOff {
        BrokenOff::System { need: Resource::Stub(self.name.clone()), error: error.to_string() }
    }

    /// Stops listening and cuts all connections. Returns whether it was running.
    fn close(&self) -> bool {
        drop(self.links.absent(&self.name));
        self.state().server.take().is_some()
    }

    fn record(&self, change: ProcessChange) {
        self.links.record_process(self.name.clone(), change);
    }

    /// Ends it because of a fault.
    pub(crate) fn crash(&self) {
        if self.close() {
            self.record(ProcessChange::Crashed);
        }
    }

    /// Does to it what a signal does to the process of a service. `started` is recorded when it starts.
    pub(crate) fn signal(&self, signal: Signal, started: ProcessChange) -> Result<(), BrokenOff> {
        let change = match signal {
            Signal::Kill => self.close().then_some(ProcessChange::Killed),
            Signal::Stop => self.close().then_some(ProcessChange::Stopped),
            Signal::Start | Signal::Restart => {
                if signal == Signal::Restart && self.close() {
                    self.record(ProcessChange::Stopped);
                }
                let has_started = self.listen()?;
                self.links.absent(&self.name).end();
                has_started.then_some(started)
            }
            Signal::Pause => self.change(signal, Running::Paused)?.then_some(ProcessChange::Paused),
            Signal::Resume => self.change(signal, Running::Active)?.then_some(ProcessChange::Resumed),
        };
        if let Some(change) = change {
            self.record(change);
        }
        Ok(())
    }

    /// Pauses or resumes it. Returns whether that changed anything.
    fn change(&self, signal: Signal, wanted: Running) -> Result<bool, BrokenOff> {
        let state = self.state();
        if state.server.is_none() {
            return Err(BrokenOff::NotRunning { service: self.name.clone(), signal, log: Vec::new() });
        }
        Ok(state.running.send_replace(wanted) != wanted)
    }
}

impl tower::Service<Request<Bytes>> for Pausable {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let Self { stub, mut running } = self.clone();
        Box::pin(async move {
            // An error means that it is closed, and then this is dropped.
            drop(running.wait_for(|running| *running == Running::Active).await);
            Ok(stub.answer(request).await)
        })
    }
}
