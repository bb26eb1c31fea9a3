//! A world in memory: each service is a function, and nothing takes real time.

use std::{
    collections::BTreeSet,
    future::{Ready, ready},
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use engine::{BrokenOff, Stage, World};
use fault::{Seed, ServiceName};
use http::{Request, Response};
use proxy::Links;
use scenario::{Scenario, Signal};
use verdict::{NoReply, ProcessChange};

/// Answers a service's requests.
pub(crate) type Handler = Arc<dyn Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync>;

/// Starts worlds with one service, `shop`.
pub(crate) struct Memory {
    pub(crate) shop: Handler,
    /// Every signal that was sent, as `signal service`.
    pub(crate) signals: Arc<Mutex<Vec<String>>>,
}

pub(crate) struct MemoryWorld {
    links: Links,
    shop: Handler,
    down: Arc<Mutex<BTreeSet<ServiceName>>>,
    signals: Arc<Mutex<Vec<String>>>,
}

/// Sends requests to the shop, unless it is down.
#[derive(Clone)]
pub(crate) struct Client {
    shop: Handler,
    service: ServiceName,
    down: Arc<Mutex<BTreeSet<ServiceName>>>,
}

impl tower::Service<Request<Bytes>> for Client {
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = Ready<Result<Response<Bytes>, NoReply>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let down = self.down.lock().expect("not poisoned").contains(&self.service);
        ready(if down { Err(NoReply::Refused) } else { Ok((self.shop)(request)) })
    }
}

impl World for MemoryWorld {
    type Client = Client;

    fn links(&self) -> &Links {
        &self.links
    }

    fn client(&self, service: &ServiceName) -> Client {
        Client { shop: Arc::clone(&self.shop), service: service.clone(), down: Arc::clone(&self.down) }
    }

    async fn signal(&self, service: &ServiceName, signal: Signal) -> Result<(), BrokenOff> {
        self.signals.lock().expect("not poisoned").push(format!("{signal:?} {service}"));
        let mut down = self.down.lock().expect("not poisoned");
        let change = if signal == Signal::Kill {
            down.insert(service.clone());
            ProcessChange::Killed
        } else {
            down.remove(service);
            self.links.absent(service).end();
            ProcessChange::Started
        };
        self.links.record_process(service.clone(), change);
        Ok(())
    }

    fn down(&self) -> Vec<ServiceName> {
        self.down.lock().expect("not poisoned").iter().cloned().collect()
    }

    async fn close(self) {
        self.links.close();
    }
}

impl Stage for Memory {
    type World = MemoryWorld;

    async fn raise(&self, scenario: &Scenario, seed: Seed) -> Result<MemoryWorld, BrokenOff> {
        if scenario.tags.iter().any(|tag| tag == "no-world") {
            return Err(BrokenOff::BuildInvalid("is missing".into()));
        }
        let crash = |service: &ServiceName| panic!("no test crashes {service}");
        Ok(MemoryWorld {
            links: Links::new(seed, crash),
            shop: Arc::clone(&self.shop),
            down: Arc::default(),
            signals: Arc::clone(&self.signals),
        })
    }
}

/// A shop that answers each request, as JSON, with the result of `answer` for its method and path, and its number (from 1).
pub(crate) fn shop(answer: impl Fn(&str, u32) -> (u16, String) + Send + Sync + 'static) -> Memory {
    let count = Mutex::new(0);
    let handler = move |request: Request<Bytes>| {
        let number = {
            let mut count = count.lock().expect("not poisoned");
            *count += 1;
            *count
        };
        let (status, body) = answer(&format!("{} {}", request.method(), request.uri()), number);
        let response = Response::builder().status(status).header("content-type", "application/json");
        response.body(body.into()).expect("a response")
    };
    Memory { shop: Arc::new(handler), signals: Arc::default() }
}
