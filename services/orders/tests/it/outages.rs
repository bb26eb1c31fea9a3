//! Outages of users-service: what doesn't need it works, the rest is 503, and no order is recorded.

use http::StatusCode;
use serde_json::{Value, json};

use crate::service::{KEY, Service, Users};

/// Runtime with virtual time, in which waits take no real time.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

#[test]
fn no_order_is_placed_unless_its_user_is_known() {
    for users in
        [Users::Refuses, Users::CutsOff, Users::Hangs, Users::Fails, Users::WrongBody, Users::Replaced]
    {
        runtime().block_on(async {
            let service = Service::new();
            let key = ("idempotency-key", "click-1");
            service.users(users);
            let reply = service.place(1, &[key]).await;
            assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{users:?}");
            assert!(reply.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1);
            assert!(reply.body["detail"].as_str().unwrap().starts_with("users-service can't be reached"));
            assert_eq!(service.get("/api/orders").await["orders"], json!([]), "{users:?}");
            service.users(Users::Well);
            assert_eq!(service.place(1, &[key]).await.status, StatusCode::CREATED, "{users:?}");
        });
    }
}

#[test]
fn orders_are_shown_without_names() {
    runtime().block_on(async {
        let service = Service::new();
        service.place(1, &[]).await;
        for users in [Users::Refuses, Users::Hangs, Users::Fails, Users::WrongBody, Users::Replaced] {
            service.users(users);
            assert_eq!(service.get("/api/orders").await["orders"][0]["user_name"], Value::Null);
            assert_eq!(service.get("/api/orders/1").await["user"], Value::Null);
            let of_alice = service.send("GET", "/api/users/1/orders", &[], "").await;
            assert_eq!(of_alice.status, StatusCode::SERVICE_UNAVAILABLE);
        }
    });
}

#[test]
fn a_replay_needs_no_other_service() {
    runtime().block_on(async {
        let service = Service::new();
        let key = ("idempotency-key", "click-1");
        service.place(1, &[key]).await;
        service.users(Users::Refuses);
        let replay = service.place(1, &[key]).await;
        assert_eq!((replay.status, &replay.body["order"]["user_name"]), (StatusCode::CREATED, &Value::Null));
        assert_eq!(replay.headers["idempotency-replayed"], "true");
    });
}

#[test]
fn a_call_is_retried_after_a_lost_reply_and_not_after_a_timeout() {
    runtime().block_on(async {
        let service = Service::new();
        service.users(Users::CutsOff);
        service.place(1, &[]).await;
        assert_eq!(service.calls().len(), 3);
        service.users(Users::Hangs);
        service.place(1, &[]).await;
        assert_eq!(service.calls().len(), 1);
    });
}

#[test]
fn the_circuit_opens_stops_calls_and_recovers() {
    runtime().block_on(async {
        let service = Service::new();
        service.users(Users::Refuses);
        for _ in 0..3 {
            service.place(1, &[]).await;
        }
        let health = service.get("/health").await;
        assert_eq!(health["circuits"], json!({"users-service": "open"}));
        assert_eq!(health["dependencies"], json!({"users-service": "unavailable"}));
        let ready = service.send("GET", "/readyz", &[], "").await;
        assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
        service.calls();
        let silent = service.place(1, &[]).await;
        assert_eq!((silent.status, service.calls().len()), (StatusCode::SERVICE_UNAVAILABLE, 0));
        assert!(silent.body["detail"].as_str().unwrap().contains("circuit is open"));

        service.users(Users::Well);
        let wait: u64 = silent.headers["retry-after"].to_str().unwrap().parse().unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
        assert_eq!(service.place(1, &[]).await.status, StatusCode::CREATED);
        let circuit = &service.get("/circuits").await["circuits"]["users-service"];
        let moves: Vec<_> =
            circuit["transitions"].as_array().unwrap().iter().map(|it| it["to"].clone()).collect();
        assert_eq!(
            (json!(moves), &circuit["state"]),
            (json!(["open", "half_open", "closed"]), &json!("closed"))
        );
        assert_eq!(service.send("GET", "/readyz", &[], "").await.status, StatusCode::OK);
    });
}

#[test]
fn an_unknown_user_opens_no_circuit() {
    runtime().block_on(async {
        let service = Service::new();
        for _ in 0..50 {
            assert_eq!(service.place(9, &[]).await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(service.get("/health").await["circuits"], json!({"users-service": "closed"}));
    });
}

#[test]
fn health_waits_at_most_a_second_for_a_dependency() {
    runtime().block_on(async {
        let service = Service::new();
        service.users(Users::Hangs);
        let before = tokio::time::Instant::now();
        let health = service.get("/health").await;
        assert_eq!(health["dependencies"], json!({"users-service": "unavailable"}));
        assert_eq!(before.elapsed().as_secs(), 1);
        assert_eq!(health["circuits"], json!({"users-service": "closed"}));
    });
}

#[test]
fn a_service_reads_an_order_without_a_call_to_users() {
    runtime().block_on(async {
        let service = Service::new();
        service.place(1, &[]).await;
        service.users(Users::Hangs);
        service.calls();
        let reply = service.send("GET", "/api/orders/1", &[KEY], "").await;
        assert_eq!((reply.status, &reply.body["user"]), (StatusCode::OK, &Value::Null));
        assert!(service.calls().is_empty(), "an outage of users must not look like one of orders");
    });
}
