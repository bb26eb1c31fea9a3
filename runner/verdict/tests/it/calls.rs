//! Single calls on links, circuits, and times of repeated requests.

use std::{collections::BTreeMap, time::Duration};

use fault::Refusal;
use http::{HeaderMap, Method};
use scenario::Scope;
use serde_json::json;
use verdict::{
    Circuit, Exchange, History, HistoryEvent, NoReply, Reply, Request, judge_calls, judge_circuits,
    judge_timing,
};

use super::{
    link, reply, shown,
    written::{expect, step},
};

/// Appends a call `at` a time in milliseconds that takes `took` of them.
fn call(
    history: &mut History,
    at: u64,
    took: u64,
    request: &str,
    key: &str,
    received: Result<Reply, NoReply>,
) {
    let mut words = request.split(' ');
    let mut word = || words.next().expect("caller, callee, method, path");
    let (on, method, path) = (link(&format!("{} -> {}", word(), word())), word(), word());
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", key.parse().expect("a value"));
    let body = json!({"key": key, "n": 1}).to_string().into_bytes().into();
    let request =
        Request { method: method.parse::<Method>().expect("a method"), path: path.into(), headers, body };
    let (sent, ended) = (Duration::from_millis(at), Duration::from_millis(at + took));
    let id = history.send(sent, Some(0), on, request, Vec::new());
    history.append(ended, Some(0), HistoryEvent::Ended(id, received));
}

fn history() -> History {
    let mut history = History::default();
    let ok = || Ok(reply(200, &json!({})));
    call(&mut history, 5, 90, "client shop POST /payments", "a", ok());
    call(
        &mut history,
        10,
        5,
        "bank shop POST /users/1/balance?dry=no&tag=a&tag=b%20c",
        "a",
        Err(NoReply::Reset),
    );
    call(&mut history, 50, 5, "bank shop POST /users/1/balance", "a", ok());
    call(&mut history, 70, 5, "bank shop PUT /orders/1", "b", ok());
    history
}

fn findings(calls: &str, refusals: &BTreeMap<fault::Link, Refusal>) -> Vec<String> {
    let expect = expect(&format!("{{ calls: [{calls}] }}"));
    shown(&judge_calls(&expect.calls, &history(), 0, &Scope::default(), refusals))
}

#[track_caller]
fn check(calls: &str, expected: &[&str]) {
    assert_eq!(findings(calls, &BTreeMap::new()), expected, "{calls}");
}

#[test]
fn calls_are_counted_by_what_they_match() {
    let balance = "link: bank -> shop, match: POST /users/*/balance";
    check(&format!("{{ {balance}, count: 2 }}"), &[]);
    check(&format!("{{ {balance}, count: 1-3 }}"), &[]);
    check(&format!("{{ {balance}, headers: {{ idempotency-key: a }}, count: count == 2 }}"), &[]);
    check(&format!("{{ {balance}, headers: {{ idempotency-key: b }}, count: 0 }}"), &[]);
    check(&format!("{{ {balance}, that: \"body.key == 'a' and status == 200\", count: 1 }}"), &[]);
    check("{ link: bank -> shop, that: \"query.tag == ['a', 'b c'] and query.dry == 'no'\" }", &[]);
    check("{ link: client -> shop, match: /payments }", &[]);
    check("{ link: bank -> shop, match: DELETE }", &["calls bank -> shop DELETE: count >= 1 / no call"]);
    check(
        "{ link: bank -> shop, match: PUT, that: status == 500 }",
        &["calls bank -> shop PUT: count >= 1 / no call of 1 matches\nPUT /orders/1 at 70 ms"],
    );
    check(
        &format!("{{ {balance}, count: 3 }}"),
        &[
            "calls bank -> shop POST /users/*/balance: count == 3 / 2 calls\nPOST /users/1/balance?dry=no&tag=a&tag=b%20c at 10 ms\nPOST /users/1/balance at 50 ms",
        ],
    );
    // A condition that has no value for any call would select none, whatever happens.
    check(
        &format!("{{ {balance}, that: body.kye == 'a', count: 0 }}"),
        &[
            "calls bank -> shop POST /users/*/balance: body.kye == 'a' / `body` has `key`, `n`; it has no `kye`",
        ],
    );
}

#[test]
fn calls_are_compared_with_each_other() {
    let balance = "link: bank -> shop, match: POST /users/*/balance";
    check(&format!("{{ {balance}, apart: '>= 40ms', same: [\"headers['idempotency-key']\", body.n] }}"), &[]);
    check(&format!("{{ {balance}, apart: 10ms-40ms }}"), &[]);
    let kind = "calls bank -> shop POST /users/*/balance";
    let between = "40 ms between POST /users/1/balance?dry=no&tag=a&tag=b%20c at 10 ms and POST /users/1/balance at 50 ms";
    check(&format!("{{ {balance}, apart: '>= 100ms' }}"), &[&format!("{kind}: apart >= 100 ms / {between}")]);
    check(&format!("{{ {balance}, apart: '<= 20ms' }}"), &[&format!("{kind}: apart <= 20 ms / {between}")]);
    check(
        "{ link: bank -> shop, match: PUT, apart: '>= 100ms' }",
        &["calls bank -> shop PUT: two calls or more / 1 call to compare\nPUT /orders/1 at 70 ms"],
    );
    check(
        "{ link: bank -> shop, same: body.key }",
        &[
            "calls bank -> shop: same body.key / \"a\" in POST /users/1/balance?dry=no&tag=a&tag=b%20c at 10 ms, POST /users/1/balance at 50 ms\n\"b\" in PUT /orders/1 at 70 ms",
        ],
    );
    check(
        "{ link: bank -> shop, different: body.key }",
        &[
            "calls bank -> shop: different body.key / \"a\" in POST /users/1/balance?dry=no&tag=a&tag=b%20c at 10 ms, POST /users/1/balance at 50 ms",
        ],
    );
    check(
        "{ link: bank -> shop, different: path }",
        &[
            "calls bank -> shop: different path / \"/users/1/balance\" in POST /users/1/balance?dry=no&tag=a&tag=b%20c at 10 ms, POST /users/1/balance at 50 ms",
        ],
    );
    check("{ link: bank -> shop, different: path ~ status }", &[]);
}

#[test]
fn calls_have_an_order_in_which_one_that_is_sent_again_counts_once() {
    let (pay, charge, confirm) =
        ("client -> shop", "POST bank -> shop /users/*/balance", "PUT bank -> shop /orders/*");
    check(&format!("{{ order: [{pay}, {charge}, {confirm}] }}"), &[]);
    check(&format!("{{ order: [{charge}, {confirm}] }}"), &[]);
    let expected = "bank -> shop PUT /orders/*\nbank -> shop POST /users/*/balance";
    let found = "POST /users/1/balance?dry=no&tag=a&tag=b%20c at 10 ms\nPOST /users/1/balance at 50 ms\nPUT /orders/1 at 70 ms";
    check(
        &format!("{{ order: [{confirm}, {charge}] }}"),
        &[&format!("order of calls: {expected} / {found}")],
    );
    check(
        "{ order: [GET client -> shop, DELETE bank -> shop] }",
        &["order of calls: client -> shop GET\nbank -> shop DELETE / none of these calls"],
    );
}

#[test]
fn a_call_that_happens_again_after_a_later_one_is_out_of_order() {
    let mut history = History::default();
    for (at, request) in
        [(5, "bank shop PUT /orders/1"), (6, "bank shop POST /charge"), (7, "bank shop PUT /orders/1")]
    {
        call(&mut history, at, 1, request, "a", Ok(reply(200, &json!({}))));
    }
    let expect = expect("{ calls: [{ order: [POST bank -> shop, PUT bank -> shop] }] }");
    let found = shown(&judge_calls(&expect.calls, &history, 0, &Scope::default(), &BTreeMap::new()));
    let calls = "PUT /orders/1 at 5.0 ms\nPOST /charge at 6.0 ms\nPUT /orders/1 at 7.0 ms";
    assert_eq!(found, [format!("order of calls: bank -> shop POST\nbank -> shop PUT / {calls}")]);
}

#[test]
fn refused_calls_leave_their_number_open() {
    let refusals = [(link("bank -> shop"), Refusal::Absent("shop".parse().expect("a name")))].into();
    assert_eq!(findings("{ link: bank -> shop, count: '>= 2' }", &refusals), [""; 0]);
    let found = findings("{ link: bank -> shop, match: PUT, count: 1 }", &refusals);
    assert!(
        found[0].contains("1 call; refused connections don't count, and nothing listened for shop"),
        "{found:?}"
    );
}

#[test]
fn a_circuit_has_a_state_that_its_service_tells() {
    let circuit = |callee: &str, state: &str| Circuit {
        service: "bank".parse().expect("a name"),
        callee: callee.into(),
        state: state.into(),
        moves: Some(vec!["closed → open: 5 failures".into()]),
    };
    let check = |states: &str, told: &[Circuit], expected: &[&str]| {
        let expect = expect(&format!("{{ circuits: {{ bank -> shop: {states} }} }}"));
        assert_eq!(shown(&judge_circuits(&expect.circuits, told)), expected, "{states}");
    };
    check("open", &[circuit("shop", "open")], &[]);
    check("[closed, half-open]", &[circuit("shop", "HALF_OPEN")], &[]);
    check(
        "[closed, half-open]",
        &[circuit("shop", "open")],
        &["circuit bank -> shop: closed or half-open / open\n  closed → open: 5 failures"],
    );
    check(
        "open",
        &[circuit("users", "open")],
        &["circuit bank -> shop: open / bank told none to shop, only users: open"],
    );
    check("open", &[], &["circuit bank -> shop: open / bank told no circuit"]);
}

#[test]
fn the_times_of_repeated_requests_have_percentiles() {
    let mut history = History::default();
    for number in 1..=20 {
        call(
            &mut history,
            number * 1_000,
            if number == 7 { 412 } else { number },
            "client shop GET /x",
            "a",
            Ok(reply(200, &json!({}))),
        );
    }
    let exchanges: Vec<Exchange<'_>> = history.exchanges().collect();
    let findings = |timing: &str| {
        let timing =
            step(&format!("repeat: 20\n    request: GET shop /x\n    expect: {{ timing: {timing} }}"))
                .expect
                .timing;
        judge_timing(&timing, &exchanges, &Scope::default())
    };
    for timing in ["p95 <= 20ms", "p50 == 11ms", "max == 412ms and min == 1ms", "p96 > 400ms", "mean < 1s"] {
        assert_eq!(shown(&findings(timing)), [""; 0], "{timing}");
    }
    let found = findings("[p99 < 300ms, min > 0s]");
    assert_eq!(shown(&found), ["timing: p99 < 300ms / 0.412 < 0.3"]);
    let inputs = [
        ("the 20 requests", "min 1.0 ms, p50 11 ms, p90 19 ms, p95 20 ms, p99 412 ms, max 412 ms"),
        ("the slowest", "the 7th, GET /x: 412 ms"),
    ];
    assert_eq!(found[0].computed[0].inputs, inputs.map(|(name, value)| (name.to_owned(), value.to_owned())));
}
