//! A client that orders, pays and asks for refunds until it is told to stop. It repeats some requests that got no reply, and keeps
//! every reply.

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

use crate::shop::{ORDERS, PAYMENTS, USERS, name, roll};

/// Longest wait for a reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause before the next request.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest time until every request has a definite answer, once faults are healed and services run.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// A status and a body.
type Answer = (u16, Value);

/// One thing asked for, under an idempotency key of its own, however often it is sent.
#[derive(Debug)]
pub(crate) struct Ask {
    service: &'static str,
    pub(crate) path: &'static str,
    key: String,
    body: Value,
    /// The id of the order, payment or refund, once a reply has named it.
    made: Option<Value>,
    /// The definite answer given while services were being killed, if any.
    pub(crate) told: Option<Answer>,
    /// The answer to the same request sent again at the end.
    again: Option<Answer>,
}

impl Ask {
    /// The answer given at the end.
    pub(crate) fn answer(&self) -> (u16, &Value) {
        let (status, body) = self.again.as_ref().expect("every request was sent again");
        (*status, body)
    }

    /// Checks an answer, and returns it if it is definite.
    fn take(&mut self, (status, body): Answer) -> Option<Answer> {
        let made = ["/order/id", "/payment/id", "/refund_id"].iter().find_map(|place| body.pointer(place));
        if let Some(made) = made {
            let first = self.made.get_or_insert_with(|| made.clone());
            assert_eq!(first, made, "{} named one thing first and another now: {body}", self.key);
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

/// A client with its own user, keys and random choices.
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

    /// Deposits 100,000.00 for its user.
    pub(crate) async fn deposit(&self) {
        let path = format!("/api/users/{}/balance", self.user);
        let request = Request::post(path)
            .header("x-service-key", "development-key")
            .header("content-type", "application/json");
        let request = request.body(json!({ "amount": 100_000.0 }).to_string().into()).expect("a request");
        let reply = self.world.client(&name(USERS)).oneshot(request).await.expect("a reply");
        assert_eq!(reply.status(), 200, "{reply:?}");
    }

    /// Buys one thing after the other until told to stop.
    pub(crate) async fn shop(&mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            self.buy().await;
            sleep(PAUSE).await;
        }
    }

    /// Orders, pays if the order was placed, and may ask for a refund if it was paid.
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

    /// Whether a payment was answered with 201.
    pub(crate) fn has_paid(&self) -> bool {
        self.asks.iter().any(|ask| ask.path == "/api/payments" && matches!(ask.told, Some((201, _))))
    }

    /// Sends a request under a new key, up to three times. `None`: no definite answer came.
    async fn ask(&mut self, service: &'static str, path: &'static str, body: Value) -> Option<Answer> {
        let key = format!("{}-{}", self.number, self.asks.len());
        let mut ask = Ask { service, path, key, body, made: None, told: None, again: None };
        for _ in 0..=self.roll("patience", 3) {
            let answer = self.send(&ask, Over::Link).await;
            ask.told = answer.and_then(|(answer, _)| ask.take(answer));
            if ask.told.is_some() {
                break;
            }
            sleep(PAUSE).await;
        }
        let told = ask.told.clone();
        self.asks.push(ask);
        told
    }

    /// Sends every request again under its key. A definite answer must be repeated, as a replay; a request without one must get
    /// one now.
    pub(crate) async fn ask_again(&mut self) {
        let mut asks = std::mem::take(&mut self.asks);
        for ask in &mut asks {
            let end = Instant::now() + ANSWERED_WITHIN;
            let (answer, replayed) = loop {
                assert!(Instant::now() < end, "{ask:?} gets no definite answer");
                if let Some((answer, replayed)) = self.send(ask, Over::Direct).await
                    && let Some(answer) = ask.take(answer)
                {
                    break (answer, replayed);
                }
                sleep(PAUSE).await;
            };
            if let Some((status, body)) = &ask.told {
                assert!(
                    replayed && *status == answer.0,
                    "{ask:?} is answered {answer:?} now, replayed: {replayed}"
                );
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
                timeout(REPLY_TIMEOUT, self.world.links().layer(link).layer(client).oneshot(request)).await
            }
            Over::Direct => timeout(REPLY_TIMEOUT, client.oneshot(request)).await,
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

/// Path of a request to the service.
#[derive(Debug, Clone, Copy)]
enum Over {
    /// Over the clients' link, with its faults.
    Link,
    /// Past all links.
    Direct,
}

#[expect(clippy::cast_precision_loss, reason = "far below what a double holds exactly")]
fn money(hundredths: u64) -> f64 {
    hundredths as f64 / 100.0
}
