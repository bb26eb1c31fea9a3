//! The API: refusals, lists and the specification.

use http::Method;
use serde_json::json;

use crate::bench::Bench;
use crate::shop::Mishap;

#[tokio::test(start_paused = true)]
async fn refusals_are_problems_and_record_nothing() {
    let bench = Bench::new();
    bench.shop.order(1, 1, 1_000);
    bench.shop.order(2, 1, 1_000);
    bench.shop.set_order_status(2, "cancelled");
    for (body, status) in [
        (json!({ "order_id": 1 }), 400),
        (json!({ "order_id": 1, "user_id": "1" }), 400),
        (json!({ "order_id": -1, "user_id": 1 }), 400),
        (json!({ "order_id": 0, "user_id": 1 }), 400),
        (json!({ "order_id": 1, "user_id": 1, "amount": 1 }), 400),
        (json!([]), 400),
        (json!({ "order_id": 1, "user_id": 2 }), 403),
        (json!({ "order_id": 9, "user_id": 1 }), 404),
        (json!({ "order_id": 2, "user_id": 1 }), 409),
    ] {
        let answer = bench.post("/api/payments", Some("key"), body.clone()).await;
        assert_eq!(
            (answer.status, answer.content_type.as_str()),
            (status, "application/problem+json"),
            "{body}"
        );
        assert_eq!(answer.body["status"], status);
        assert_eq!(answer.body["instance"], "/api/payments");
    }
    assert_eq!(bench.get("/api/payments").await.body, json!({ "payments": [] }));
    assert_eq!(bench.pay(1, Some("key")).await.status, 201, "a refused request leaves its key unused");
    assert_eq!(bench.pay(1, None).await.status, 409, "paid already");
    assert_eq!(bench.get("/api/payments/9").await.status, 404);
    assert_eq!(bench.get("/api/payments/x").await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn orders_that_cannot_be_reached_are_503_and_nothing_is_recorded() {
    for mishap in [Mishap::Refuse, Mishap::Hang, Mishap::CutOff, Mishap::Stranger(404), Mishap::Stranger(500)]
    {
        let bench = Bench::new();
        bench.shop.order(1, 1, 1_000);
        bench.shop.misbehave(Method::GET, "/orders/", 3, mishap);
        let answer = bench.pay(1, Some("key")).await;
        assert_eq!(
            (answer.status, answer.retry_after.as_deref()),
            (503, Some("1")),
            "{mishap:?}: {answer:?}"
        );
        assert_eq!(bench.get("/api/payments").await.body["payments"], json!([]));
        bench.shop.behave();
        assert_eq!(bench.pay(1, Some("key")).await.status, 201, "{mishap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn lists_are_newest_first_in_pages() {
    let bench = Bench::new();
    for order in 1..=5 {
        bench.shop.order(order, 1, 100);
        assert_eq!(bench.pay(order, None).await.status, 201);
    }
    bench.shop.order(6, 2, 100);
    bench.post("/api/payments", None, json!({ "order_id": 6, "user_id": 2 })).await;
    let ids = async |path: &str| {
        let body = bench.get(path).await.body;
        let ids: Vec<u64> = body["payments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|payment| payment["id"].as_u64().unwrap())
            .collect();
        (ids, body["next"].as_u64())
    };
    assert_eq!(ids("/api/payments").await, (vec![6, 5, 4, 3, 2, 1], None));
    assert_eq!(ids("/api/payments?limit=4").await, (vec![6, 5, 4, 3], Some(3)));
    assert_eq!(ids("/api/payments?limit=4&after=3").await, (vec![2, 1], None));
    assert_eq!(ids("/api/payments?user_id=2").await, (vec![6], None));
    assert_eq!(ids("/api/payments?user_id=1&limit=2&after=4").await, (vec![3, 2], Some(2)));
    assert_eq!(ids("/api/payments?user_id=3").await, (vec![], None));
    let of_user = bench.get("/api/users/1/payments?limit=1").await;
    assert_eq!(
        (of_user.status, &of_user.body["user_name"], &of_user.body["next"]),
        (200, &json!("alice"), &json!(5))
    );
    assert_eq!(bench.get("/api/users/9/payments").await.status, 404);
    bench.shop.misbehave(Method::GET, "/users/", 9, Mishap::Refuse);
    assert_eq!(bench.get("/api/users/1/payments").await.status, 503);
    assert_eq!(bench.get("/api/payments?limit=0").await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn the_specification_has_every_status_of_the_contract() {
    let document = Bench::new().get("/openapi.json").await.body;
    for (path, method, statuses) in [
        ("/api/payments", "post", &["201", "202", "400", "402", "403", "404", "409", "422", "503"][..]),
        ("/api/payments", "get", &["200", "400"]),
        ("/api/payments/{id}", "get", &["200", "404"]),
        ("/api/users/{id}/payments", "get", &["200", "404", "503"]),
        ("/api/refund", "post", &["200", "202", "400", "404", "409", "422"]),
    ] {
        for status in statuses {
            let response = &document["paths"][path][method]["responses"][status];
            assert!(response.is_object(), "{method} {path} lacks {status}");
        }
    }
}
