//! The three services as the tests see them: their names, what they show past all links, and seeded choices.

use bytes::Bytes;
use engine::World;
use fault::{Seed, ServiceName};
use http::Request;
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const USERS: &str = "users-service";
pub(crate) const ORDERS: &str = "orders-service";
pub(crate) const PAYMENTS: &str = "payment-service";

pub(crate) fn name(name: &str) -> ServiceName {
    name.parse().expect("a name")
}

/// A number below `limit`, derived from the seed, its purpose and its ordinal among those of the purpose.
pub(crate) fn roll(seed: Seed, purpose: &str, ordinal: u64, limit: u64) -> u64 {
    seed.roll(&"crashes".parse().expect("a name"), ordinal, purpose) % limit
}

/// Reads a path past all links. `None`: the service gave no reply.
pub(crate) async fn try_get(world: &impl World, service: &str, path: &str) -> Option<Value> {
    let request = Request::get(path).body(Bytes::new()).expect("a request");
    let reply = world.client(&name(service)).oneshot(request).await.ok()?;
    assert_eq!(reply.status(), 200, "{service} {path}: {reply:?}");
    Some(serde_json::from_slice(reply.body()).expect("JSON"))
}

/// Reads a path of a service that runs, past all links.
pub(crate) async fn get(world: &impl World, service: &str, path: &str) -> Value {
    try_get(world, service, path).await.unwrap_or_else(|| panic!("{service} {path}: no reply"))
}

/// An amount in a reply, in hundredths.
#[expect(clippy::cast_possible_truncation, reason = "far below what a double holds exactly")]
pub(crate) fn hundredths(amount: &Value) -> i64 {
    (amount.as_f64().expect("an amount") * 100.0).round() as i64
}
