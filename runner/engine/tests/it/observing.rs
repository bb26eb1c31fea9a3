//! What invariants observe with headers, bodies and expectations.

use std::sync::Arc;

use http::{Request, Response};

use super::*;

/// A shop whose ledger is told to those with a token, and only if they ask for it by `POST`.
fn guarded() -> Memory {
    let handler = |request: Request<bytes::Bytes>| {
        let is_known = request.headers().get("authorization").is_some_and(|value| value == "Bearer t");
        let asks = request.method() == "POST" && request.body().as_ref() == br#"{"of":1}"#;
        let (status, body) = match request.uri().path() {
            "/ledger" if is_known && asks => (200, r#"{"sum": 0}"#),
            "/ledger" => (401, "{}"),
            "/moved" => (304, ""),
            _ => (200, "{}"),
        };
        let response = Response::builder().status(status).header("content-type", "application/json");
        response.body(body.into()).expect("a response")
    };
    Memory { shop: Arc::new(handler), signals: Arc::default(), start_fails: None }
}

async fn broken(observation: &str, holds: &str) -> Vec<String> {
    let invariants = format!(
        "invariants:\n  it adds up:\n    when: settled\n    observe: {{ ledger: {observation} }}\n    holds: {holds}\n"
    );
    let steps = "steps:\n  - request: GET shop /\n    expect: { status: 200 }\n";
    findings(&result(&guarded(), &invariants, steps).await.verdict)
}

#[tokio::test(start_paused = true)]
async fn an_observation_can_send_headers_and_a_body() {
    let asked = "request: POST shop /ledger, headers: { Authorization: Bearer t }, body: { of: 1 }";
    assert_eq!(broken(&format!("{{ {asked} }}"), "ledger.sum == 0").await, [""; 0]);
    let found = broken(&format!("{{ {asked} }}"), "ledger.sum == 1").await;
    assert!(found[0].starts_with("it adds up: ledger.sum == 1 / 0 == 1"), "{found:?}");
    let found = broken("GET shop /ledger", "ledger.sum == 0").await;
    assert_eq!(found, ["it adds up: can be observed / GET shop /ledger answered 401 Unauthorized"]);
}

#[tokio::test(start_paused = true)]
async fn the_status_of_an_observation_is_judged_by_what_it_expects() {
    let at = |path: &str, expect: &str| format!("{{ request: GET shop {path}{expect} }}");
    assert_eq!(broken(&at("/moved", ""), "ledger == ''").await, [""; 0]);
    assert_eq!(broken("GET shop /moved", "ledger == ''").await.len(), 1);
    assert_eq!(broken(&at("/ledger", ", expect: { status: 401 }"), "ledger != 1").await, [""; 0]);
    let found = broken(&at("/ledger", ", expect: { status: 2xx, body: { sum: 0 } }"), "ledger != 1").await;
    assert_eq!(found, ["it adds up: ledger: status 2xx / 401", "it adds up: ledger: body.sum 0 / absent"]);
}
