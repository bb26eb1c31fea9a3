//! Every status of the tables in the contract.

use http::StatusCode;
use serde_json::json;

use crate::service::{KEY, Service};

#[tokio::test]
async fn a_new_database_has_three_users() {
    let service = Service::new();
    let users = service.get("/api/users").await;
    let alice = json!({"id": 1, "username": "alice", "email": "alice@example.com", "balance": 500.0});
    assert_eq!(users["users"][0], alice);
    assert_eq!(users["users"][1]["balance"], json!(300.0));
    assert_eq!(users["users"][2]["balance"], json!(150.0));
    assert!(users.get("next").is_none());
    assert_eq!(service.get("/api/users/1").await, alice);
    let balance = service.get("/api/users/2/balance").await;
    assert_eq!(balance, json!({"user_id": 2, "username": "bob", "balance": 300.0}));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let service = Service::new();
    let first = service.get("/api/users?limit=2").await;
    assert_eq!((first["users"].as_array().unwrap().len(), &first["next"]), (2, &json!(2)));
    let second = service.get("/api/users?limit=2&after=2").await;
    assert_eq!(second["users"][0]["id"], 3);
    assert!(second.get("next").is_none());
    for wrong in ["limit=0", "limit=10001", "limit=x", "after=0", "after=-1", "limit="] {
        let reply = service.send("GET", &format!("/api/users?{wrong}"), &[], "").await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{wrong}");
        let name = wrong.split('=').next().unwrap();
        let most = if name == "limit" { "10000" } else { "9007199254740991" };
        assert_eq!(reply.body["detail"], format!("`{name}` must be a whole number from 1 to {most}"));
    }
}

#[tokio::test]
async fn a_name_and_an_email_are_taken_once() {
    let service = Service::new();
    let new = json!({"username": "dora", "email": "dora@example.com"});
    let reply = service.post("/api/users", &[], new).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    assert_eq!(reply.headers["location"], "/api/users/4");
    assert_eq!(reply.body["user"]["balance"], json!(100.0));
    let check = async |username: &str, email: &str, status: u16, says: &str| {
        let reply = service.post("/api/users", &[], json!({"username": username, "email": email})).await;
        assert_eq!(reply.status, status, "{username} {email}: {}", reply.body);
        assert!(reply.body["detail"].as_str().unwrap().contains(says), "{}", reply.body);
    };
    check("Dora", "other@example.com", 409, "username").await;
    check("eve", "DORA@example.com", 409, "email").await;
    check("", "eve@example.com", 400, "`username`").await;
    check("a b", "eve@example.com", 400, "`username`").await;
    check("eve", "no-address", 400, "`email`").await;
    let number = service.post("/api/users", &[], json!({"username": 7, "email": "eve@example.com"})).await;
    assert_eq!(number.status, StatusCode::BAD_REQUEST);
    assert!(
        number.body["detail"].as_str().unwrap().contains("`username` must be a string"),
        "{}",
        number.body
    );
    assert_eq!(service.get("/api/users").await["users"].as_array().unwrap().len(), 4);
    assert_eq!(service.get("/api/ledger").await["sum"], json!(0.0));
}

#[tokio::test]
async fn money_moves_by_the_service_key_alone() {
    let service = Service::new();
    let body = json!({"amount": -1});
    let path = "/api/users/1/balance";
    let without = service.post(path, &[], body.clone()).await;
    assert_eq!(without.status, StatusCode::UNAUTHORIZED);
    assert_eq!(without.headers["www-authenticate"], "X-Service-Key");
    let wrong = service.post(path, &[("x-service-key", "development-kez")], body.clone()).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let cancel = service.send("POST", "/api/users/1/operations/k/cancel", &[], "").await;
    assert_eq!(cancel.status, StatusCode::UNAUTHORIZED);
    assert_eq!(service.post(path, &[KEY], body).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_always_gets_the_same_answer() {
    let service = Service::new();
    let charge = json!({"amount": -299.99, "kind": "charge"});
    let first = service.change(1, "charge:1", charge.clone()).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.body["previous_balance"], json!(500.0));
    assert_eq!(first.body["amount_changed"], json!(-299.99));
    assert_eq!(first.body["new_balance"], json!(200.01));
    assert!(!first.headers.contains_key("idempotency-replayed"));
    // Without its kind it is the same charge.
    let again = service.change(1, "charge:1", json!({"amount": -299.99})).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = service.change(1, "charge:1", json!({"amount": -299.98})).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);

    let refused = service.change(1, "charge:2", charge.clone()).await;
    assert_eq!(refused.status, StatusCode::PAYMENT_REQUIRED);
    assert_eq!(service.change(1, "", json!({"amount": 1000})).await.status, StatusCode::OK);
    let still = service.change(1, "charge:2", charge).await;
    assert_eq!(still.status, StatusCode::PAYMENT_REQUIRED);
    assert_eq!(still.headers["idempotency-replayed"], "true");
    assert_eq!(service.get("/api/users/1/balance").await["balance"], json!(1200.01));
}

#[tokio::test]
async fn without_a_key_every_request_is_an_operation() {
    let service = Service::new();
    for _ in 0..2 {
        assert_eq!(service.change(1, "", json!({"amount": -10})).await.status, StatusCode::OK);
    }
    assert_eq!(service.get("/api/users/1/balance").await["balance"], json!(480.0));
    // A client may have used the key that the service would generate.
    assert_eq!(service.change(1, "unkeyed-5", json!({"amount": -1})).await.status, StatusCode::OK);
    assert_eq!(service.change(1, "", json!({"amount": -1})).await.status, StatusCode::OK);
    assert_eq!(service.get("/api/users/1/balance").await["balance"], json!(478.0));
}

#[tokio::test]
async fn a_cancelled_operation_never_counts() {
    let service = Service::new();
    let charge = json!({"amount": -100});
    assert_eq!(service.change(2, "a", charge.clone()).await.status, StatusCode::OK);
    assert_eq!(service.change(2, "b", json!({"amount": -1000})).await.status, StatusCode::PAYMENT_REQUIRED);
    for _ in 0..2 {
        let check = async |key: &str, outcome: &str| {
            let reply = service.cancel(2, key).await;
            assert_eq!(reply.status, StatusCode::OK);
            assert_eq!((&reply.body["outcome"], &reply.body["balance"]), (&json!(outcome), &json!(300.0)));
        };
        check("a", "reversed").await;
        check("b", "nothing_to_do").await;
        check("c", "tombstone").await;
    }
    for key in ["a", "c"] {
        assert_eq!(service.change(2, key, charge.clone()).await.status, StatusCode::GONE);
    }
    assert_eq!(service.change(2, "b", json!({"amount": -1000})).await.status, StatusCode::PAYMENT_REQUIRED);
    let ledger = service.get("/api/ledger").await;
    assert_eq!((&ledger["clearing"], &ledger["sum"]), (&json!(0.0), &json!(0.0)));
}

#[tokio::test]
async fn a_deposit_that_was_spent_cannot_be_cancelled() {
    let service = Service::new();
    assert_eq!(service.change(3, "gift", json!({"amount": 10})).await.status, StatusCode::OK);
    assert_eq!(service.change(3, "", json!({"amount": -155})).await.status, StatusCode::OK);
    assert_eq!(service.cancel(3, "gift").await.status, StatusCode::CONFLICT);
    assert_eq!(service.get("/api/users/3/balance").await["balance"], json!(5.0));
}

#[tokio::test]
async fn a_key_with_strange_characters_can_be_cancelled() {
    let service = Service::new();
    assert_eq!(service.change(1, "a/b?c%d", json!({"amount": -1})).await.status, StatusCode::OK);
    let reply = service.cancel(1, "a%2Fb%3Fc%25d").await;
    assert_eq!((&reply.body["key"], &reply.body["outcome"]), (&json!("a/b?c%d"), &json!("reversed")));
}

#[tokio::test]
async fn a_kind_has_a_sign_and_an_account() {
    let service = Service::new();
    let check = async |body: serde_json::Value, status: u16| {
        let reply = service.change(1, "", body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.body);
    };
    check(json!({"amount": 5, "kind": "charge"}), 400).await;
    check(json!({"amount": -5, "kind": "refund"}), 400).await;
    check(json!({"amount": -5, "kind": "deposit"}), 400).await;
    // Nothing was charged yet, so there is nothing to refund.
    check(json!({"amount": 5, "kind": "refund"}), 402).await;
    check(json!({"amount": -8, "kind": "charge"}), 200).await;
    check(json!({"amount": 5, "kind": "refund"}), 200).await;
    check(json!({"amount": 4}), 200).await;
    let ledger = service.get("/api/ledger").await;
    assert_eq!((&ledger["clearing"], &ledger["external"]), (&json!(3.0), &json!(-954.0)));
}

#[tokio::test]
async fn an_unknown_user_is_404_and_no_decision() {
    let service = Service::new();
    for path in ["/api/users/9", "/api/users/9/balance", "/api/users/9/operations"] {
        assert_eq!(service.send("GET", path, &[], "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(service.change(4, "k", json!({"amount": -5})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(service.cancel(4, "k").await.status, StatusCode::NOT_FOUND);
    service.post("/api/users", &[], json!({"username": "dora", "email": "d@e.f"})).await;
    assert_eq!(service.change(4, "k", json!({"amount": -5})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_statement_has_every_entry() {
    let service = Service::new();
    service.change(1, "a", json!({"amount": -100})).await;
    service.change(1, "b", json!({"amount": -1000})).await;
    service.cancel(1, "a").await;
    service.cancel(1, "c").await;
    let statement = service.get("/api/users/1/operations").await;
    let lines: Vec<_> = statement["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            json!([
                line["id"],
                line["key"],
                line["kind"],
                line["decision"],
                line["amount"],
                line["counterpart"],
                line["balance"]
            ])
        })
        .collect();
    assert_eq!(
        json!(lines),
        json!([
            [1, "opening", "deposit", "applied", 500.0, "external", 500.0],
            [2, "a", "charge", "applied", -100.0, "clearing", 400.0],
            [3, "b", "charge", "refused", -1000.0, "clearing", 400.0],
            [4, "a", "reversal", "applied", 100.0, "clearing", 500.0],
            [5, "c", "cancellation", "cancelled", 0.0, null, 500.0],
        ])
    );
    assert_eq!(statement["balance"], json!(500.0));
    let page = service.get("/api/users/1/operations?limit=2&after=1").await;
    assert_eq!((&page["operations"][0]["id"], &page["next"]), (&json!(2), &json!(3)));
}
