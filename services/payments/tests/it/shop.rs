//! Users and orders in memory: the rules of the contract in a few lines, and misbehaviour on request.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use chassis::{Transport, TransportError};
use http::{Method, Request, Response};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::sleep;
use tower::util::BoxCloneSyncService;

const LATENCY: Duration = Duration::from_millis(1);

/// Misbehaviour at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The connection is refused.
    Refuse,
    /// The call takes effect, and its reply is lost.
    LoseReply,
    /// The call has no effect, and the connection is reset.
    LoseRequest,
    /// The call takes effect, and its reply is cut off without an error.
    CutOff,
    /// The call has no effect, and no reply ever comes.
    Hang,
    /// The call takes effect at [`Shop::deliver_late`].
    DeliverLate,
    /// The call has no effect; another server answers in place of the service, with this status.
    Stranger(u16),
}

/// Calls that go wrong: by method and a part of the path, for a number of times.
#[derive(Debug)]
struct Rule {
    method: Method,
    path: &'static str,
    left: u32,
    mishap: Mishap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Applied { change: i64, after: i64 },
    Refused,
    Cancelled,
}

#[derive(Debug)]
struct Order {
    user: u64,
    total: i64,
    status: &'static str,
    by: Option<u64>,
}

/// State of both services, and the calls to them.
#[derive(Debug, Default)]
pub(crate) struct State {
    rules: Vec<Rule>,
    late: VecDeque<(Method, String, Option<String>, Value)>,
    balances: BTreeMap<u64, i64>,
    operations: BTreeMap<String, Decision>,
    orders: BTreeMap<u64, Order>,
    /// Every call that reached a service, as `METHOD path`.
    pub(crate) calls: Vec<String>,
    /// Exchanges until the caller's process is killed, if it is to be.
    crash_after: Option<u32>,
}

/// Both services. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Shop {
    state: Arc<Mutex<State>>,
    crashed: Arc<Notify>,
}

impl Shop {
    /// Alice (1) has 500.00, bob (2) 300.00.
    pub(crate) fn new() -> Self {
        let shop = Self::default();
        shop.state().balances = BTreeMap::from([(1, 50_000), (2, 30_000)]);
        shop
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A pending order, in minor units.
    pub(crate) fn order(&self, id: u64, user: u64, total: i64) {
        self.state().orders.insert(id, Order { user, total, status: "pending", by: None });
    }

    pub(crate) fn order_status(&self, id: u64) -> &'static str {
        self.state().orders[&id].status
    }

    pub(crate) fn set_order_status(&self, id: u64, status: &'static str) {
        self.state().orders.get_mut(&id).unwrap().status = status;
    }

    pub(crate) fn balance(&self, user: u64) -> i64 {
        self.state().balances[&user]
    }

    pub(crate) fn deposit(&self, user: u64, amount: i64) {
        *self.state().balances.get_mut(&user).unwrap() += amount;
    }

    /// Makes the next matching calls go wrong, up to `times` of them.
    pub(crate) fn misbehave(&self, method: Method, path: &'static str, times: u32, mishap: Mishap) {
        self.state().rules.push(Rule { method, path, left: times, mishap });
    }

    /// Ends all misbehaviour.
    pub(crate) fn behave(&self) {
        self.state().rules.clear();
    }

    /// Number of calls of this method and path that reached a service.
    pub(crate) fn calls(&self, method: &str, path: &str) -> usize {
        self.state().calls.iter().filter(|call| call.starts_with(method) && call.contains(path)).count()
    }

    /// Delivers the calls that were held back, and returns the statuses of their replies.
    pub(crate) fn deliver_late(&self) -> Vec<u16> {
        let mut state = self.state();
        let late: Vec<_> = state.late.drain(..).collect();
        late.into_iter().map(|(method, path, key, body)| state.serve(&method, &path, key, &body).0).collect()
    }

    /// Kills the caller's process at its nth exchange: at even ones before the call takes effect, at odd ones after.
    pub(crate) fn crash_after(&self, exchanges: Option<u32>) {
        self.state().crash_after = exchanges;
    }

    /// Completes when the process is to be killed.
    pub(crate) async fn crashed(&self) {
        self.crashed.notified().await;
    }

    pub(crate) fn transport(&self) -> Transport {
        let shop = self.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request| {
            let shop = shop.clone();
            async move { shop.exchange(request).await }
        }))
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        // Every call takes some time, so that simultaneous calls are in flight together.
        sleep(LATENCY).await;
        self.crash_point().await;
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let key = header("Idempotency-Key");
        let trusted = header("X-Service-Key").as_deref() == Some("development-key");
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let mishap = self.mishap(&method, &path);
        match mishap {
            Some(Mishap::Refuse) => return Err(TransportError::Refused),
            Some(Mishap::LoseRequest) => return Err(TransportError::Reset),
            Some(Mishap::Hang) => return std::future::pending().await,
            Some(Mishap::Stranger(status)) => {
                return Ok(Response::builder().status(status).body("no such host".into()).unwrap());
            }
            Some(Mishap::DeliverLate) => {
                self.state().late.push_back((method, path, key, body));
                return std::future::pending().await;
            }
            Some(Mishap::LoseReply | Mishap::CutOff) | None => {}
        }
        let (status, reply) = if trusted {
            self.state().serve(&method, &path, key, &body)
        } else {
            (401, json!({ "status": 401 }))
        };
        self.crash_point().await;
        sleep(LATENCY).await;
        let text = reply.to_string();
        match mishap {
            Some(Mishap::LoseReply) => Err(TransportError::Reset),
            Some(Mishap::CutOff) => Ok(written(status, text[..text.len() / 2].to_owned())),
            _ => Ok(written(status, text)),
        }
    }

    async fn crash_point(&self) {
        let now = {
            let mut state = self.state();
            match &mut state.crash_after {
                None => false,
                Some(0) => true,
                Some(left) => {
                    *left -= 1;
                    false
                }
            }
        };
        if now {
            self.crashed.notify_one();
            std::future::pending::<()>().await;
        }
    }

    fn mishap(&self, method: &Method, path: &str) -> Option<Mishap> {
        let mut state = self.state();
        let matches = |rule: &&mut Rule| rule.left > 0 && rule.method == method && path.contains(rule.path);
        let rule = state.rules.iter_mut().find(matches)?;
        rule.left -= 1;
        Some(rule.mishap)
    }
}

fn written(status: u16, body: String) -> Response<Bytes> {
    let kind = if status < 400 { "application/json; charset=utf-8" } else { "application/problem+json" };
    Response::builder().status(status).header("Content-Type", kind).body(body.into()).unwrap()
}

impl State {
    fn serve(&mut self, method: &Method, path: &str, key: Option<String>, body: &Value) -> (u16, Value) {
        self.calls.push(format!("{method} {path}"));
        let parts: Vec<&str> = path.split('/').skip(2).collect();
        let id: u64 = parts.get(1).and_then(|id| id.parse().ok()).unwrap_or(0);
        let (status, reply) = match (method.as_str(), parts.as_slice()) {
            ("GET", ["orders", _]) => self.orders.get(&id).map_or((404, json!({})), |order| {
                let total = minor(order.total);
                let user = json!({ "user_id": order.user, "total_amount": total, "status": order.status, "user": null });
                (200, user)
            }),
            ("PUT", ["orders", _, "status"]) => self.set_status(id, body),
            ("GET", ["users", _]) if self.balances.contains_key(&id) => (200, json!({ "username": "alice" })),
            ("POST", ["users", _, "balance"]) => self.change(id, &key.expect("money moves under a key"), body),
            ("POST", ["users", _, "operations", key, "cancel"]) => self.cancel(id, key),
            _ => (404, json!({})),
        };
        if status < 400 { (status, reply) } else { (status, json!({ "status": status })) }
    }

    fn change(&mut self, user: u64, key: &str, body: &Value) -> (u16, Value) {
        let Some(&balance) = self.balances.get(&user) else { return (404, json!({})) };
        let change = units(&body["amount"]);
        assert_eq!(body["kind"], if change < 0 { "charge" } else { "refund" });
        let fresh = if balance + change < 0 {
            Decision::Refused
        } else {
            Decision::Applied { change, after: balance + change }
        };
        let known = self.operations.get(key).copied();
        let decision = known.unwrap_or(fresh);
        if known.is_none() {
            self.operations.insert(key.to_owned(), decision);
            if let Decision::Applied { after, .. } = decision {
                self.balances.insert(user, after);
            }
        }
        match decision {
            Decision::Applied { after, .. } => (200, json!({ "new_balance": minor(after) })),
            Decision::Refused => (402, json!({})),
            Decision::Cancelled => (410, json!({})),
        }
    }

    fn cancel(&mut self, user: u64, key: &str) -> (u16, Value) {
        let Some(balance) = self.balances.get_mut(&user) else { return (404, json!({})) };
        match self.operations.get(key) {
            Some(Decision::Applied { change, .. }) => *balance -= change,
            Some(Decision::Refused) => return (200, json!({ "outcome": "nothing" })),
            Some(Decision::Cancelled) | None => {}
        }
        self.operations.insert(key.to_owned(), Decision::Cancelled);
        (200, json!({ "outcome": "cancelled" }))
    }

    fn set_status(&mut self, id: u64, body: &Value) -> (u16, Value) {
        let Some(order) = self.orders.get_mut(&id) else { return (404, json!({})) };
        let by = body["payment_id"].as_u64().expect("confirmed by a payment");
        assert_eq!(units(&body["amount"]), order.total);
        match (order.status, body["status"].as_str()) {
            ("pending", Some("confirmed")) => (order.status, order.by) = ("confirmed", Some(by)),
            ("confirmed", Some("refunded")) if order.by == Some(by) => order.status = "refunded",
            (now, Some(to)) if now == to && order.by == Some(by) => {}
            _ => return (409, json!({})),
        }
        (200, json!({ "new_status": order.status }))
    }
}

fn minor(units: i64) -> Value {
    Value::Number(values::Money::minor(units).to_number())
}

/// Minor units of a JSON number.
pub(crate) fn units(value: &Value) -> i64 {
    values::Money::parse(&value.to_string()).unwrap().units()
}
