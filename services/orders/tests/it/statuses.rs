//! Statuses of orders: which changes are possible, and for which callers.

use http::StatusCode;
use serde_json::{Value, json};

use crate::service::{KEY, Service};

fn by(payment: u64, status: &str, amount: f64) -> Value {
    json!({"status": status, "payment_id": payment, "amount": amount})
}

#[tokio::test]
async fn an_order_is_confirmed_shipped_and_delivered() {
    let service = Service::new();
    service.place(1, &[]).await;
    let confirm = by(7, "confirmed", 100.0);
    for _ in 0..2 {
        let reply = service.set(&[KEY], confirm.clone()).await;
        assert_eq!((reply.status, &reply.body["new_status"]), (StatusCode::OK, &json!("confirmed")));
    }
    assert_eq!(service.get("/api/orders/1").await["payment_id"], 7);
    for status in ["shipped", "delivered"] {
        for _ in 0..2 {
            let reply = service.set(&[], json!({"status": status})).await;
            assert_eq!((reply.status, &reply.body["new_status"]), (StatusCode::OK, &json!(status)));
        }
        // A late or repeated confirmation changes nothing.
        let late = service.set(&[KEY], confirm.clone()).await;
        assert_eq!((late.status, &late.body["new_status"]), (StatusCode::OK, &json!(status)));
    }
    let back = service.set(&[], json!({"status": "shipped"})).await;
    assert_eq!(back.status, StatusCode::CONFLICT);
    assert_eq!(service.get("/api/orders/1").await["status"], "delivered");
}

#[tokio::test]
async fn a_cancelled_order_is_never_confirmed() {
    let service = Service::new();
    service.place(1, &[]).await;
    for _ in 0..2 {
        assert_eq!(service.set(&[], json!({"status": "cancelled"})).await.status, StatusCode::OK);
        assert_eq!(service.set(&[KEY], by(7, "confirmed", 100.0)).await.status, StatusCode::CONFLICT);
    }
    assert_eq!(service.get("/api/orders/1").await["payment_id"], Value::Null);
}

#[tokio::test]
async fn a_confirmed_order_is_refunded_but_not_cancelled() {
    let service = Service::new();
    service.place(1, &[]).await;
    let check = async |body: Value, status: u16| {
        let reply = service.set(&[KEY], body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.body);
    };
    check(by(7, "refunded", 100.0), 409).await;
    check(by(7, "confirmed", 99.99), 409).await;
    check(by(7, "confirmed", 100.0), 200).await;
    check(by(8, "confirmed", 100.0), 409).await;
    check(json!({"status": "cancelled"}), 409).await;
    check(by(8, "refunded", 100.0), 409).await;
    check(by(7, "refunded", 100.0), 200).await;
    check(by(7, "refunded", 100.0), 200).await;
    check(by(7, "confirmed", 100.0), 200).await;
    check(json!({"status": "shipped"}), 409).await;
    assert_eq!(service.get("/api/orders/1").await["status"], "refunded");
}

#[tokio::test]
async fn only_the_payment_service_confirms_and_refunds() {
    let service = Service::new();
    service.place(1, &[]).await;
    for status in ["confirmed", "refunded"] {
        assert_eq!(service.set(&[], by(7, status, 100.0)).await.status, StatusCode::UNAUTHORIZED);
        let wrong = ("x-service-key", "guess");
        assert_eq!(service.set(&[wrong], by(7, status, 100.0)).await.status, StatusCode::UNAUTHORIZED);
        let check = async |body: Value, says: &str| {
            let reply = service.set(&[KEY], body).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST);
            assert!(reply.body["detail"].as_str().unwrap().contains(says));
        };
        check(json!({"status": status}), "`payment_id` is missing").await;
        check(json!({"status": status, "payment_id": 7}), "`amount` is missing").await;
    }
    let unknown = service.set(&[], json!({"status": "lost"})).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    assert!(unknown.body["detail"].as_str().unwrap().contains("`status` must be one of"));
    let missing = service.send("PUT", "/api/orders/2/status", &[], r#"{"status": "shipped"}"#).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}
