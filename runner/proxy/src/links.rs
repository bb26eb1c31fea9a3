//! The links of one world: the faults in force, the history, and the clock that both go by.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use fault::{Decision, Fate, Fault, FaultName, Head, Injector, Link, Seed, ServiceName, Window};
use tokio::{sync::watch, task::JoinSet, time::Instant};
use verdict::{Exchange, ExchangeId, FaultChange, Happening, History, NoReply, Record, Reply, Request};

use crate::FaultLayer;

/// How much of a body the history keeps.
const KEPT: usize = 64 * 1024;

/// A handle to the links of one world; clones are handles to the same links.
#[derive(Clone)]
pub struct Links {
    shared: Arc<Shared>,
}

struct Shared {
    began: Instant,
    crash: Box<dyn Fn(&ServiceName) + Send + Sync>,
    state: Mutex<State>,
    /// Says that the faults in force have changed, to links that refuse connections meanwhile.
    changes: watch::Sender<()>,
}

struct State {
    injector: Injector,
    history: History,
    step: Option<usize>,
    /// Deliveries that outlive their callers, but not the world.
    deliveries: JoinSet<()>,
}

impl Links {
    /// Links without faults. `crash` is called when a fault kills a service, which must have happened when it returns.
    pub fn new(seed: Seed, crash: impl Fn(&ServiceName) + Send + Sync + 'static) -> Self {
        let state = State {
            injector: Injector::new(seed),
            history: History::default(),
            step: None,
            deliveries: JoinSet::new(),
        };
        let (changes, _) = watch::channel(());
        let crash = Box::new(crash);
        Self { shared: Arc::new(Shared { began: Instant::now(), crash, state: Mutex::new(state), changes }) }
    }

    /// The time since the world began, on tokio's clock.
    pub fn now(&self) -> Duration {
        self.shared.began.elapsed()
    }

    /// Puts a fault in force `after` some time, for as long as it is `lasting`, or until it is healed.
    pub fn inject(&self, fault: Fault, after: Duration, lasting: Option<Duration>) {
        let start = self.now() + after;
        let window = Window { start, end: lasting.map(|lasting| start + lasting) };
        self.record_change(&fault.name, FaultChange::Injected);
        self.state().injector.inject(fault, window);
        self.shared.changes.send_replace(());
    }

    /// Takes a fault out of force. Says whether it was injected.
    pub fn heal(&self, name: &FaultName) -> bool {
        let healed = self.state().injector.heal(name);
        if healed {
            self.record_change(name, FaultChange::Healed);
            self.shared.changes.send_replace(());
        }
        healed
    }

    /// Takes all faults out of force.
    pub fn heal_all(&self) {
        let healed = self.state().injector.heal_all();
        for name in &healed {
            self.record_change(name, FaultChange::Healed);
        }
        self.shared.changes.send_replace(());
    }

    /// The faults that were ever injected, with how many exchanges each has met.
    pub fn fired(&self) -> BTreeMap<FaultName, u64> {
        self.state().injector.fired().clone()
    }

    /// What begins from now on belongs to this step.
    pub fn enter_step(&self, step: Option<usize>) {
        self.state().step = step;
    }

    /// Writes down that something happened.
    pub fn record(&self, what: Happening) {
        let at = self.now();
        let mut state = self.state();
        let step = state.step;
        state.history.push(Record { at, step, what });
    }

    /// Looks at the history.
    pub fn read<R>(&self, read: impl FnOnce(&History) -> R) -> R {
        read(&self.state().history)
    }

    /// What carries requests over a link: a layer around whatever reaches the callee.
    pub fn layer(&self, link: Link) -> FaultLayer {
        FaultLayer::new(self.clone(), link)
    }

    /// Ends the deliveries that are still under way.
    pub fn close(&self) {
        self.state().deliveries.abort_all();
    }

    /// Begins an exchange: decides what happens to it, and writes it down.
    pub(crate) fn begin(&self, link: &Link, request: &http::Request<Bytes>) -> (ExchangeId, Decision) {
        let now = self.now();
        let head = Head { method: request.method(), path: request.uri().path(), headers: request.headers() };
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let mut state = self.state();
        let refusal = state.injector.refusal(link, now);
        let mut decision = state.injector.decide(link, &head, now);
        if refusal.is_some() {
            decision.fate = Fate::Refuse;
        }
        let exchange = Exchange {
            link: link.clone(),
            request: Request {
                method: request.method().clone(),
                path,
                headers: request.headers().clone(),
                body: kept(request.body()),
            },
            faults: decision.faults.clone(),
            delivered: 0,
            answered: None,
            ending: None,
        };
        let step = state.step;
        (state.history.begin(now, step, exchange), decision)
    }

    /// Writes down that the callee got the request.
    pub(crate) fn delivered(&self, id: ExchangeId) {
        self.state().history.delivered(id);
    }

    /// Takes that back: nobody listened.
    pub(crate) fn not_delivered(&self, id: ExchangeId) {
        self.state().history.not_delivered(id);
    }

    /// Writes down what the callee answered.
    pub(crate) fn answered(&self, id: ExchangeId, response: &http::Response<Bytes>) {
        self.state().history.answered(id, reply(response));
    }

    /// Writes down what the caller got.
    pub(crate) fn end(&self, id: ExchangeId, received: Result<&http::Response<Bytes>, NoReply>) {
        let now = self.now();
        self.state().history.end(id, now, received.map(reply));
    }

    /// Kills a service, as a fault does.
    pub(crate) fn crash(&self, service: &ServiceName) {
        (self.shared.crash)(service);
    }

    /// Lets a delivery go on whatever becomes of its caller, until the world ends.
    pub(crate) fn spawn(&self, delivery: impl Future<Output = ()> + Send + 'static) {
        let mut state = self.state();
        while state.deliveries.try_join_next().is_some() {}
        state.deliveries.spawn(delivery);
    }

    /// Whether connections on a link are refused now, and when that may change.
    pub(crate) fn refusal(&self, link: &Link) -> (bool, Option<Instant>) {
        let now = self.now();
        let mut state = self.state();
        let next = state.injector.next_change(now).map(|at| self.shared.began + at);
        (state.injector.refusal(link, now).is_some(), next)
    }

    /// Hears of every change of the faults in force.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.shared.changes.subscribe()
    }

    fn record_change(&self, fault: &FaultName, change: FaultChange) {
        self.record(Happening::Fault { fault: fault.clone(), change });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change that others would see.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("now", &self.now()).finish_non_exhaustive()
    }
}

fn reply(response: &http::Response<Bytes>) -> Reply {
    Reply { status: response.status(), headers: response.headers().clone(), body: kept(response.body()) }
}

/// A body as the history keeps it: small ones as they are, of large ones the beginning.
fn kept(body: &Bytes) -> Bytes {
    if body.len() <= KEPT { body.clone() } else { Bytes::copy_from_slice(&body[..KEPT]) }
}
