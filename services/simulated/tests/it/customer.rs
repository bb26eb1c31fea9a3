//! A client of the shop, as the user alice. It repeats each request under the same key until it is decided, starts
//! services that are down, and checks that every final reply stays true.

use std::time::Duration;

use bytes::Bytes;
use engine::{InvariantChecker, Rules, World};
use fault::ServiceName;
use http::{Request, StatusCode};
use scenario::Signal;
use serde_json::{Value, json};
use simulation::SimulatedWorld;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

pub(crate) const USERS: &str = "users-service";
pub(crate) const ORDERS: &str = "orders-service";
pub(crate) const PAYMENTS: &str = "payment-service";

const REPLY_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause between two attempts of a request.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
const MAX_ATTEMPTS: u32 = 40;
/// Interval, in failed attempts, at which all services are killed and started again.
const ATTEMPTS_UNTIL_RESTART: u32 = 3;
/// Attempts of a request that checks what the shop has recorded.
const CHECK_ATTEMPTS: u32 = 3;
/// Time to settle in one round. Services that are down are started between rounds.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(5);
const SETTLE_ROUNDS: u32 = 12;

pub(crate) fn name(name: &str) -> ServiceName {
    name.parse().expect("a valid name")
}

/// A request with an idempotency key, sent until its reply has the expected status.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeyedRequest {
    service: &'static str,
    path: &'static str,
    key: &'static str,
    body: Value,
    expected_status: u16,
    /// Alice's balance afterwards, in minor units.
    balance: i64,
}

/// Returns alice's requests: an order, its payment and two partial refunds, then an order whose payment is declined.
pub(crate) fn alices_requests() -> Vec<KeyedRequest> {
    let request = |service, path, key, body, expected_status, balance| KeyedRequest {
        service,
        path,
        key,
        body,
        expected_status,
        balance,
    };
    let (phone, yacht) = (json!(299.99), json!(900.00));
    let order = |item, total| json!({ "user_id": 1, "items": [item], "total_amount": total });
    let pay = |order| json!({ "order_id": order, "user_id": 1 });
    vec![
        request(ORDERS, "/api/orders", "phone", order("Phone", phone), 201, 50_000),
        request(PAYMENTS, "/api/payments", "pay-phone", pay(1), 201, 20_001),
        request(PAYMENTS, "/api/refund", "some", json!({ "payment_id": 1, "amount": 50.00 }), 200, 25_001),
        request(PAYMENTS, "/api/refund", "rest", json!({ "payment_id": 1 }), 200, 50_000),
        request(ORDERS, "/api/orders", "yacht", order("Yacht", yacht), 201, 50_000),
        request(PAYMENTS, "/api/payments", "pay-yacht", pay(2), 402, 50_000),
    ]
}

/// Returns bob's requests, sent at the end: a new payment has to succeed.
fn bobs_requests() -> [KeyedRequest; 2] {
    let order = json!({ "user_id": 2, "items": ["Radio"], "total_amount": 10.00 });
    let pay = json!({ "order_id": 3, "user_id": 2 });
    [
        KeyedRequest {
            service: ORDERS,
            path: "/api/orders",
            key: "radio",
            body: order,
            expected_status: 201,
            balance: 50_000,
        },
        KeyedRequest {
            service: PAYMENTS,
            path: "/api/payments",
            key: "pay-radio",
            body: pay,
            expected_status: 201,
            balance: 50_000,
        },
    ]
}

/// A reply of the shop.
#[derive(Debug, Clone, PartialEq)]
struct Reply {
    status: StatusCode,
    replayed: bool,
    body: Value,
}

impl Reply {
    /// Id of the order, payment or refund that the request created.
    fn created_id(&self) -> Option<&Value> {
        ["/order/id", "/payment/id", "/refund_id"].iter().find_map(|pointer| self.body.pointer(pointer))
    }

    /// Whether a later reply to the same request agrees with this one. A member that is null here may have a value
    /// later, and members that show the present state may differ.
    fn agrees_with(&self, later: &Reply) -> bool {
        fn agrees(later: &Value, earlier: &Value) -> bool {
            match earlier {
                Value::Null => true,
                Value::Object(fields) => fields.iter().all(|(name, earlier)| {
                    let variable = ["status", "user_name", "refunded_amount", "refunding_amount"];
                    variable.contains(&name.as_str()) || agrees(&later[name], earlier)
                }),
                earlier => later == earlier,
            }
        }
        later.status == self.status && agrees(&later.body, &self.body)
    }
}

/// When a service that is down is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restart {
    /// While its callers still wait for a reply.
    Immediate,
    /// When the client's attempt has ended.
    AfterAttempt,
}

/// Sends requests to the shop and keeps the final replies.
pub(crate) struct Customer<'a> {
    world: &'a SimulatedWorld,
    rules: &'a Rules,
    restart: Restart,
    /// Called before each start of a service.
    before_start: Box<dyn Fn() + 'a>,
    /// Requests that are decided, with their final replies.
    decided: Vec<(KeyedRequest, Reply)>,
    /// The id that a reply named for the request being sent.
    created_id: Option<Value>,
    /// Alice's balance after the decided requests, in minor units.
    balance: i64,
    /// Statuses of replies that decided nothing: 5xx and 202.
    pub(crate) undecided: Vec<StatusCode>,
}

impl<'a> Customer<'a> {
    pub(crate) fn new(world: &'a SimulatedWorld, rules: &'a Rules, restart: Restart) -> Self {
        let (decided, undecided) = Default::default();
        let before_start = Box::new(|| {});
        Self { world, rules, restart, before_start, decided, created_id: None, balance: 50_000, undecided }
    }

    /// Calls `action` before each start of a service.
    pub(crate) fn before_each_start(self, action: impl Fn() + 'a) -> Self {
        Self { before_start: Box::new(action), ..self }
    }

    /// Runs all of alice's requests and checks the final state of the shop.
    pub(crate) async fn run_all(&mut self) {
        for request in alices_requests() {
            self.run(request).await;
        }
        self.check_final_state().await;
    }

    /// Sends a request until its reply has the expected status.
    pub(crate) async fn run(&mut self, request: KeyedRequest) {
        self.created_id = None;
        for attempt in 1..=MAX_ATTEMPTS {
            let reply = self.post(&request).await;
            if let Some(reply) = &reply
                && let Some(id) = reply.created_id()
            {
                let first = self.created_id.get_or_insert_with(|| id.clone());
                assert_eq!(first, id, "a key created two resources: {request:?}, {reply:?}");
            }
            match reply {
                Some(reply) if reply.status.as_u16() == request.expected_status => {
                    self.balance = request.balance;
                    return self.decided.push((request, reply));
                }
                Some(reply) => {
                    let undecided = reply.status.is_server_error() || reply.status == StatusCode::ACCEPTED;
                    assert!(undecided, "{request:?} got an unexpected reply: {reply:?}");
                    self.undecided.push(reply.status);
                }
                None => {}
            }
            if attempt % ATTEMPTS_UNTIL_RESTART == 0 {
                for service in [USERS, ORDERS, PAYMENTS] {
                    self.world.signal(&name(service), Signal::Kill).await.expect("the service is linked in");
                }
            }
            if self.start_services_that_are_down().await {
                self.check_recorded_replies(request.balance).await;
                if self.restart == Restart::AfterAttempt {
                    self.wait_until_settled().await;
                }
            }
            sleep(RETRY_PAUSE).await;
        }
        panic!("{request:?} is undecided after {MAX_ATTEMPTS} attempts");
    }

    /// Sends a request once. With [`Restart::Immediate`], services that go down are started while it waits.
    async fn post(&self, request: &KeyedRequest) -> Option<Reply> {
        let body = request.body.to_string();
        let post = Request::post(request.path)
            .header("content-type", "application/json")
            .header("idempotency-key", request.key)
            .body(body.into())
            .expect("a request");
        let mut reply = std::pin::pin!(self.send(request.service, post));
        loop {
            let next_check = async {
                match self.restart {
                    Restart::Immediate => sleep(Duration::from_millis(10)).await,
                    Restart::AfterAttempt => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                reply = &mut reply => return reply,
                () = next_check => drop(self.start_services_that_are_down().await),
            }
        }
    }

    async fn send(&self, service: &str, request: Request<Bytes>) -> Option<Reply> {
        let sent = self.world.client(&name(service)).oneshot(request);
        let (parts, body) = timeout(REPLY_TIMEOUT, sent).await.ok()?.ok()?.into_parts();
        let body = serde_json::from_slice(&body).expect("a service replies in JSON");
        Some(Reply {
            status: parts.status,
            replayed: parts.headers.contains_key("idempotency-replayed"),
            body,
        })
    }

    async fn get(&self, service: &str, path: &str) -> Value {
        let request = || Request::get(path).body(Bytes::new()).expect("a request");
        let reply = self.retry(|| self.send(service, request())).await;
        assert_eq!(reply.status, StatusCode::OK, "{service} {path}: {reply:?}");
        reply.body
    }

    /// Sends again when there is no reply or a 5xx: a service may go down during the check.
    async fn retry(&self, send: impl AsyncFn() -> Option<Reply>) -> Reply {
        for _ in 0..CHECK_ATTEMPTS {
            match send().await {
                Some(reply) if !reply.status.is_server_error() => return reply,
                _ => drop(self.start_services_that_are_down().await),
            }
        }
        panic!("no reply, or only 5xx, in {CHECK_ATTEMPTS} attempts");
    }

    /// Starts services until all are up, since one may be killed during its start. Returns whether any was down.
    pub(crate) async fn start_services_that_are_down(&self) -> bool {
        let mut any = false;
        for _ in 0..10 {
            let down = self.world.down();
            if down.is_empty() {
                return any;
            }
            any = true;
            for service in down {
                (self.before_start)();
                self.world
                    .signal(&service, Signal::Start)
                    .await
                    .expect("a service starts after any power cut");
            }
        }
        panic!("services are still down after ten starts");
    }

    /// Checks, right after a start and before the shop settles, that every decided request gets its reply again.
    /// `balance_if_applied` is alice's balance if the request in flight has been applied.
    async fn check_recorded_replies(&self, balance_if_applied: i64) {
        for (request, earlier) in &self.decided {
            let later = self.retry(|| self.post(request)).await;
            assert!(
                earlier.agrees_with(&later),
                "the reply to {request:?} was {earlier:?}, and is now {later:?}"
            );
            assert!(later.replayed, "the first reply was lost, and the request was run again: {request:?}");
        }
        let balance = minor_units(&self.get(USERS, "/api/users/1/balance").await["balance"]);
        let expected = [self.balance, balance_if_applied];
        assert!(expected.contains(&balance), "alice's balance is {balance}, not one of {expected:?}");
        let findings = InvariantChecker::new(&self.rules.invariants, REPLY_TIMEOUT).check(self.world).await;
        assert!(findings.is_empty(), "{findings:#?}");
    }

    /// Waits until all invariants hold, without a request from a client.
    async fn wait_until_settled(&self) {
        let mut findings = Vec::new();
        for _ in 0..SETTLE_ROUNDS {
            findings = InvariantChecker::new(&self.rules.invariants, REPLY_TIMEOUT)
                .settle(self.world, SETTLE_TIMEOUT)
                .await;
            if findings.is_empty() {
                return;
            }
            // A service that went down meanwhile is started before pending payments reach their deadline.
            self.start_services_that_are_down().await;
        }
        panic!("the shop does not settle: {findings:#?}");
    }

    /// Checks that the shop settles in the state that it would have without faults.
    async fn check_final_state(&mut self) {
        self.start_services_that_are_down().await;
        self.wait_until_settled().await;
        self.check_recorded_replies(self.balance).await;
        let payments = self.get(PAYMENTS, "/api/payments").await;
        let summary = |payment: &Value| json!([payment["id"], payment["status"], payment["refunded_amount"]]);
        let payments: Vec<_> = payments["payments"].as_array().expect("a list").iter().map(summary).collect();
        assert_eq!(payments, [json!([2, "declined", 0.0]), json!([1, "completed", 299.99])]);
        let orders = self.get(ORDERS, "/api/orders").await;
        let summary = |order: &Value| json!([order["id"], order["status"]]);
        let orders: Vec<_> = orders["orders"].as_array().expect("a list").iter().map(summary).collect();
        assert_eq!(orders, [json!([2, "pending"]), json!([1, "refunded"])]);
        let statement = self.get(USERS, "/api/users/1/operations").await;
        let summary = |line: &Value| json!([line["kind"], line["decision"], line["amount"], line["balance"]]);
        let lines: Vec<_> = statement["operations"].as_array().expect("a list").iter().map(summary).collect();
        let expected = [
            json!(["deposit", "applied", 500.0, 500.0]),
            json!(["charge", "applied", -299.99, 200.01]),
            json!(["refund", "applied", 50.0, 250.01]),
            json!(["refund", "applied", 249.99, 500.0]),
            json!(["charge", "refused", -900.0, 500.0]),
        ];
        assert_eq!(lines, expected);
        for request in bobs_requests() {
            self.run(request).await;
        }
        for service in [ORDERS, PAYMENTS] {
            let health = self.get(service, "/health").await;
            let circuits = health["circuits"].as_object().expect("circuits");
            assert!(circuits.values().all(|state| state == "closed"), "{service}: {health}");
        }
    }
}

/// Converts an amount of a reply to minor units.
#[expect(clippy::cast_possible_truncation, reason = "amounts are small and have two decimals")]
fn minor_units(amount: &Value) -> i64 {
    (amount.as_f64().expect("an amount") * 100.0).round() as i64
}
