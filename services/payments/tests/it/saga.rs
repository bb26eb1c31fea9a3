//! Payments through lost replies, outages, refusals and deadlines.

use std::time::Duration;

use http::Method;
use tokio::time::{Instant, sleep};

use crate::bench::Bench;
use crate::shop::{Mishap, units};

#[tokio::test(start_paused = true)]
async fn a_payment_charges_and_confirms() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 29_999);
    let paid = bench.pay(1, None).await;
    assert_eq!(paid.status, 201, "{paid:?}");
    let payment = &paid.body["payment"];
    assert_eq!((payment["id"].as_u64(), payment["status"].as_str()), (Some(1), Some("completed")));
    assert_eq!((units(&payment["amount"]), units(&payment["new_balance"])), (29_999, 20_001));
    assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (20_001, "confirmed"));
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_charges_once() {
    for mishap in [Mishap::LoseReply, Mishap::CutOff, Mishap::LoseRequest, Mishap::Stranger(402)] {
        for (method, path) in [(Method::POST, "/balance"), (Method::PUT, "/status")] {
            let bench = Bench::new();
            bench.shop.order(1, 1, 10_000);
            bench.shop.misbehave(method, path, 1, mishap);
            let paid = bench.pay(1, None).await;
            assert_eq!(paid.status, 201, "{mishap:?} on {path}: {paid:?}");
            assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (40_000, "confirmed"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_pending_until_the_payment_is_completed() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 10_000);
    bench.shop.misbehave(Method::POST, "/balance", u32::MAX, Mishap::LoseReply);
    let began = Instant::now();
    let paid = bench.pay(1, Some("click")).await;
    assert!(began.elapsed() <= Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!((paid.status, paid.location.as_deref()), (202, Some("/api/payments/1")), "{paid:?}");
    assert_eq!(paid.body["payment"]["status"], "pending");
    bench.shop.behave();
    bench.settle().await;
    assert_eq!(bench.status(1).await, "completed");
    assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (40_000, "confirmed"));
    let again = bench.pay(1, Some("click")).await;
    assert_eq!((again.status, again.replayed), (201, true), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_confirmation_is_never_voided_and_the_payment_is_completed() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 10_000);
    bench.shop.misbehave(Method::PUT, "/status", u32::MAX, Mishap::LoseReply);
    assert_eq!(bench.pay(1, None).await.status, 202);
    sleep(payments::DEADLINE * 3).await;
    assert_eq!(bench.status(1).await, "charged", "long past the deadline");
    bench.shop.behave();
    bench.settle().await;
    assert_eq!(bench.status(1).await, "completed");
    assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (40_000, "confirmed"));
}

#[tokio::test(start_paused = true)]
async fn without_funds_it_is_declined_and_stays_so() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 60_000);
    let paid = bench.pay(1, Some("click")).await;
    assert_eq!((paid.status, paid.content_type.as_str()), (402, "application/problem+json"));
    bench.shop.deposit(1, 50_000);
    bench.settle().await;
    assert_eq!(bench.status(1).await, "declined");
    let again = bench.pay(1, Some("click")).await;
    assert_eq!((again.status, again.replayed), (402, true), "the key got its first answer");
    assert_eq!(bench.pay(1, None).await.status, 201, "a new one is a new payment");
    assert_eq!(bench.shop.balance(1), 40_000);
}

#[tokio::test(start_paused = true)]
async fn past_the_deadline_it_is_voided_and_a_late_charge_refused() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 10_000);
    bench.shop.misbehave(Method::POST, "/balance", u32::MAX, Mishap::DeliverLate);
    assert_eq!(bench.pay(1, Some("click")).await.status, 202);
    sleep(payments::DEADLINE + Duration::from_secs(10)).await;
    assert_eq!(bench.status(1).await, "voided");
    bench.shop.behave();
    let late = bench.shop.deliver_late();
    assert!(!late.is_empty() && late.iter().all(|status| *status == 410), "{late:?}");
    assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (50_000, "pending"));
    let again = bench.pay(1, Some("click")).await;
    assert_eq!((again.status, again.replayed), (409, true), "{again:?}");
    assert_eq!(bench.pay(1, None).await.status, 201, "the order is free again");
}

#[tokio::test(start_paused = true)]
async fn a_charge_whose_replies_were_lost_until_the_deadline_is_given_back() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 10_000);
    bench.shop.misbehave(Method::POST, "/balance", u32::MAX, Mishap::LoseReply);
    bench.pay(1, None).await;
    assert_eq!(bench.shop.balance(1), 40_000);
    bench.settle().await;
    assert_eq!((bench.status(1).await.as_str(), bench.shop.balance(1)), ("voided", 50_000));
    assert_eq!(bench.shop.order_status(1), "pending");
}

#[tokio::test(start_paused = true)]
async fn an_order_cancelled_meanwhile_gives_the_money_back() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 10_000);
    bench.shop.misbehave(Method::PUT, "/status", u32::MAX, Mishap::LoseRequest);
    assert_eq!(bench.pay(1, None).await.status, 202);
    bench.shop.set_order_status(1, "cancelled");
    bench.shop.behave();
    bench.settle().await;
    assert_eq!((bench.status(1).await.as_str(), bench.shop.balance(1)), ("voided", 50_000));
    assert_eq!(bench.get("/api/payments/1").await.body["reason"], "order_refused");
}

#[tokio::test(start_paused = true)]
async fn users_down_past_the_deadline_voids_once_they_are_back() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 10_000);
    bench.shop.misbehave(Method::POST, "/users/", u32::MAX, Mishap::Hang);
    bench.pay(1, None).await;
    sleep(payments::DEADLINE * 4).await;
    assert_eq!(bench.status(1).await, "voiding", "it waits for users to cancel the charge");
    bench.shop.behave();
    sleep(Duration::from_secs(10)).await;
    assert_eq!((bench.status(1).await.as_str(), bench.shop.balance(1)), ("voided", 50_000));
}

#[tokio::test(start_paused = true)]
async fn an_outage_costs_a_bounded_number_of_calls_however_many_payments_wait() {
    let bench = Bench::new();
    for order in 1..=40 {
        bench.shop.order(order, 1, 100);
    }
    bench.shop.misbehave(Method::POST, "/balance", u32::MAX, Mishap::LoseReply);
    let pays = (1..=40).map(|order| bench.pay(order, None));
    let answers = futures_util::future::join_all(pays).await;
    assert!(answers.iter().all(|paid| paid.status == 202 || paid.status == 503));
    let before = bench.shop.calls("POST", "/balance");
    sleep(Duration::from_secs(20)).await;
    let during = bench.shop.calls("POST", "/balance") - before;
    assert!((1..=10).contains(&during), "{during} calls in ten waits of two seconds, a probe each");
    bench.shop.behave();
    bench.settle().await;
    let completed = bench.get("/api/payments").await.body["payments"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|payment| payment["status"] == "completed")
        .count();
    assert_eq!(bench.shop.balance(1), 50_000 - 100 * i64::try_from(completed).unwrap());
    assert!(completed > 0);
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_records_nothing_and_says_when_to_retry() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 100);
    bench.shop.order(2, 1, 100);
    bench.shop.misbehave(Method::POST, "/balance", u32::MAX, Mishap::Refuse);
    bench.pay(1, None).await;
    let calls = bench.shop.state().calls.len();
    let refused = bench.pay(2, None).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.retry_after.is_some());
    assert_eq!(bench.shop.state().calls.len(), calls, "no call was made");
    bench.shop.behave();
    bench.settle().await;
    assert_eq!(bench.get("/api/payments").await.body["payments"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn twenty_at_once_for_one_order_one_wins() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 1_000);
    let answers = futures_util::future::join_all((0..20).map(|_| bench.pay(1, None))).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (1, 19), "{answers:?}");
    let held = answers.iter().filter(|answer| answer.body["type"] == "urn:shop:problem:order-has-payment");
    assert_eq!(held.count(), 19, "all twenty saw the order pending, and the index decided");
    assert_eq!(bench.shop.balance(1), 49_000);
    assert_eq!(bench.shop.calls("POST", "/balance"), 1);
}

#[tokio::test(start_paused = true)]
async fn twenty_at_once_under_one_key_are_one_payment() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 1_000);
    let answers = futures_util::future::join_all((0..20).map(|_| bench.pay(1, Some("click")))).await;
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 202)), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.iter().all(|answer| answer.body["payment"]["id"] == 1));
    assert_eq!(bench.shop.balance(1), 49_000);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_disconnects_leaves_its_payment_to_the_sweeper() {
    // The client disconnects after each of these times, at one await after another.
    for milliseconds in (4..2_000).step_by(250) {
        let bench = Bench::new();
        bench.shop.order(1, 1, 1_000);
        bench.shop.misbehave(Method::POST, "/balance", 1, Mishap::Hang);
        bench.shop.misbehave(Method::PUT, "/status", 1, Mishap::LoseReply);
        let asked = tokio::time::timeout(Duration::from_millis(milliseconds), bench.pay(1, None)).await;
        assert!(asked.is_err());
        bench.settle().await;
        let recorded = bench.status(1).await;
        assert_eq!(recorded, "completed", "after {milliseconds} ms");
        assert_eq!((bench.shop.balance(1), bench.shop.order_status(1)), (49_000, "confirmed"));
    }
}
