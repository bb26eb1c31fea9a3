//! Compares what the services show with what was asked of them and what they answered, to the cent.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use engine::World;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    shop::{ORDERS, PAYMENTS, USERS, get, hundredths, try_get},
    shopper::Ask,
};

/// Pause between two readings of the ledger.
const PACE: Duration = Duration::from_millis(5);

/// Checks that orders, payments and charges are exactly those that clients asked for and were told of. Returns the number of
/// completed payments.
pub(crate) async fn nothing_is_lost(world: &impl World, asks: &[&Ask]) -> u64 {
    orders_are_those_placed(world, asks).await;
    let completed = payments_are_those_asked_for(world, asks).await;
    for user in 1..=3 {
        charges_are_those_paid(world, user, &completed).await;
    }
    completed.len().try_into().expect("a few")
}

/// Reads the ledger until told to stop, and checks that every snapshot sums to zero. Returns the number of snapshots.
pub(crate) async fn the_ledger_adds_up(world: &impl World, stop: &AtomicBool) -> u64 {
    let mut seen = 0;
    while !stop.load(Ordering::Relaxed) {
        // No reply: users-service is killed too.
        if let Some(ledger) = try_get(world, USERS, "/api/ledger").await {
            let balances = ledger["balances"].as_array().expect("a list").iter();
            let held: i64 = balances.map(|account| hundredths(&account["balance"])).sum();
            let sum = held + hundredths(&ledger["clearing"]) + hundredths(&ledger["external"]);
            assert_eq!(sum, 0, "{ledger:#}");
            seen += 1;
        }
        sleep(PACE).await;
    }
    seen
}

async fn orders_are_those_placed(world: &impl World, asks: &[&Ask]) {
    let seen = |order: &Value| {
        (number(&order["id"]), (number(&order["user_id"]), hundredths(&order["total_amount"])))
    };
    let orders = list(world, ORDERS, "/api/orders", "orders").await;
    let orders: BTreeMap<_, _> = orders.iter().map(seen).collect();
    let placed: BTreeMap<_, _> = answers(asks, "/api/orders").map(|(_, body)| seen(&body["order"])).collect();
    assert_eq!(orders, placed, "the orders that exist, and those that were placed");
}

/// Returns the completed payments by id.
async fn payments_are_those_asked_for(world: &impl World, asks: &[&Ask]) -> BTreeMap<u64, Value> {
    let payments = list(world, PAYMENTS, "/api/payments", "payments").await;
    assert_eq!(payments.len(), answers(asks, "/api/payments").count(), "each request made one payment");
    let completed = payments.into_iter().filter(|payment| payment["status"] == "completed");
    let completed: BTreeMap<_, _> = completed.map(|payment| (number(&payment["id"]), payment)).collect();
    let promised: BTreeMap<_, _> = answers(asks, "/api/payments")
        .filter(|(status, _)| *status == 201)
        .map(|(_, body)| (number(&body["payment"]["id"]), &body["payment"]))
        .collect();
    assert!(completed.keys().eq(promised.keys()), "completed: {completed:#?}, told: {promised:#?}");
    let mut refunded = BTreeMap::new();
    for (_, body) in answers(asks, "/api/refund") {
        *refunded.entry(number(&body["payment_id"])).or_insert(0) += hundredths(&body["refund_amount"]);
    }
    for (id, payment) in &completed {
        for field in ["order_id", "user_id", "amount", "new_balance"] {
            assert_eq!(payment[field], promised[id][field], "{field} of payment {id}");
        }
        let back = refunded.remove(id).unwrap_or(0);
        assert_eq!(hundredths(&payment["refunded_amount"]), back, "refunds of payment {id}");
    }
    assert!(refunded.is_empty(), "refunds of payments that aren't completed: {refunded:?}");
    completed
}

/// Checks that each completed payment of a user was charged once, and declined or voided ones not at all.
async fn charges_are_those_paid(world: &impl World, user: u64, completed: &BTreeMap<u64, Value>) {
    let mut net = BTreeMap::new();
    for line in list(world, USERS, &format!("/api/users/{user}/operations"), "operations").await {
        if line["decision"] == "applied" && ["charge", "reversal"].map(Value::from).contains(&line["kind"]) {
            *net.entry(line["key"].to_string()).or_insert(0) -= hundredths(&line["amount"]);
        }
    }
    let mut charged: Vec<i64> = net.into_values().filter(|net| *net != 0).collect();
    let paid = completed.values().filter(|payment| payment["user_id"] == user);
    let mut paid: Vec<i64> = paid.map(|payment| hundredths(&payment["amount"])).collect();
    charged.sort_unstable();
    paid.sort_unstable();
    assert_eq!(charged, paid, "what user {user} was charged under each key, and what was paid");
}

/// The final answers to the requests to a path.
fn answers<'a>(asks: &'a [&Ask], path: &'static str) -> impl Iterator<Item = (u16, &'a Value)> {
    asks.iter().filter(move |ask| ask.path == path).map(|ask| ask.answer())
}

async fn list(world: &impl World, service: &str, path: &str, field: &str) -> Vec<Value> {
    let mut reply = get(world, service, &format!("{path}?limit=10000")).await;
    assert!(reply.get("next").is_none_or(Value::is_null), "{path} has more than one page: set fewer kills");
    let Value::Array(list) = reply[field].take() else { panic!("{path} has no {field}: {reply}") };
    list
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
