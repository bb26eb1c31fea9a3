//! A world in memory: each service is a function, and nothing takes real time.

use std::{
    collections::BTreeSet,
    future::{Ready, ready},
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use engine::{BrokenOff, ServiceOutput, Stage, World};
use fault::{Seed, ServiceName};
use http::{Request, Response, StatusCode};
use proxy::Links;
use scenario::{Scenario, Signal, WallClock};
use verdict::{Exit, NoReply, ProcessChange, Verdict};

/// Status with which the shop ends by itself, with exit code 7, in place of a reply.
pub(crate) const DIES: u16 = 599;
/// Status with which it answers 200, and has ended by itself when the answer arrives.
pub(crate) const ANSWERS_AND_DIES: u16 = 598;

/// Answers a service's requests.
pub(crate) type Handler = Arc<dyn Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync>;

/// Starts worlds with one service, `shop`.
pub(crate) struct Memory {
    pub(crate) shop: Handler,
    /// Every signal that was sent, as `signal service`.
    pub(crate) signals: Arc<Mutex<Vec<String>>>,
    /// What keeps services from being started again.
    pub(crate) start_fails: Option<BrokenOff>,
}

pub(crate) struct MemoryWorld {
    links: Links,
    shop: Handler,
    start_fails: Option<BrokenOff>,
    down: Arc<Mutex<BTreeSet<ServiceName>>>,
    paused: Mutex<BTreeSet<ServiceName>>,
    /// Services that have closed their connections, and end once that is waited for.
    ending: Arc<Mutex<BTreeSet<ServiceName>>>,
    signals: Arc<Mutex<Vec<String>>>,
}

/// Sends requests to the shop, unless it is down.
#[derive(Clone)]
pub(crate) struct Client {
    shop: Handler,
    service: ServiceName,
    links: Links,
    down: Arc<Mutex<BTreeSet<ServiceName>>>,
    ending: Arc<Mutex<BTreeSet<ServiceName>>>,
}

fn exited(links: &Links, service: &ServiceName) {
    links.record_process(service.clone(), ProcessChange::Exited(Exit::Code(7)));
}

impl tower::Service<Request<Bytes>> for Client {
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = Ready<Result<Response<Bytes>, NoReply>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let mut down = self.down.lock().expect("not poisoned");
        if down.contains(&self.service) {
            return ready(Err(NoReply::Refused));
        }
        let mut response = (self.shop)(request);
        let status = response.status().as_u16();
        if [DIES, ANSWERS_AND_DIES].contains(&status) {
            down.insert(self.service.clone());
        }
        if status == DIES {
            self.ending.lock().expect("not poisoned").insert(self.service.clone());
            return ready(Err(NoReply::Reset));
        }
        if status == ANSWERS_AND_DIES {
            *response.status_mut() = StatusCode::OK;
            exited(&self.links, &self.service);
        }
        ready(Ok(response))
    }
}

impl World for MemoryWorld {
    type Client = Client;

    fn links(&self) -> &Links {
        &self.links
    }

    fn client(&self, service: &ServiceName) -> Client {
        Client {
            shop: Arc::clone(&self.shop),
            service: service.clone(),
            links: self.links.clone(),
            down: Arc::clone(&self.down),
            ending: Arc::clone(&self.ending),
        }
    }

    fn runs_already(&self, _service: &ServiceName) -> bool {
        true
    }

    fn clock(&self) -> WallClock {
        let links = self.links.clone();
        Arc::new(move || Duration::from_hours(24) + links.now())
    }

    async fn signal(&self, service: &ServiceName, signal: Signal) -> Result<(), BrokenOff> {
        self.signals.lock().expect("not poisoned").push(format!("{signal:?} {service}"));
        if let (Signal::Start | Signal::Restart, Some(why)) = (signal, &self.start_fails) {
            return Err(why.clone());
        }
        let mut down = self.down.lock().expect("not poisoned");
        let (is_changed, change) = match signal {
            Signal::Kill => (down.insert(service.clone()), ProcessChange::Killed),
            Signal::Stop => (down.insert(service.clone()), ProcessChange::Stopped),
            Signal::Start => (down.remove(service), ProcessChange::Started),
            Signal::Restart => {
                down.remove(service);
                (true, ProcessChange::Started)
            }
            Signal::Pause | Signal::Resume => {
                let mut paused = self.paused.lock().expect("not poisoned");
                match signal {
                    Signal::Pause => (paused.insert(service.clone()), ProcessChange::Paused),
                    _ => (paused.remove(service), ProcessChange::Resumed),
                }
            }
        };
        if is_changed {
            if change == ProcessChange::Started {
                self.links.absent(service).end();
            }
            self.links.record_process(service.clone(), change);
        }
        Ok(())
    }

    async fn launch(&self, service: &ServiceName) -> Result<(), BrokenOff> {
        self.signals.lock().expect("not poisoned").push(format!("launch {service}"));
        if self.down.lock().expect("not poisoned").remove(service) {
            self.links.absent(service).end();
            self.links.record_process(service.clone(), ProcessChange::Launched);
        }
        Ok(())
    }

    async fn await_exits(&self, suspects: &BTreeSet<ServiceName>) {
        let mut ending = self.ending.lock().expect("not poisoned");
        for service in suspects.intersection(&ending.clone()) {
            ending.remove(service);
            exited(&self.links, service);
        }
    }

    async fn last_lines(&self, service: &ServiceName) -> Vec<String> {
        vec![format!("{service}: out of memory")]
    }

    fn down(&self) -> Vec<ServiceName> {
        self.down.lock().expect("not poisoned").iter().cloned().collect()
    }

    fn output(&self, verdict: &Verdict) -> ServiceOutput {
        let folder = (*verdict != Verdict::Passed).then(|| "kept".into());
        ServiceOutput { folder, ..ServiceOutput::default() }
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
            start_fails: self.start_fails.clone(),
            down: Arc::default(),
            paused: Mutex::default(),
            ending: Arc::default(),
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
    Memory { shop: Arc::new(handler), signals: Arc::default(), start_fails: None }
}
