//! Refunds: whole, in parts, at once, and through lost replies.

use http::Method;
use serde_json::Value;

use crate::bench::Bench;
use crate::shop::{Mishap, units};

async fn paid(total: i64) -> Bench {
    let bench = Bench::new();
    bench.shop.order(1, 1, total);
    assert_eq!(bench.pay(1, None).await.status, 201);
    bench
}

async fn amounts(bench: &Bench) -> (i64, i64) {
    let Value::Object(payment) = bench.get("/api/payments/1").await.body else { panic!("no payment") };
    (units(&payment["refunded_amount"]), units(&payment["refunding_amount"]))
}

#[tokio::test(start_paused = true)]
async fn a_whole_refund_marks_the_order_refunded() {
    let bench = paid(10_000).await;
    let refund = bench.refund(1, None, None).await;
    assert_eq!((refund.status, units(&refund.body["refund_amount"])), (200, 10_000), "{refund:?}");
    assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (50_000, "refunded"));
    assert_eq!((bench.status(1).await.as_str(), amounts(&bench).await), ("completed", (10_000, 0)));
    assert_eq!(bench.refund(1, None, None).await.status, 409, "nothing is left");
}

#[tokio::test(start_paused = true)]
async fn parts_add_up_to_the_whole_and_the_last_marks_the_order() {
    let bench = paid(10_000).await;
    assert_eq!(bench.refund(1, Some(33.33), None).await.status, 200);
    assert_eq!(bench.shop.order_status(1), "confirmed");
    assert_eq!(bench.refund(1, Some(66.68), None).await.status, 409, "a cent too much");
    let rest = bench.refund(1, None, None).await;
    assert_eq!((rest.status, units(&rest.body["refund_amount"])), (200, 6_667));
    assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (50_000, "refunded"));
}

#[tokio::test(start_paused = true)]
async fn at_once_they_never_exceed_the_amount() {
    let bench = paid(10_000).await;
    let refunds = (0..20).map(|_| bench.refund(1, Some(30.0), None));
    let answers = futures_util::future::join_all(refunds).await;
    let granted = answers.iter().filter(|refund| refund.status == 200).count();
    assert_eq!((granted, bench.shop.balance(1)), (3, 49_000), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn lost_replies_credit_once() {
    for (method, path) in [(Method::POST, "/balance"), (Method::PUT, "/status")] {
        for mishap in [Mishap::LoseReply, Mishap::CutOff, Mishap::Hang] {
            let bench = paid(10_000).await;
            bench.shop.misbehave(method.clone(), path, 8, mishap);
            let refund = bench.refund(1, None, Some("oops")).await;
            assert!(matches!(refund.status, 200 | 202), "{refund:?}");
            bench.settle().await;
            assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (50_000, "refunded"));
            let again = bench.refund(1, None, Some("oops")).await;
            assert_eq!((again.status, again.replayed), (200, true), "{again:?}");
            assert_eq!(bench.refund(1, Some(1.0), Some("oops")).await.status, 422);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shipped_order_keeps_its_status() {
    let bench = paid(10_000).await;
    bench.shop.set_order_status(1, "shipped");
    assert_eq!(bench.refund(1, None, None).await.status, 200);
    assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (50_000, "shipped"));
}

#[tokio::test(start_paused = true)]
async fn only_completed_payments_are_refunded() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 60_000);
    assert_eq!(bench.pay(1, None).await.status, 402);
    assert_eq!(bench.refund(1, None, None).await.status, 409);
    assert_eq!(bench.refund(2, None, None).await.status, 404);
    for amount in [0.0, -1.0, 0.001, 1e10] {
        assert_eq!(bench.refund(1, Some(amount), None).await.status, 400, "{amount}");
    }
}
