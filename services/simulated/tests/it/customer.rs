//! A customer who wants her errands done: she asks again under the same key until she has an answer, has what is down
//! started again, and holds the shop to everything that it ever told her.

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

/// How long she waits for a reply, and then until she asks again.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(1);
/// How often she asks at most. After a few times in vain she has the service started again.
const ATTEMPTS: u32 = 40;
const IN_VAIN: u32 = 3;
/// How long the shop may take to settle, and how often she then sees to it that everybody is up.
const SETTLE: Duration = Duration::from_secs(5);
const LOOKS: u32 = 12;

pub(crate) fn name(name: &str) -> ServiceName {
    name.parse().expect("a name")
}

/// Something that she wants done once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Errand {
    service: &'static str,
    path: &'static str,
    key: &'static str,
    body: Value,
    /// The status of the answer to it.
    answer: u16,
    /// What she has, or bob has, once it is done, in hundredths.
    balance: i64,
}

/// Alice orders a phone, pays it and gives it back in two parts. Then she orders what she can't pay.
pub(crate) fn errands() -> Vec<Errand> {
    let errand =
        |service, path, key, body, answer, balance| Errand { service, path, key, body, answer, balance };
    let (phone, yacht) = (json!(299.99), json!(900.00));
    let order = |item, total| json!({ "user_id": 1, "items": [item], "total_amount": total });
    let pay = |order| json!({ "order_id": order, "user_id": 1 });
    vec![
        errand(ORDERS, "/api/orders", "phone", order("Phone", phone), 201, 50_000),
        errand(PAYMENTS, "/api/payments", "pay-phone", pay(1), 201, 20_001),
        errand(PAYMENTS, "/api/refund", "some", json!({ "payment_id": 1, "amount": 50.00 }), 200, 25_001),
        errand(PAYMENTS, "/api/refund", "rest", json!({ "payment_id": 1 }), 200, 50_000),
        errand(ORDERS, "/api/orders", "yacht", order("Yacht", yacht), 201, 50_000),
        errand(PAYMENTS, "/api/payments", "pay-yacht", pay(2), 402, 50_000),
    ]
}

/// What bob does when all is over: a new payment has to go through.
fn another_customers() -> [Errand; 2] {
    let order = json!({ "user_id": 2, "items": ["Radio"], "total_amount": 10.00 });
    let pay = json!({ "order_id": 3, "user_id": 2 });
    [
        Errand {
            service: ORDERS,
            path: "/api/orders",
            key: "radio",
            body: order,
            answer: 201,
            balance: 50_000,
        },
        Errand {
            service: PAYMENTS,
            path: "/api/payments",
            key: "pay-radio",
            body: pay,
            answer: 201,
            balance: 50_000,
        },
    ]
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: StatusCode,
    replayed: bool,
    body: Value,
}

impl Answer {
    /// The number of what was made.
    fn made(&self) -> Option<&Value> {
        ["/order/id", "/payment/id", "/refund_id"].iter().find_map(|place| self.body.pointer(place))
    }

    /// Whether a later answer says the same again; what was null before may be known by then.
    fn is_kept_by(&self, later: &Answer) -> bool {
        fn keeps(later: &Value, told: &Value) -> bool {
            match told {
                Value::Null => true,
                Value::Object(fields) => fields.iter().all(|(name, told)| {
                    let changes = ["status", "user_name", "refunded_amount", "refunding_amount"];
                    changes.contains(&name.as_str()) || keeps(&later[name], told)
                }),
                told => later == told,
            }
        }
        later.status == self.status && keeps(&later.body, &self.body)
    }
}

/// When a service that died is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Back {
    /// At once, while others still wait for it.
    AtOnce,
    /// When she has given up waiting.
    Later,
}

/// The customer, and everything that she was told.
pub(crate) struct Customer<'a> {
    world: &'a SimulatedWorld,
    rules: &'a Rules,
    back: Back,
    /// Called before anything is started again.
    before_start: Box<dyn Fn() + 'a>,
    told: Vec<(Errand, Answer)>,
    /// What was made under the key that she asks under now, if she was told.
    promised: Option<Value>,
    balance: i64,
    /// Answers that she got while something was wrong, that were no answers.
    pub(crate) refused: Vec<StatusCode>,
}

impl<'a> Customer<'a> {
    pub(crate) fn new(world: &'a SimulatedWorld, rules: &'a Rules, back: Back) -> Self {
        let (told, refused) = Default::default();
        let before_start = Box::new(|| {});
        Self { world, rules, back, before_start, told, promised: None, balance: 50_000, refused }
    }

    /// Lets this happen before anything is started again.
    pub(crate) fn before_starts(self, happens: impl Fn() + 'a) -> Self {
        Self { before_start: Box::new(happens), ..self }
    }

    /// Does everything, whatever happens meanwhile, and judges the shop in the end.
    pub(crate) async fn goes_shopping(&mut self) {
        for errand in errands() {
            self.run(errand).await;
        }
        self.judge().await;
    }

    /// Has one errand done.
    pub(crate) async fn run(&mut self, errand: Errand) {
        self.promised = None;
        for attempt in 1..=ATTEMPTS {
            let answer = self.ask(&errand).await;
            if let Some(answer) = &answer
                && let Some(made) = answer.made()
            {
                let promised = self.promised.get_or_insert_with(|| made.clone());
                assert_eq!(promised, made, "a key names one thing: {errand:?}, {answer:?}");
            }
            match answer {
                Some(answer) if answer.status.as_u16() == errand.answer => {
                    self.balance = errand.balance;
                    return self.told.push((errand, answer));
                }
                Some(answer) => {
                    let undecided = answer.status.is_server_error() || answer.status == StatusCode::ACCEPTED;
                    assert!(undecided, "{errand:?} was answered {answer:?}");
                    self.refused.push(answer.status);
                }
                None => {}
            }
            if attempt % IN_VAIN == 0 {
                for service in [USERS, ORDERS, PAYMENTS] {
                    self.world.signal(&name(service), Signal::Kill).await.expect("it is linked in");
                }
            }
            if self.start_what_is_down().await {
                self.holds_to_its_word(errand.balance).await;
                if self.back == Back::Later {
                    self.settles().await;
                }
            }
            sleep(PAUSE).await;
        }
        panic!("{errand:?} is never done");
    }

    /// Asks once. Services that die meanwhile may come back meanwhile.
    async fn ask(&self, errand: &Errand) -> Option<Answer> {
        let body = errand.body.to_string();
        let request = Request::post(errand.path)
            .header("content-type", "application/json")
            .header("idempotency-key", errand.key)
            .body(body.into())
            .expect("a request");
        let mut reply = std::pin::pin!(self.send(errand.service, request));
        loop {
            let dead = async {
                match self.back {
                    Back::AtOnce => sleep(Duration::from_millis(10)).await,
                    Back::Later => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                answer = &mut reply => return answer,
                () = dead => drop(self.start_what_is_down().await),
            }
        }
    }

    async fn send(&self, service: &str, request: Request<Bytes>) -> Option<Answer> {
        let sent = self.world.client(&name(service)).oneshot(request);
        let (parts, body) = timeout(PATIENCE, sent).await.ok()?.ok()?.into_parts();
        let body = serde_json::from_slice(&body).expect("a service answers in JSON");
        Some(Answer {
            status: parts.status,
            replayed: parts.headers.contains_key("idempotency-replayed"),
            body,
        })
    }

    async fn get(&self, service: &str, path: &str) -> Value {
        let request = || Request::get(path).body(Bytes::new()).expect("a request");
        let answer = self.insist(|| self.send(service, request())).await;
        assert_eq!(answer.status, StatusCode::OK, "{service} {path}: {answer:?}");
        answer.body
    }

    /// Asks until there is an answer, since a service may die again while she does.
    async fn insist(&self, ask: impl AsyncFn() -> Option<Answer>) -> Answer {
        for _ in 0..IN_VAIN {
            match ask().await {
                Some(answer) if !answer.status.is_server_error() => return answer,
                _ => drop(self.start_what_is_down().await),
            }
        }
        panic!("there is no answer");
    }

    /// Starts what is down, also what dies again while it starts. Says whether anything was.
    pub(crate) async fn start_what_is_down(&self) -> bool {
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
                    .expect("it comes back after every power cut");
            }
        }
        panic!("it never comes back");
    }

    /// Right after a start, before anything had time to settle: what was told is still known, and not made anew.
    /// `underway` is the balance that there may be if what she asks for now is done already.
    async fn holds_to_its_word(&self, underway: i64) {
        for (errand, told) in &self.told {
            let again = self.insist(|| self.ask(errand)).await;
            assert!(told.is_kept_by(&again), "{errand:?} was answered {told:?}, and now {again:?}");
            assert!(again.replayed, "it was forgotten and made anew: {errand:?}");
        }
        let balance = hundredths(&self.get(USERS, "/api/users/1/balance").await["balance"]);
        assert!([self.balance, underway].contains(&balance), "she has {balance}, not {}", self.balance);
        let findings = InvariantChecker::new(&self.rules.invariants, PATIENCE).check(self.world).await;
        assert!(findings.is_empty(), "{findings:#?}");
    }

    /// Everything comes to rest, whether or not anybody asks again.
    async fn settles(&self) {
        let mut findings = Vec::new();
        for _ in 0..LOOKS {
            findings =
                InvariantChecker::new(&self.rules.invariants, PATIENCE).settle(self.world, SETTLE).await;
            if findings.is_empty() {
                return;
            }
            // Who dies again meanwhile is started before payments are given up for it.
            self.start_what_is_down().await;
        }
        panic!("it doesn't come to rest: {findings:#?}");
    }

    /// Everything has come to rest, and to the one end that it can come to.
    async fn judge(&mut self) {
        self.start_what_is_down().await;
        self.settles().await;
        self.holds_to_its_word(self.balance).await;
        let payments = self.get(PAYMENTS, "/api/payments").await;
        let shown = |payment: &Value| json!([payment["id"], payment["status"], payment["refunded_amount"]]);
        let payments: Vec<_> = payments["payments"].as_array().expect("a list").iter().map(shown).collect();
        assert_eq!(payments, [json!([2, "declined", 0.0]), json!([1, "completed", 299.99])]);
        let orders = self.get(ORDERS, "/api/orders").await;
        let shown = |order: &Value| json!([order["id"], order["status"]]);
        let orders: Vec<_> = orders["orders"].as_array().expect("a list").iter().map(shown).collect();
        assert_eq!(orders, [json!([2, "pending"]), json!([1, "refunded"])]);
        let statement = self.get(USERS, "/api/users/1/operations").await;
        let shown = |line: &Value| json!([line["kind"], line["decision"], line["amount"], line["balance"]]);
        let lines: Vec<_> = statement["operations"].as_array().expect("a list").iter().map(shown).collect();
        let once = [
            json!(["deposit", "applied", 500.0, 500.0]),
            json!(["charge", "applied", -299.99, 200.01]),
            json!(["refund", "applied", 50.0, 250.01]),
            json!(["refund", "applied", 249.99, 500.0]),
            json!(["charge", "refused", -900.0, 500.0]),
        ];
        assert_eq!(lines, once);
        for errand in another_customers() {
            self.run(errand).await;
        }
        for service in [ORDERS, PAYMENTS] {
            let health = self.get(service, "/health").await;
            let circuits = health["circuits"].as_object().expect("circuits");
            assert!(circuits.values().all(|state| state == "closed"), "{service}: {health}");
        }
    }
}

/// An amount in a reply, in hundredths.
#[expect(clippy::cast_possible_truncation, reason = "amounts are small and have two decimals")]
fn hundredths(amount: &Value) -> i64 {
    (amount.as_f64().expect("an amount") * 100.0).round() as i64
}
