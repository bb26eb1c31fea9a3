//! A shopper who orders, pays and is refunded as long as the shop is open, asks again now and then when there is no
//! answer, and remembers every answer.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use engine::World;
use fault::Seed;
use http::Request;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tower::{Layer, ServiceExt};

use crate::crashes_under_load::{ORDERS, PAYMENTS, USERS, name, roll};

/// How long she waits for a reply, and until she asks again.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
/// How long it may take until she has every answer, once all is well.
const IN_THE_END: Duration = Duration::from_secs(10);

/// A status and a body.
type Answer = (u16, Value);

/// Something that she asked for under a key of its own.
#[derive(Debug)]
pub(crate) struct Ask {
    service: &'static str,
    pub(crate) path: &'static str,
    key: String,
    body: Value,
    /// The number of what was made, as soon as any answer says it.
    made: Option<Value>,
    /// What she was told while services died.
    pub(crate) told: Option<Answer>,
    /// What she was told when she asked again in the end.
    again: Option<Answer>,
}

impl Ask {
    /// What came of it in the end.
    pub(crate) fn answer(&self) -> (u16, &Value) {
        let (status, body) = self.again.as_ref().expect("she has asked again");
        (*status, body)
    }

    /// Takes in an answer. Gives it back if it decides.
    fn hear(&mut self, (status, body): Answer) -> Option<Answer> {
        let made = ["/order/id", "/payment/id", "/refund_id"].iter().find_map(|place| body.pointer(place));
        if let Some(made) = made {
            let first = self.made.get_or_insert_with(|| made.clone());
            assert_eq!(first, made, "{} named one thing, and now another: {body}", self.key);
        }
        match (self.path, status) {
            (_, 202 | 500..) => None,
            ("/api/orders", 201) | ("/api/refund", 200) | ("/api/payments", 201 | 402 | 409) => {
                Some((status, body))
            }
            _ => panic!("{self:?} was answered {status} {body}"),
        }
    }
}

/// The shopper.
pub(crate) struct Shopper<'a, W> {
    world: &'a W,
    number: u64,
    user: u64,
    seed: Seed,
    pub(crate) asks: Vec<Ask>,
}

impl<'a, W: World> Shopper<'a, W> {
    pub(crate) fn new(world: &'a W, number: u64, user: u64, seed: Seed) -> Self {
        Self { world, number, user, seed, asks: Vec::new() }
    }

    /// Gives her enough to spend.
    pub(crate) async fn deposit(&self) {
        let path = format!("/api/users/{}/balance", self.user);
        let request = Request::post(path)
            .header("x-service-key", "development-key")
            .header("content-type", "application/json");
        let request = request.body(json!({ "amount": 100_000.0 }).to_string().into()).expect("a request");
        let reply = self.world.client(&name(USERS)).oneshot(request).await.expect("a reply");
        assert_eq!(reply.status(), 200, "{reply:?}");
    }

    /// Buys one thing after the other until the shop closes.
    pub(crate) async fn shop(&mut self, closed: &AtomicBool) {
        while !closed.load(Ordering::Relaxed) {
            self.buy().await;
            sleep(PAUSE).await;
        }
    }

    /// Orders, pays if the order was placed, and may give it back if she has paid.
    pub(crate) async fn buy(&mut self) {
        let hundredths = match self.roll("dear", 12) {
            0 => 90_000_000,
            _ => self.roll("total", 2_000) + 1,
        };
        let order = json!({ "user_id": self.user, "items": ["Thing"], "total_amount": money(hundredths) });
        let Some((_, order)) = self.ask(ORDERS, "/api/orders", order).await else { return };
        let pay = json!({ "order_id": order["order"]["id"], "user_id": self.user });
        let Some((201, paid)) = self.ask(PAYMENTS, "/api/payments", pay).await else { return };
        let payment = &paid["payment"]["id"];
        match self.roll("refund", 3) {
            0 => self.ask(PAYMENTS, "/api/refund", json!({ "payment_id": payment })).await,
            1 => self.ask(PAYMENTS, "/api/refund", json!({ "payment_id": payment, "amount": 0.01 })).await,
            _ => None,
        };
    }

    /// Whether she was told that something is paid.
    pub(crate) fn has_paid(&self) -> bool {
        self.asks.iter().any(|ask| ask.path == "/api/payments" && matches!(ask.told, Some((201, _))))
    }

    /// Asks under a new key, up to three times. `None`: she gave up, and doesn't know.
    async fn ask(&mut self, service: &'static str, path: &'static str, body: Value) -> Option<Answer> {
        let key = format!("{}-{}", self.number, self.asks.len());
        let mut ask = Ask { service, path, key, body, made: None, told: None, again: None };
        for _ in 0..=self.roll("patience", 3) {
            let answer = self.send(&ask, Over::Link).await;
            ask.told = answer.and_then(|(answer, _)| ask.hear(answer));
            if ask.told.is_some() {
                break;
            }
            sleep(PAUSE).await;
        }
        let told = ask.told.clone();
        self.asks.push(ask);
        told
    }

    /// Asks everything again under its key. What she was told has to be said again, and not to be new; what she doesn't know
    /// has to turn out one way or the other.
    pub(crate) async fn asks_again(&mut self) {
        let mut asks = std::mem::take(&mut self.asks);
        for ask in &mut asks {
            let end = Instant::now() + IN_THE_END;
            let (answer, replayed) = loop {
                assert!(Instant::now() < end, "{ask:?} never turns out one way or the other");
                if let Some((answer, replayed)) = self.send(ask, Over::Nothing).await
                    && let Some(answer) = ask.hear(answer)
                {
                    break (answer, replayed);
                }
                sleep(PAUSE).await;
            };
            if let Some((status, body)) = &ask.told {
                assert!(replayed && *status == answer.0, "{ask:?} is {answer:?} now, replayed: {replayed}");
                for place in [
                    "/order/total_amount",
                    "/order/user_id",
                    "/payment/amount",
                    "/payment/order_id",
                    "/refund_amount",
                ] {
                    assert_eq!(body.pointer(place), answer.1.pointer(place), "{place} of {ask:?}");
                }
            }
            ask.again = Some(answer);
        }
        self.asks = asks;
    }

    async fn send(&self, ask: &Ask, over: Over) -> Option<(Answer, bool)> {
        let request = Request::post(ask.path)
            .header("content-type", "application/json")
            .header("idempotency-key", &ask.key)
            .body(Bytes::from(ask.body.to_string()))
            .expect("a request");
        let client = self.world.client(&name(ask.service));
        let reply = match over {
            Over::Link => {
                let link = verdict::client_link(&name(ask.service));
                timeout(PATIENCE, self.world.links().layer(link).layer(client).oneshot(request)).await
            }
            Over::Nothing => timeout(PATIENCE, client.oneshot(request)).await,
        };
        let reply = reply.ok()?.ok()?;
        let body = serde_json::from_slice(reply.body()).expect("a service answers in JSON");
        Some(((reply.status().as_u16(), body), reply.headers().contains_key("idempotency-replayed")))
    }

    fn roll(&self, purpose: &str, limit: u64) -> u64 {
        let ordinal = self.number * 1_000_000 + u64::try_from(self.asks.len()).expect("a few");
        roll(self.seed, purpose, ordinal, limit)
    }
}

/// What a request goes over.
#[derive(Debug, Clone, Copy)]
enum Over {
    /// The clients' link, with its faults.
    Link,
    Nothing,
}

/// What a service shows, past all links; nothing when it can't be asked.
pub(crate) async fn look(world: &impl World, service: &str, path: &str) -> Option<Value> {
    let request = Request::get(path).body(Bytes::new()).expect("a request");
    let reply = world.client(&name(service)).oneshot(request).await.ok()?;
    assert_eq!(reply.status(), 200, "{service} {path}: {reply:?}");
    Some(serde_json::from_slice(reply.body()).expect("JSON"))
}

/// What a service shows that runs.
pub(crate) async fn get(world: &impl World, service: &str, path: &str) -> Value {
    look(world, service, path).await.unwrap_or_else(|| panic!("{service} {path}: no reply"))
}

#[expect(clippy::cast_precision_loss, reason = "far below what a double holds exactly")]
fn money(hundredths: u64) -> f64 {
    hundredths as f64 / 100.0
}

/// An amount in a reply, in hundredths.
#[expect(clippy::cast_possible_truncation, reason = "far below what a double holds exactly")]
pub(crate) fn hundredths(amount: &Value) -> i64 {
    (amount.as_f64().expect("an amount") * 100.0).round() as i64
}
