//! What a request sends: its method, query, headers, body and authentication.

use std::{collections::BTreeMap, path::PathBuf};

use http::HeaderMap;
use scenario::read_file_with;

use super::*;

/// The configuration of a service whose requests all bear something.
pub(crate) const CONF: &str = "
services:
  shop:
    base_url: http://localhost:1/api
    headers: { X-Key: k, X-Twice: [s, t] }
    auth: { basic: { user: ann, password: 'x y' } }
  bank: { base_url: 'http://localhost:2', auth: { bearer: of-the-bank } }
";

/// Runs a scenario whose configuration and files are these.
pub(crate) async fn run_with(stage: &Memory, conf: &str, text: &str) -> ScenarioResult {
    let configuration = read_configuration(conf, PathBuf::from("e2e.conf")).expect("a configuration");
    let files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::from([
        ("sub/photo.png".into(), vec![0x89, b'P', 0, 0xff]),
        ("sub/data.JSON".into(), b"{}".to_vec()),
    ]);
    let text = format!("scenario: test\n{text}");
    let scenario = match read_file_with(&text, PathBuf::from("sub/test.yaml"), &configuration, &files) {
        Ok(File::Scenario(scenario)) => Arc::from(scenario),
        other => panic!("{other:#?}\n{text}"),
    };
    run_scenario(stage, scenario, &Rules::from(&configuration), Seed(1), |_| {}).await
}

/// A request as text: its line, its headers but those of every request here, and its body.
fn shown(request: &verdict::Request, hidden: &[&str]) -> String {
    let headers: HeaderMap = request.headers.clone();
    let mut lines = vec![format!("{} {}", request.method, request.path)];
    for (name, value) in &headers {
        if !hidden.contains(&name.as_str()) {
            lines.push(format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        }
    }
    if !request.body.is_empty() {
        lines.push(String::from_utf8_lossy(&request.body).into_owned());
    }
    lines.join("\n")
}

/// The requests that a scenario with these steps sends.
pub(crate) async fn sent(conf: &str, text: &str, hidden: &[&str]) -> Vec<String> {
    let result = run_with(&shop(|_, _| (200, "{}".into())), conf, text).await;
    assert_eq!(findings(&result.verdict), [""; 0], "{text}");
    result.history.exchanges().map(|exchange| shown(exchange.request, hidden)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_written_is_sent() {
    let plain = "services: { shop: { base_url: http://localhost:1 } }";
    let check = async |request: &str, expected: &str| {
        let text = format!(
            "vars: {{ word: 'a&b', list: [1, two], nothing: null }}\nsteps:\n  - {{ {request}, expect: {{ status: 200 }} }}\n"
        );
        assert_eq!(sent(plain, &text, &[]).await, [expected.trim()], "{request}");
    };
    check("request: PROPFIND shop /files", "PROPFIND /files").await;
    check("request: M-SEARCH~1 shop /", "M-SEARCH~1 /").await;
    check("request: purge shop /", "purge /").await;
    check(
        "request: GET shop /a, query: { page: 2, tag: [a, b], q: \"${word}\", gone: null, 'x y': 'c=d?', e: '' }",
        "GET /a?page=2&tag=a&tag=b&q=a%26b&x%20y=c%3Dd?&e=",
    )
    .await;
    check("request: GET shop /a?b=1, query: { c: [2, null] }", "GET /a?b=1&c=2").await;
    check("request: GET shop /a?, query: { l: \"${list}\", n: \"${nothing}\" }", "GET /a?l=1&l=two").await;
    check("request: GET shop /a, query: { n: null }", "GET /a").await;
    check("request: GET shop /, headers: { X-Tag: [a, b], X-One: c }", "GET /\nx-tag: a\nx-tag: b\nx-one: c")
        .await;
    check("request: GET shop /, headers: { X-Tag: \"${list}\" }", "GET /\nx-tag: 1\nx-tag: two").await;
    let form = "content-type: application/x-www-form-urlencoded";
    check(
        "request: POST shop /, form: { tag: [a, \"${word}\"], n: 1.50, gone: null, yes: true }",
        &format!("POST /\n{form}\ntag=a&tag=a%26b&n=1.50&yes=true"),
    )
    .await;
    check("request: PUT shop /, file: data.JSON", "PUT /\ncontent-type: application/json\n{}").await;
    check(
        "request: PUT shop /, file: photo.png, headers: { Content-Type: image/x }",
        "PUT /\ncontent-type: image/x\n\u{fffd}P\0\u{fffd}",
    )
    .await;
    check("request: PUT shop /, body: {}, headers: { Content-Type: null }", "PUT /\n{}").await;
    check("request: GET shop /, auth: { bearer: \"${word}\" }", "GET /\nauthorization: Bearer a&b").await;
    check(
        "request: GET shop /, auth: { basic: { user: Aladdin, password: 'open sesame' } }",
        "GET /\nauthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn parts_are_sent_with_their_names_types_and_bytes() {
    let plain = "services: { shop: { base_url: http://localhost:1 } }";
    let multipart = "{ note: 'hello ${1 + 1}', photo: { file: photo.png, type: image/x, name: 'o\"ther.png' }, more: [ { text: '{}', type: application/json }, { file: data.JSON } ] }";
    let text = format!(
        "steps:\n  - {{ request: POST shop /, multipart: {multipart}, expect: {{ status: 200 }} }}\n"
    );
    let first = sent(plain, &text, &[]).await;
    let boundary =
        first[0].split("boundary=").nth(1).and_then(|rest| rest.lines().next()).expect("a boundary");
    let expected = [
        "POST /",
        &format!("content-type: multipart/form-data; boundary={boundary}"),
        &format!("--{boundary}\r"),
        "Content-Disposition: form-data; name=\"note\"\r\n\r\nhello 2\r",
        &format!("--{boundary}\r"),
        "Content-Disposition: form-data; name=\"photo\"; filename=\"o%22ther.png\"\r",
        "Content-Type: image/x\r\n\r\n\u{fffd}P\0\u{fffd}\r",
        &format!("--{boundary}\r"),
        "Content-Disposition: form-data; name=\"more\"\r\nContent-Type: application/json\r\n\r\n{}\r",
        &format!("--{boundary}\r"),
        "Content-Disposition: form-data; name=\"more\"; filename=\"data.JSON\"\r",
        "Content-Type: application/json\r\n\r\n{}\r",
        &format!("--{boundary}--\r\n"),
    ];
    assert_eq!(first, [expected.join("\n")]);
    assert_eq!(sent(plain, &text, &[]).await, first, "the same seed gives the same boundary");
    let typed = text.replace("request:", "headers: { Content-Type: multipart/mixed }, request:");
    let typed = sent(plain, &typed, &[]).await;
    assert!(typed[0].contains(&format!("content-type: multipart/mixed; boundary={boundary}")), "{typed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_boundary_stands_in_no_part() {
    let plain = "services: { shop: { base_url: http://localhost:1 } }";
    let with = |note: &str| {
        format!(
            "steps:\n  - {{ request: POST shop /, multipart: {{ note: {note} }}, expect: {{ status: 200 }} }}\n"
        )
    };
    let boundary = |sent: &[String]| -> String {
        sent[0].split("boundary=").nth(1).and_then(|rest| rest.lines().next()).expect("a boundary").into()
    };
    let usual = boundary(&sent(plain, &with("x"), &[]).await);
    let other = boundary(&sent(plain, &with(&usual), &[]).await);
    assert_ne!(usual, other);
}

#[tokio::test(start_paused = true)]
async fn what_a_request_says_itself_wins_over_its_scenario_and_its_service() {
    let basic = "authorization: Basic YW5uOnggeQ==";
    let check = async |rest: &str, step: &str, expected: &[&str]| {
        let text = format!("{rest}\nsteps:\n  - {{ {step}, expect: {{ status: 200 }} }}\n");
        assert_eq!(sent(CONF, &text, &[]).await, [expected.join("\n")], "{text}");
    };
    let defaults = "defaults: { headers: { X-Key: d, X-More: m }, query: { a: 1, b: 2 } }";
    check("", "request: GET shop /", &["GET /", "x-key: k", "x-twice: s", "x-twice: t", basic]).await;
    check(
        "",
        "request: GET shop /, headers: { X-Twice: own }, auth: none",
        &["GET /", "x-twice: own", "x-key: k"],
    )
    .await;
    check(
        defaults,
        "request: GET shop /, query: { b: [3, 4] }",
        &["GET /?b=3&b=4&a=1", "x-key: d", "x-more: m", "x-twice: s", "x-twice: t", basic],
    )
    .await;
    check(
        defaults,
        "request: GET bank /, headers: { X-Key: null, Authorization: mine }",
        &["GET /?a=1&b=2", "authorization: mine", "x-more: m"],
    )
    .await;
    check(
        "defaults: { auth: { bearer: d } }",
        "request: GET bank /, headers: { Authorization: null }",
        &["GET /"],
    )
    .await;
    check("defaults: { auth: none }", "request: GET bank /", &["GET /"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_scenario_is_that_of_its_requests() {
    let late = "steps:\n  - request: GET shop /\n    expect: { no_reply: true }\n";
    let faults = "faults: { h: { link: client -> shop, outage: hang } }\n";
    let text = format!("{faults}defaults: {{ timeout: 40ms }}\n{late}")
        .replace("steps:\n", "steps:\n  - inject: h\n");
    let result = run_with(&shop(|_, _| (200, "{}".into())), CONF, &text).await;
    assert_eq!(findings(&result.verdict), [""; 0]);
    let exchange = result.history.exchanges().next().expect("one");
    assert_eq!(
        exchange.ending.expect("an end").received.expect_err("none"),
        &NoReply::TimedOut(Duration::from_millis(40))
    );
}

#[tokio::test(start_paused = true)]
async fn invariants_and_circuits_bear_what_every_request_to_a_service_does() {
    let stage = Memory {
        shop: Arc::new(|request: http::Request<bytes::Bytes>| {
            let known = request.headers().get("x-key").is_some_and(|key| key == "k");
            let status = if known && request.headers().contains_key("authorization") { 200 } else { 401 };
            http::Response::builder()
                .status(status)
                .body(r#"{"n": 1, "circuits": {"x": "open"}}"#.into())
                .expect("a reply")
        }),
        signals: Arc::default(),
        start_fails: None,
    };
    let conf = CONF.replace("auth: { basic", "circuits: /c\n    auth: { basic")
        + "invariants:\n  i: { when: always, observe: { n: GET shop /n }, holds: n.n == 1 }\n  s: { when: settled, observe: { n: GET shop /n }, holds: n.n == 1 }\n";
    let steps =
        |status: u16| format!("steps:\n  - {{ request: GET shop /, expect: {{ status: {status} }} }}\n");
    assert_eq!(findings(&run_with(&stage, &conf, &steps(200)).await.verdict), [""; 0]);
    let failed = run_with(&stage, &conf, &steps(201)).await;
    let told = |record: &verdict::Record| matches!(record.event, HistoryEvent::Circuit(_));
    assert!(failed.history.records().iter().any(told), "the circuits are told with the same headers");
}
