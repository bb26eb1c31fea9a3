//! The parts of the API that every service gets from chassis.

use http::StatusCode;
use serde_json::{Value, json};

use crate::service::{KEY, Service};

const USER: &str = r#"{"username": "dora", "email": "dora@example.com"}"#;

#[tokio::test]
async fn curl_without_a_header_is_json_and_a_browser_s_form_is_not() {
    let service = Service::new();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let json = ("content-type", "application/json; charset=utf-8");
    let check = async |headers: &[(&str, &str)], status: u16| {
        let reply = service.send("POST", "/api/users", headers, "{}").await;
        assert_eq!(reply.status, status, "{headers:?}");
    };
    check(&[form], 400).await;
    check(&[json], 400).await;
    check(&[], 400).await;
    check(&[json, ("origin", "http://evil.example")], 400).await;
    check(&[form, ("origin", "http://evil.example")], 415).await;
    check(&[form, ("sec-fetch-site", "cross-site")], 415).await;
    check(&[("sec-fetch-site", "cross-site")], 415).await;
    check(&[("content-type", "text/plain")], 415).await;
    check(&[("content-type", "multipart/form-data; boundary=x")], 415).await;
    assert_eq!(service.send("POST", "/api/users", &[form], USER).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn every_wrong_field_of_a_body_is_named() {
    let service = Service::new();
    let check = async |body: &str, says: &[&str]| {
        let reply = service.send("POST", "/api/users/1/balance", &[KEY], body.to_owned()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        let detail = reply.body["detail"].as_str().unwrap();
        assert!(says.iter().all(|says| detail.contains(says)), "{body}: {detail}");
    };
    check("", &["JSON body"]).await;
    check("{", &["not JSON"]).await;
    check("[1]", &["JSON object"]).await;
    check("{}", &["`amount` is missing"]).await;
    check(r#"{"amount": null}"#, &["`amount` is missing"]).await;
    check(r#"{"amount": "5"}"#, &["`amount` must be a number"]).await;
    check(r#"{"amount": 1.001}"#, &["`amount` must have at most two decimals"]).await;
    check(r#"{"amount": 1000000000.01}"#, &["`amount` must be at most"]).await;
    check(r#"{"amount": 0}"#, &["`amount` must be at least 0.01 or must be at most -0.01"]).await;
    check(r#"{"amount": 1e400}"#, &["not JSON"]).await;
    check(r#"{"amount": NaN}"#, &["not JSON"]).await;
    check(r#"{"amount": 1, "kind": "gift", "to": 3}"#, &["`kind` must be one of", "`to` is unknown"]).await;
}

#[tokio::test]
async fn errors_of_the_framework_are_problems_too() {
    let service = Service::new();
    let check = async |method: &str, path: &str, status: u16, says: &str| {
        let reply = service.send(method, path, &[KEY], "").await;
        assert_eq!(reply.status, status, "{method} {path}");
        assert!(reply.body["detail"].as_str().unwrap().contains(says), "{path}: {}", reply.body);
    };
    check("GET", "/nothing", 404, "/nothing").await;
    check("GET", "/api/users/", 404, "/api/users/").await;
    check("GET", "/api/users/abc", 400, "`id` in the path must be").await;
    check("GET", "/api/users/0", 400, "`id` in the path must be").await;
    check("GET", "/api/users/1%2F..%2F2", 400, "`id` in the path must be").await;
    check("GET", "/api/users/%FF", 400, "path").await;
    check("POST", "/api/users/1/operations/%20/cancel", 400, "`key` in the path must be").await;
    check("DELETE", "/api/users", 405, "GET, POST").await;
    check("POST", "/health", 405, "GET").await;
    check("POST", "/docs", 405, "GET").await;
    let reply = service.send("PATCH", "/api/users/1/balance", &[], "").await;
    assert_eq!(reply.headers["allow"], "GET, POST");
    let large = format!(r#"{{"username": "{}"}}"#, "x".repeat(70_000));
    assert_eq!(service.send("POST", "/api/users", &[], large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_unreadable_key_is_refused() {
    let service = Service::new();
    let check = async |keys: &[(&str, &str)]| {
        let headers: Vec<_> = [KEY].iter().chain(keys).copied().collect();
        let reply = service.send("POST", "/api/users/1/balance", &headers, r#"{"amount": -1}"#).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{keys:?}");
    };
    let long = "x".repeat(256);
    check(&[("idempotency-key", "ü")]).await;
    check(&[("idempotency-key", "a b")]).await;
    check(&[("idempotency-key", "")]).await;
    check(&[("idempotency-key", &long)]).await;
    check(&[("idempotency-key", "a"), ("idempotency-key", "b")]).await;
    assert_eq!(service.get("/api/users/1/balance").await["balance"], json!(500.0));
}

#[tokio::test]
async fn a_service_reports_its_health_and_leads_to_its_docs() {
    let service = Service::new();
    let health = service.get("/health").await;
    let expected = json!({
        "status": "healthy", "service": "users-service", "port": 0, "dependencies": {}, "circuits": {},
    });
    assert_eq!(health, expected);
    service.get("/livez").await;
    service.get("/readyz").await;
    assert_eq!(service.get("/circuits").await, json!({"circuits": {}}));
    let root = service.send("GET", "/", &[], "").await;
    assert_eq!((root.status, &root.headers["location"]), (StatusCode::SEE_OTHER, &"/docs".parse().unwrap()));
    let docs = service.send("GET", "/docs", &[], "").await;
    assert_eq!(docs.headers["content-type"], "text/html; charset=utf-8");
}

#[tokio::test]
async fn the_specification_has_every_status_of_the_contract() {
    let spec = Service::new().get("/openapi.json").await;
    assert_eq!(spec["openapi"], "3.1.0");
    let check = |operation: &str, expected: &str| {
        let operation = &spec.pointer(&format!("/paths/{operation}")).unwrap_or(&Value::Null)["responses"];
        let statuses: Vec<_> = operation.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(statuses.join(" "), expected);
        for (status, response) in operation.as_object().unwrap() {
            let media = if status.starts_with('2') { "application/json" } else { "application/problem+json" };
            assert!(response["content"][media]["schema"]["$ref"].is_string(), "{status}: {response}");
        }
    };
    check("~1api~1users/get", "200 400 500");
    check("~1api~1users/post", "201 400 409 413 415 500 503");
    check("~1api~1users~1{id}/get", "200 400 404 500");
    check("~1api~1users~1{id}~1balance/get", "200 400 404 500");
    check("~1api~1users~1{id}~1balance/post", "200 400 401 402 404 410 413 415 422 500 503");
    check("~1api~1users~1{id}~1operations/get", "200 400 404 500");
    check("~1api~1users~1{id}~1operations~1{key}~1cancel/post", "200 400 401 404 409 500 503");
    check("~1api~1ledger/get", "200 500");
    assert_eq!(spec["components"]["securitySchemes"]["ServiceKey"]["name"], "X-Service-Key");
    assert_eq!(spec["components"]["schemas"]["NewUser"]["additionalProperties"], json!(false));
    let nullable = &spec["components"]["schemas"]["Entry"]["properties"]["counterpart"]["anyOf"];
    assert_eq!(nullable[1], json!({"type": "null"}));
    let optional = &spec["components"]["schemas"]["BalanceChange"]["properties"]["kind"]["anyOf"];
    assert_eq!(optional[1], json!({"type": "null"}), "a field that may be left out may be null");
    let path = &spec.pointer("/paths/~1api~1users~1{id}/get/parameters/0/schema").unwrap()["maximum"];
    assert_eq!(path, &json!((1_u64 << 53) - 1), "the largest id to its last digit");
    assert_eq!(spec["components"]["schemas"]["NewUser"]["examples"][0]["username"], "dave");
    let kind = &spec["components"]["schemas"]["Kind"];
    assert_eq!(kind["enum"], json!(["charge", "refund", "deposit"]));
    assert!(kind["description"].as_str().unwrap().starts_with("What an operation is for"));
    let undescribed = &spec["components"]["schemas"]["HealthStatus"];
    assert_eq!(undescribed, &json!({"type": "string", "enum": ["healthy"]}));
}
