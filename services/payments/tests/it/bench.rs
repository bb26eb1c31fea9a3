//! The service under test: started on a disk, called, crashed, started again.

use std::sync::Arc;
use std::time::Duration;

use chassis::{App, Clock, Disk, Environment, ServiceKey};
use poem::{Body, Request, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::disk::SharedDisk;
use crate::shop::Shop;

/// Wall clock that follows the paused clock of tokio.
struct Virtual(Instant);

impl Clock for Virtual {
    fn now(&self) -> jiff::Timestamp {
        let since = i64::try_from(self.0.elapsed().as_millis()).unwrap();
        jiff::Timestamp::from_millisecond(1_700_000_000_000 + since).unwrap()
    }
}

/// One reply.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) replayed: bool,
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) content_type: String,
}

/// A running service with its shop and disk.
pub(crate) struct Bench {
    pub(crate) shop: Shop,
    pub(crate) disk: SharedDisk,
    clock: Arc<Virtual>,
    app: App,
    background: JoinSet<()>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::on(Shop::new(), SharedDisk::default(), Arc::new(Virtual(Instant::now())))
    }

    fn on(shop: Shop, disk: SharedDisk, clock: Arc<Virtual>) -> Self {
        let environment = Environment {
            clock: clock.clone(),
            disk: Disk::Backend(Box::new(disk.clone())),
            transport: shop.transport(),
            seed: 7,
        };
        let options = payments::PaymentsOptions {
            service_key: ServiceKey::development(),
            users_url: "http://users-service".parse().unwrap(),
            orders_url: "http://orders-service".parse().unwrap(),
            deadline: payments::DEADLINE,
        };
        let mut app = payments::app(&payments::routes(), options, environment).unwrap();
        let mut background = JoinSet::new();
        for work in app.background.drain(..) {
            background.spawn(work);
        }
        Self { shop, disk, clock, app, background }
    }

    /// Kills the process and starts it again on what its disk kept.
    pub(crate) async fn crash(mut self) -> Self {
        self.background.shutdown().await;
        drop(self.app);
        self.shop.crash_after(None);
        Self::on(self.shop, self.disk.after_crash(), self.clock)
    }

    /// Starts the service on a new database, with the same users and orders.
    pub(crate) async fn on_a_new_disk(mut self) -> Self {
        self.background.shutdown().await;
        Self::on(self.shop, SharedDisk::default(), self.clock)
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        let response: Response = poem::Endpoint::get_response(&self.app.endpoint, request).await;
        let header =
            |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (replayed, location) = (header("Idempotency-Replayed").is_some(), header("Location"));
        let (retry_after, content_type) = (header("Retry-After"), header("Content-Type").unwrap_or_default());
        let status = response.status().as_u16();
        let text = response.into_body().into_string().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, body, replayed, location, retry_after, content_type }
    }

    pub(crate) async fn post(&self, path: &str, key: Option<&str>, body: Value) -> Answer {
        let mut request = Request::builder().method(http::Method::POST).uri_str(path);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        self.send(request.content_type("application/json").body(Body::from_json(body).unwrap())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::builder().uri_str(path).finish()).await
    }

    /// Pays order `order` for alice.
    pub(crate) async fn pay(&self, order: u64, key: Option<&str>) -> Answer {
        self.post("/api/payments", key, json!({ "order_id": order, "user_id": 1 })).await
    }

    pub(crate) async fn refund(&self, payment: u64, amount: Option<f64>, key: Option<&str>) -> Answer {
        let mut body = json!({ "payment_id": payment });
        if let Some(amount) = amount {
            body["amount"] = amount.into();
        }
        self.post("/api/refund", key, body).await
    }

    pub(crate) async fn status(&self, payment: u64) -> String {
        let answer = self.get(&format!("/api/payments/{payment}")).await;
        answer.body["status"].as_str().unwrap_or("none").to_owned()
    }

    /// Waits longer than deadline, circuits and backoffs take together.
    pub(crate) async fn settle(&self) {
        sleep(Duration::from_mins(2)).await;
    }
}
