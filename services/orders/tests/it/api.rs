//! Placing, reading and listing orders.

use http::StatusCode;
use serde_json::{Value, json};

use crate::service::Service;

#[tokio::test]
async fn an_order_is_placed_for_an_existing_user() {
    let service = Service::new();
    let reply = service.place(1, &[]).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    assert_eq!(reply.headers["location"], "/api/orders/1");
    let mut order = reply.body["order"].clone();
    assert!(order.as_object_mut().unwrap().remove("created_at").unwrap().as_str().unwrap().ends_with('Z'));
    let expected = json!({
        "id": 1, "user_id": 1, "user_name": "alice", "items": ["Phone"], "total_amount": 100.0,
        "status": "pending", "payment_id": null,
    });
    assert_eq!(order, expected);
    let read = service.get("/api/orders/1").await;
    assert_eq!(read["user"], json!({"id": 1, "username": "alice", "email": "alice@example.com"}));

    let unknown = service.place(9, &[]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(service.get("/api/orders").await["orders"].as_array().unwrap().len(), 1);
    let missing = service.send("GET", "/api/orders/2", &[], "").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn invalid_orders_are_refused_with_the_reason() {
    let service = Service::new();
    let check = async |body: Value, says: &str| {
        let reply = service.send("POST", "/api/orders", &[], body.to_string()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(reply.body["detail"].as_str().unwrap().contains(says), "{body}: {}", reply.body["detail"]);
    };
    check(json!({}), "`user_id` is missing; `items` is missing; `total_amount` is missing").await;
    let order = |items: Value, total: Value| json!({"user_id": 1, "items": items, "total_amount": total});
    check(order(json!(["x"]), json!(0)), "`total_amount` must be at least 0.01").await;
    check(order(json!(["x"]), json!(-1)), "`total_amount` must be").await;
    check(order(json!(["x"]), json!(1.005)), "at most two decimals").await;
    check(order(json!(["x"]), json!(1e10)), "`total_amount` must be at most").await;
    check(order(json!(["x"]), json!("1")), "`total_amount` must be a number").await;
    check(order(json!([]), json!(1)), "`items` must have 1 to 100 items").await;
    check(order(json!(vec!["x"; 101]), json!(1)), "`items` must have 1 to 100 items").await;
    check(order(json!(["x", ""]), json!(1)), "`items` at place 1 must have 1 to 200 characters").await;
    check(order(json!(["x", 7]), json!(1)), "`items` at place 1 must be a string").await;
    check(order(json!("x"), json!(1)), "`items` must be a list").await;
    check(json!({"user_id": 1.5, "items": ["x"], "total_amount": 1}), "`user_id` must be a whole number")
        .await;
    check(json!({"user_id": 0, "items": ["x"], "total_amount": 1}), "`user_id` must be at least 1").await;
    assert!(service.calls().is_empty(), "users-service is not called for an invalid order");
}

#[tokio::test]
async fn a_key_places_one_order_and_shows_its_present_state() {
    let service = Service::new();
    let key = ("idempotency-key", "click-1");
    let first = service.place(1, &[key]).await;
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_eq!(service.set(&[], json!({"status": "cancelled"})).await.status, StatusCode::OK);
    let again = service.place(1, &[key]).await;
    assert_eq!(
        (again.status, &again.headers["idempotency-replayed"]),
        (StatusCode::CREATED, &"true".parse().unwrap())
    );
    assert_eq!(
        (&again.body["order"]["id"], &again.body["order"]["status"]),
        (&json!(1), &json!("cancelled"))
    );
    assert_eq!(service.place(2, &[key]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(service.place(1, &[("idempotency-key", "click-2")]).await.body["order"]["id"], 2);
    assert_eq!(service.get("/api/orders").await["orders"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn two_requests_with_one_key_at_once_place_one_order() {
    let service = Service::new();
    let key = &[("idempotency-key", "double-click")];
    let (one, other) = tokio::join!(service.place(1, key), service.place(1, key));
    assert_eq!((one.body["order"]["id"].clone(), other.body["order"]["id"].clone()), (json!(1), json!(1)));
    assert_eq!(service.calls().len(), 2, "both read the user before either order was recorded");
    assert_eq!(service.get("/api/orders").await["orders"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_not_kept_under_a_key() {
    let service = Service::new();
    let key = ("idempotency-key", "click-1");
    assert_eq!(service.place(9, &[key]).await.status, StatusCode::NOT_FOUND);
    let other = service.place(1, &[key]).await;
    assert_eq!(
        other.status,
        StatusCode::CREATED,
        "nothing was recorded, so the key is unused: {}",
        other.body
    );
}

#[tokio::test]
async fn lists_are_newest_first_and_in_pages() {
    let service = Service::new();
    for user in [1, 2, 1, 1] {
        service.place(user, &[]).await;
    }
    let ids = |list: &Value| -> Vec<u64> {
        list["orders"].as_array().unwrap().iter().map(|order| order["id"].as_u64().unwrap()).collect()
    };
    let check = async |path: &str, expected: &[u64], next: Value| {
        let list = service.get(path).await;
        assert_eq!(
            (ids(&list), list.get("next").cloned().unwrap_or_default()),
            (expected.to_vec(), next),
            "{path}"
        );
    };
    check("/api/orders", &[4, 3, 2, 1], Value::Null).await;
    check("/api/orders?limit=3", &[4, 3, 2], json!(2)).await;
    check("/api/orders?limit=3&after=2", &[1], Value::Null).await;
    check("/api/orders?user_id=1&limit=2", &[4, 3], json!(3)).await;
    check("/api/orders?user_id=1&limit=2&after=3", &[1], Value::Null).await;
    check("/api/orders?user_id=7", &[], Value::Null).await;
    check("/api/users/2/orders", &[2], Value::Null).await;
    check("/api/users/1/orders?limit=1", &[4], json!(4)).await;
    let of_bob = service.get("/api/users/2/orders").await;
    assert_eq!((&of_bob["user_id"], &of_bob["user_name"]), (&json!(2), &json!("bob")));
    let unknown = service.send("GET", "/api/users/7/orders", &[], "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let wrong = service.send("GET", "/api/orders?user_id=x", &[], "").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    service.calls();
    service.get("/api/orders").await;
    assert_eq!(service.calls(), ["/api/users/1", "/api/users/2"], "each user is read once");
}

#[tokio::test]
async fn the_specification_has_every_status_of_the_contract() {
    let spec = Service::new().get("/openapi.json").await;
    let check = |operation: &str, expected: &str| {
        let responses = &spec.pointer(&format!("/paths/{operation}")).unwrap()["responses"];
        let statuses: Vec<_> = responses.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(statuses.join(" "), expected, "{operation}");
    };
    check("~1api~1orders/get", "200 400 500");
    check("~1api~1orders/post", "201 400 404 413 415 422 500 503");
    check("~1api~1orders~1{id}/get", "200 400 401 404 500");
    check("~1api~1orders~1{id}~1status/put", "200 400 401 404 409 413 415 500 503");
    check("~1api~1users~1{id}~1orders/get", "200 400 404 500 503");
}
