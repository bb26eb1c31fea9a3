//! A shop and its bank, in memory and in virtual time, with one of several bugs, or none.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use engine::{BrokenOff, Stage, World};
use fault::{Link, Seed, ServiceName};
use http::{Request, Response};
use proxy::Links;
use scenario::{Scenario, Signal};
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceExt};
use verdict::{NoReply, ProcessChange, ReadinessReply, RunBy, UnmetCondition};

/// The bug of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// No bug.
    None,
    /// Each retry of a charge has an id of its own.
    ChargesEveryAttempt,
    /// The third attempt of a charge has an id of its own.
    ChargesThirdAttempt,
    /// It treats a key that was used before as a new one.
    ForgetsKeys,
    /// It checks that an order is unpaid and charges later, without holding the order.
    Races,
    /// It charges one cent too little for amounts above 100.00.
    OneCentOff,
    /// It loses its payments when it is killed.
    ForgetsPayments,
    /// It takes a missing reply from the bank for a refusal.
    TakesNoReplyForRefusal,
    /// It isn't ready any more once it has been killed.
    StaysDown,
}

const OPENING: i64 = 100_000_000;
const ATTEMPTS: u32 = 3;

#[derive(Default)]
struct Order {
    cents: i64,
    /// The key of the payment in flight or done.
    payer: Option<String>,
}

#[derive(Default)]
struct State {
    orders: Vec<Order>,
    /// Orders by their keys.
    ordered: BTreeMap<String, usize>,
    /// The status and the order of every payment with a reply, by key.
    payments: BTreeMap<String, (u16, usize)>,
    paid: Vec<(usize, i64)>,
    /// The charged cents, by the charge's id.
    charges: BTreeMap<String, i64>,
    down: BTreeSet<ServiceName>,
}

#[derive(Clone)]
pub(crate) struct Client {
    service: ServiceName,
    bank: Arc<Shared>,
}

struct Shared {
    bug: Bug,
    links: Links,
    state: Arc<Mutex<State>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }
}

pub(crate) struct BankWorld(Arc<Shared>);

/// Makes worlds with a `shop` that calls a `bank`.
pub(crate) struct Bank(pub(crate) Bug);

pub(crate) const CONFIGURATION: &str = "
services:
  shop: { command: shop, depends_on: [bank] }
  bank: { base_url: http://localhost:2 }
";

type Reply = (u16, Value);

impl Shared {
    async fn answer(self: Arc<Self>, service: ServiceName, request: Request<Bytes>) -> Reply {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let key =
            request.headers().get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
        let asked = format!("{} {} {}", request.method(), service, request.uri());
        match asked.as_str() {
            "POST shop /orders" => self.order(key, &body),
            "POST shop /payments" => self.pay(key, &body).await,
            "POST shop /login" => (200, json!({ "token": "t" })),
            "GET shop /payments" => {
                let state = self.state();
                let orders: BTreeSet<usize> = state.paid.iter().map(|(order, _)| *order).collect();
                let cents: i64 = state.paid.iter().map(|(_, cents)| cents).sum();
                (200, json!({ "cents": cents, "twice": state.paid.len() - orders.len() }))
            }
            "POST bank /charges" => {
                let id = body["id"].as_str().unwrap_or_default().to_owned();
                let cents = body["cents"].as_i64().unwrap_or_default();
                self.state().charges.entry(id).or_insert(cents);
                (200, json!({}))
            }
            "GET bank /balance" => {
                let charged: i64 = self.state().charges.values().sum();
                (200, json!({ "cents": OPENING - charged }))
            }
            _ => (404, json!({ "asked": asked })),
        }
    }

    fn order(&self, key: &str, body: &Value) -> Reply {
        #[expect(clippy::cast_possible_truncation, reason = "amounts in this test are small")]
        let cents = (body["amount"].as_f64().unwrap_or_default() * 100.0).round() as i64;
        let mut state = self.state();
        let known = state.ordered.get(key).filter(|_| self.bug != Bug::ForgetsKeys).copied();
        let id = known.unwrap_or(state.orders.len());
        if known.is_none() {
            state.orders.push(Order { cents, payer: None });
            state.ordered.insert(key.to_owned(), id);
        }
        (201, json!({ "order": { "id": id } }))
    }

    async fn pay(&self, key: &str, body: &Value) -> Reply {
        let order = usize::try_from(body["order"].as_u64().unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let cents = {
            let mut state = self.state();
            if let Some((status, order)) = state.payments.get(key) {
                return (*status, json!({ "payment": { "order": order } }));
            }
            let Some(found) = state.orders.get_mut(order) else { return (404, json!({})) };
            let cents = found.cents;
            if found.payer.as_ref().is_some_and(|payer| payer != key) {
                return (409, json!({}));
            }
            if self.bug != Bug::Races {
                found.payer = Some(key.to_owned());
            }
            cents
        };
        let charged = if self.bug == Bug::OneCentOff && cents > 10_000 { cents - 1 } else { cents };
        let status = self.charge(key, charged).await;
        if status == 503 {
            return (503, json!({}));
        }
        let mut state = self.state();
        if status == 201 && (self.bug == Bug::Races || !state.payments.contains_key(key)) {
            state.orders[order].payer = Some(key.to_owned());
            state.paid.push((order, cents));
        }
        state.payments.insert(key.to_owned(), (status, order));
        (status, json!({ "payment": { "order": order } }))
    }

    async fn charge(&self, key: &str, cents: i64) -> u16 {
        let link = Link::new("shop".parse().expect("a name"), "bank".parse().expect("a name"));
        for attempt in 0..ATTEMPTS {
            let own = match self.bug {
                Bug::ChargesEveryAttempt => attempt > 0,
                Bug::ChargesThirdAttempt => attempt > 1,
                _ => false,
            };
            let id = if own { format!("{key}, attempt {attempt}") } else { key.to_owned() };
            let body = json!({ "id": id, "cents": cents }).to_string();
            let request = Request::post("/charges").body(Bytes::from(body)).expect("a request");
            let bank = Client { service: link.callee.clone(), bank: Arc::new(self.shared()) };
            let reply = self.links.layer(link.clone()).layer(bank).oneshot(request).await;
            match reply {
                Ok(reply) if reply.status().is_success() => return 201,
                _ if self.bug == Bug::TakesNoReplyForRefusal => return 402,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        503
    }

    fn shared(&self) -> Self {
        Self { bug: self.bug, links: self.links.clone(), state: Arc::clone(&self.state) }
    }
}

impl Service<Request<Bytes>> for Client {
    type Response = Response<Bytes>;
    type Error = NoReply;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, NoReply>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoReply>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let Self { service, bank } = self.clone();
        Box::pin(async move {
            if bank.state().down.contains(&service) {
                return Err(NoReply::Refused);
            }
            let (status, body) = Arc::clone(&bank).answer(service.clone(), request).await;
            if bank.state().down.contains(&service) {
                return Err(NoReply::Reset);
            }
            Ok(Response::builder().status(status).body(body.to_string().into()).expect("a response"))
        })
    }
}

impl World for BankWorld {
    type Client = Client;

    fn links(&self) -> &Links {
        &self.0.links
    }

    fn client(&self, service: &ServiceName) -> Client {
        Client { service: service.clone(), bank: Arc::clone(&self.0) }
    }

    fn clock(&self) -> scenario::WallClock {
        Arc::new(Duration::default)
    }

    async fn signal(&self, service: &ServiceName, signal: Signal) -> Result<(), BrokenOff> {
        if self.0.bug == Bug::StaysDown && matches!(signal, Signal::Start | Signal::Restart) {
            return Err(not_ready(service));
        }
        let mut state = self.0.state();
        let (is_changed, change) = if signal == Signal::Kill {
            let is_changed = state.down.insert(service.clone());
            if self.0.bug == Bug::ForgetsPayments && service.as_str() == "shop" {
                state.paid.clear();
            }
            (is_changed, ProcessChange::Killed)
        } else {
            self.0.links.absent(service).end();
            (state.down.remove(service) || signal == Signal::Restart, ProcessChange::Started)
        };
        drop(state);
        if is_changed {
            self.0.links.record_process(service.clone(), change);
        }
        Ok(())
    }

    async fn launch(&self, service: &ServiceName) -> Result<(), BrokenOff> {
        self.signal(service, Signal::Start).await
    }

    async fn await_exits(&self, _: &BTreeSet<ServiceName>) {}

    async fn last_lines(&self, _: &ServiceName) -> Vec<String> {
        Vec::new()
    }

    fn down(&self) -> Vec<ServiceName> {
        self.0.state().down.iter().cloned().collect()
    }

    async fn close(self) {
        self.0.links.close();
    }
}

/// A service that answers and isn't ready.
pub(crate) fn not_ready(service: &ServiceName) -> BrokenOff {
    let unmet = UnmetCondition {
        within: Duration::from_secs(1),
        condition: "GET /readyz".into(),
        last: ReadinessReply::Status(http::StatusCode::SERVICE_UNAVAILABLE),
    };
    let (service, log) = (service.clone(), Vec::new());
    BrokenOff::NotReady { service, unmet: Box::new(unmet), run_by: RunBy::Runner(5002), log }
}

impl Stage for Bank {
    type World = BankWorld;

    async fn raise(&self, _: &Scenario, seed: Seed) -> Result<BankWorld, BrokenOff> {
        let state = Arc::new(Mutex::new(State::default()));
        let crashed = Arc::clone(&state);
        let crash = move |service: &ServiceName| {
            crashed.lock().expect("not poisoned").down.insert(service.clone());
        };
        Ok(BankWorld(Arc::new(Shared { bug: self.0, links: Links::new(seed, crash), state })))
    }
}
