//! A crash before and after every exchange and at every sync of the disk: every payment is finished, once.

use std::time::Duration;

use chassis::Disk;
use http::Method;
use payments::domain::Moment;
use payments::store::PaymentStore;
use serde_json::Value;

use crate::bench::{Answer, Bench};
use crate::shop::{Mishap, units};

/// Pays order 1 under a key, unless the process ends first.
async fn pay_or_crash(bench: &Bench) -> Option<Answer> {
    let answer = tokio::select! {
        biased;
        answer = bench.pay(1, Some("click")) => Some(answer),
        () = bench.shop.crashed() => None,
    };
    answer.filter(|_| !bench.disk.has_failed())
}

async fn refund_or_crash(bench: &Bench) -> Option<Answer> {
    let answer = tokio::select! {
        biased;
        answer = bench.refund(1, None, Some("oops")) => Some(answer),
        () = bench.shop.crashed() => None,
    };
    answer.filter(|_| !bench.disk.has_failed())
}

async fn unfinished(bench: &Bench) -> usize {
    let Value::Array(payments) = bench.get("/api/payments").await.body["payments"].clone() else { panic!() };
    let between = |payment: &&Value| {
        !matches!(payment["status"].as_str(), Some("completed" | "declined" | "voided"))
            || units(&payment["refunding_amount"]) != 0
    };
    payments.iter().filter(between).count()
}

/// Restarts after the crash: everything settles without a further request, and a repeated request gets the one payment.
async fn recovers(bench: Bench) {
    let bench = bench.crash().await;
    bench.settle().await;
    assert_eq!(unfinished(&bench).await, 0);
    match bench.shop.order_status(1) {
        "confirmed" => assert_eq!(bench.shop.balance(1), 40_000),
        _ => assert_eq!(bench.shop.balance(1), 50_000),
    }
    let paid = bench.pay(1, Some("click")).await;
    assert_eq!((paid.status, &paid.body["payment"]["id"]), (201, &Value::from(1)), "{paid:?}");
    assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (40_000, "confirmed"));
    let disk = Disk::Backend(Box::new(bench.disk.after_crash()));
    let store = PaymentStore::open(disk, 0, Moment(0)).unwrap();
    assert_eq!(store.unfinished(None, 10).unwrap(), [], "no work is left unfinished");
}

#[tokio::test(start_paused = true)]
async fn at_every_exchange_of_a_payment() {
    for exchange in 0.. {
        let bench = Bench::new();
        bench.shop.order(1, 1, 10_000);
        bench.shop.crash_after(Some(exchange));
        if pay_or_crash(&bench).await.is_some() {
            assert_eq!(exchange, 6, "reading the order, charging, confirming: each before and after");
            return;
        }
        recovers(bench).await;
    }
}

#[tokio::test(start_paused = true)]
async fn at_every_sync_of_a_payment() {
    for sync in 0.. {
        let bench = Bench::new();
        bench.shop.order(1, 1, 10_000);
        bench.disk.fail_after(sync);
        if pay_or_crash(&bench).await.is_some() {
            assert!(sync >= 3, "intent, charge and completion are on disk before the answer");
            return;
        }
        recovers(bench).await;
    }
}

#[tokio::test(start_paused = true)]
async fn at_every_exchange_and_every_sync_of_a_refund() {
    let refunded = async |bench: Bench| {
        let bench = bench.crash().await;
        bench.settle().await;
        assert_eq!(unfinished(&bench).await, 0);
        let again = bench.refund(1, None, Some("oops")).await;
        assert_eq!(again.status, 200, "{again:?}");
        assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (50_000, "refunded"));
    };
    for exchange in 0..=4 {
        let bench = Bench::new();
        bench.shop.order(1, 1, 10_000);
        bench.pay(1, None).await;
        bench.shop.crash_after(Some(exchange));
        let finished = refund_or_crash(&bench).await.is_some();
        assert_eq!(finished, exchange == 4, "crediting and marking: each before and after");
        refunded(bench).await;
    }
    for sync in 0..10 {
        let bench = Bench::new();
        bench.shop.order(1, 1, 10_000);
        bench.pay(1, None).await;
        bench.disk.fail_after(sync);
        refund_or_crash(&bench).await;
        refunded(bench).await;
    }
}

#[tokio::test(start_paused = true)]
async fn several_times_within_one_payment() {
    let mut bench = Bench::new();
    bench.shop.order(1, 1, 10_000);
    bench.shop.crash_after(Some(2));
    assert!(pay_or_crash(&bench).await.is_none(), "the intent is on disk, the charge not yet sent");
    for exchange in [0, 1, 0, 1] {
        bench = bench.crash().await;
        bench.shop.crash_after(Some(exchange));
        bench.shop.crashed().await;
    }
    recovers(bench).await;
}

#[tokio::test(start_paused = true)]
async fn keys_and_answers_outlive_the_process() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 10_000);
    let first = bench.pay(1, Some("click")).await;
    let bench = bench.crash().await;
    let again = bench.pay(1, Some("click")).await;
    assert_eq!((again.status, again.replayed), (201, true));
    assert_eq!(again.body, first.body);
    let other = serde_json::json!({ "order_id": 2, "user_id": 1 });
    assert_eq!(bench.post("/api/payments", Some("click"), other).await.status, 422);
}

#[tokio::test(start_paused = true)]
async fn a_new_database_does_not_get_the_decisions_of_the_old_one() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 10_000);
    bench.shop.order(2, 1, 5_000);
    assert_eq!(bench.pay(1, None).await.status, 201);
    bench.settle().await;
    let bench = bench.on_a_new_disk().await;
    let paid = bench.pay(2, None).await;
    assert_eq!((paid.status, &paid.body["payment"]["id"]), (201, &Value::from(1)));
    assert_eq!(bench.shop.balance(1), 35_000, "payment 1 of the new database is another charge");
}

#[tokio::test(start_paused = true)]
async fn hundreds_left_unfinished_are_all_finished() {
    let orders = 300;
    let bench = Bench::new();
    bench.shop.deposit(1, 1_000_000);
    for order in 1..=orders {
        bench.shop.order(order, 1, 10);
    }
    // The process ends with every intent on disk and every charge lost.
    bench.shop.misbehave(Method::POST, "/balance", u32::MAX, Mishap::Hang);
    let pays = futures_util::future::join_all((1..=orders).map(|order| bench.pay(order, None)));
    assert!(tokio::time::timeout(Duration::from_secs(1), pays).await.is_err(), "they all wait");
    bench.shop.behave();
    let bench = bench.crash().await;
    bench.settle().await;
    let mut after = String::new();
    let mut finished = 0;
    loop {
        let page = bench.get(&format!("/api/payments?limit=70{after}")).await.body;
        finished +=
            page["payments"].as_array().unwrap().iter().filter(|p| p["status"] == "completed").count();
        let Some(next) = page["next"].as_u64() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(finished as u64, orders);
    assert_eq!(bench.shop.balance(1), 1_050_000 - 10 * i64::try_from(orders).unwrap());
}
