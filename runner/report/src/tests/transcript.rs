use std::{sync::Arc, time::Duration};

use engine::ScenarioResult;
use http::{HeaderValue, Method};
use scenario::{
    Action, BodyExpectation, Expectations, Expression, Judging, ReplyExpectation, RequestStep, TemplateValue,
    Times,
};
use serde_json::{Value, json};
use verdict::{Exit, History, HistoryEvent, NoReply, ProcessChange, Record, Verdict};

use super::{
    sample::{
        FIRST, LATER, SampleExchange, broken_off, exchange, expecting, failed, passed, request, result,
        service, step, unanswered,
    },
    text::check_text,
};
use crate::{
    normalise,
    transcript::{self, certain},
};

#[test]
fn transcripts_read_well() {
    check_text("transcript_passed", &transcript::text(&passed(FIRST)));
    check_text("transcript_failed", &transcript::text(&failed()));
    check_text("transcript_broken_off", &transcript::text(&broken_off()));
}

#[test]
fn runs_that_went_the_same_way_have_the_same_text() {
    let (first, later) = (passed(FIRST), passed(LATER));
    assert_ne!(first.history, later.history);
    let (first, later) = (transcript::text(&first), transcript::text(&later));
    assert_ne!(first, later, "retries depend on time");
    assert_eq!(certain(&first), certain(&later));
}

#[test]
fn a_field_that_no_step_names_changes_no_text() {
    let mut result = passed(FIRST);
    edit(&mut result, |reply| {
        reply.replace("created_at", "made_at").replace("\"id\"", "\"new\":[{}],\"id\"")
    });
    assert_ne!(result.history, passed(FIRST).history);
    assert_eq!(transcript::text(&result), transcript::text(&passed(FIRST)));
}

#[test]
fn a_run_that_went_another_way_has_another_text() {
    let changed = |change: fn(&mut ScenarioResult)| {
        let mut result = passed(FIRST);
        change(&mut result);
        certain(&transcript::text(&result))
    };
    let text = certain(&transcript::text(&passed(FIRST)));
    // The reply to the first order.
    assert_ne!(text, changed(|result| edit(result, |reply| reply.replace("pending", "confirmed"))));
    assert_ne!(text, changed(|result| edit(result, |reply| reply.replace("299.99", "300.00"))));
    assert_ne!(text, changed(|result| result.verdict = failed().verdict));
    let undamaged = changed(|result| {
        let fault = |record: &Record| matches!(record.event, HistoryEvent::Fault { .. });
        let kept =
            result.history.records().iter().filter(|record| !fault(record)).cloned().collect::<Vec<_>>();
        result.history = History::default();
        for Record { at, step, event } in kept {
            result.history.append(at, step, event);
        }
    });
    assert_ne!(text, undamaged);
}

/// The lines of a step with these exchanges, after those of the steps before it.
fn last_step(before: Vec<Action>, action: Action, exchanges: Vec<SampleExchange>) -> Vec<String> {
    let mut history = History::default();
    for exchange in exchanges {
        exchange.add_to(&mut history, Duration::ZERO, Some(before.len()));
    }
    let mut result = result(Verdict::Passed, history, Duration::ZERO);
    let steps = before.into_iter().chain([action]).map(|action| step(1, "it", action));
    Arc::make_mut(&mut result.scenario).steps = steps.collect();
    let text = transcript::text(&result);
    let last = text.lines().skip_while(|line| !line.starts_with(&result.scenario.steps.len().to_string()));
    last.skip(1).map(str::to_owned).collect()
}

fn step_text(action: Action, exchanges: Vec<SampleExchange>) -> String {
    let lines = last_step(Vec::new(), action, exchanges);
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" | ")
}

fn pay(expect: Expectations) -> RequestStep {
    request(Method::POST, "payment-service", "/pay", Times::Once, expect)
}

fn paid(status: u16) -> SampleExchange {
    with_key(exchange("client -> payment-service", "POST /pay", &json!({}), status, &Value::Null), "")
}

/// The same exchange under another idempotency key, or without one when `key` is empty.
fn with_key(mut exchange: SampleExchange, key: &'static str) -> SampleExchange {
    exchange.request.headers.remove("idempotency-key");
    if !key.is_empty() {
        exchange.request.headers.insert("idempotency-key", HeaderValue::from_static(key));
    }
    exchange
}

fn charge(key: &'static str) -> SampleExchange {
    let charge = exchange("payment-service -> bank", "POST /charges", &json!({}), 200, &json!({}));
    with_key(charge, key)
}

#[test]
fn a_retry_under_the_same_key_is_seen() {
    let lost = unanswered(charge("x"), NoReply::Reset);
    let sent =
        vec![with_key(paid(201), "click"), lost, charge("x"), charge("x"), charge("y"), charge("click")];
    let wait = Action::Wait(Duration::ZERO);
    let lines = last_step(vec![wait.clone()], Action::Request(pay(expecting(&[201]))), sent.clone());
    let expected = [
        "   POST payment-service /pay (key A)",
        "   201",
        "~  payment-service -> bank: POST /charges (key 1): answered 200, reply lost: connection reset [reply-lost]",
        "~  payment-service -> bank: POST /charges (key 1): 200 ×2",
        "~  payment-service -> bank: POST /charges (key 2): 200",
        "~  payment-service -> bank: POST /charges (key A): 200",
    ];
    assert_eq!(lines, expected);
    let lines = last_step(Vec::new(), wait, sent[1..].to_vec());
    assert_eq!(
        lines[1], "~  payment-service -> bank: POST /charges (key 1): 200",
        "not how often, as time passes"
    );
}

#[test]
fn calls_are_certain_until_something_is_damaged() {
    let read = exchange("payment-service -> accounts", "GET /accounts/1", &Value::Null, 200, &json!({}));
    let sent = vec![paid(201), charge("x"), read.clone(), read];
    let lines = last_step(Vec::new(), Action::Request(pay(expecting(&[201]))), sent);
    let expected = [
        "   POST payment-service /pay",
        "   201",
        // In an order that doesn't depend on time: services may call side by side.
        "   payment-service -> accounts: GET /accounts/1: 200 ×2",
        "   payment-service -> bank: POST /charges (key 1): 200",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn after_the_last_step_changes_are_shown_and_reading_is_not() {
    let mut result = passed(FIRST);
    let process =
        |service_name: &str, change| HistoryEvent::Process { service: service(service_name), change };
    let at = Duration::from_secs(1);
    result.history.append(at, Some(4), process("bank", ProcessChange::Exited(Exit::Code(3))));
    result.history.append(at, None, process("bank", ProcessChange::Started));
    charge("x").add_to(&mut result.history, at, None);
    let read = exchange("payment-service -> bank", "GET /charges", &Value::Null, 200, &json!([]));
    read.add_to(&mut result.history, at, None);
    let text = transcript::text(&result);
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    let expected = [
        "~  payment-service -> bank: POST /charges (key 1): 200",
        "~  bank: started",
        "~ after the last step",
        "~",
        "~  bank: exited: exit code 3",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn of_a_reply_what_the_step_names_is_shown() {
    let reply =
        json!({"id": 7, "at_us": 5, "list": [{"a": 1, "b": 2}, 3], "other": {"c": true}, "more": "x"});
    let read = exchange("client -> shop", "GET /x", &Value::Null, 200, &reply);
    let object = |fields: Vec<(&str, TemplateValue)>| {
        TemplateValue::Object(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    };
    let expected = object(vec![
        ("at_us", TemplateValue::Any),
        (
            "list",
            TemplateValue::Array(vec![
                object(vec![("b", TemplateValue::Plain(2.into()))]),
                TemplateValue::Any,
            ]),
        ),
        ("other", TemplateValue::Any),
    ]);
    let parse = |source: &str| Expression::parse(source).expect("an expression");
    let expect = Expectations {
        body: Some(BodyExpectation::Subset(expected)),
        that: vec![parse("body.list | length == 2")],
        ..expecting(&[200])
    };
    let mut get = request(Method::GET, "shop", "/x", Times::Once, expect);
    get.capture = [("id", "body.id"), ("all", "body"), ("late", "took"), ("unknown", "body.id + offset")]
        .map(|(name, source)| (name.to_owned(), parse(source)))
        .into();
    let lines = [
        "GET shop /x",
        "200",
        r#"body: {"at_us":"[at_us]","list":[{"b":2},3],"other":"[object]"}"#,
        "that: body.list | length == 2",
        "id = 7",
    ];
    assert_eq!(step_text(Action::Request(get), vec![read]), lines.join(" | "));
}

#[test]
fn what_is_not_certain_is_not_said() {
    let silent = || {
        let mut exchange = unanswered(paid(200), NoReply::Reset);
        exchange.faults.clear();
        exchange
    };
    let asked = "POST payment-service /pay";
    let maybe = Expectations { reply: ReplyExpectation::Optional, ..expecting(&[201]) };
    let whatever = Expectations { judging: Judging::Lenient, ..expecting(&[201]) };
    for (expect, ended, expected) in [
        (expecting(&[201]), paid(201), "201"),
        (expecting(&[201, 202]), paid(202), "201 or 202"),
        (maybe.clone(), paid(201), "201 or no reply"),
        (maybe, silent(), "201 or no reply"),
        (
            Expectations { reply: ReplyExpectation::Optional, ..expecting(&[]) },
            paid(500),
            "a reply or no reply",
        ),
        (Expectations { reply: ReplyExpectation::Forbidden, ..expecting(&[]) }, silent(), "no reply"),
        (whatever, paid(500), "any end"),
    ] {
        assert_eq!(step_text(Action::Request(pay(expect)), vec![ended]), format!("{asked} | {expected}"));
    }
    let read = request(Method::GET, "orders-service", "/api/orders", Times::Once, expecting(&[200]));
    let read_it = || exchange("client -> orders-service", "GET /api/orders", &Value::Null, 200, &json!([]));
    let both =
        [pay(expecting(&[201])), pay(expecting(&[409])), read].map(|r| step(1, "", Action::Request(r)));
    let expected = format!("GET orders-service /api/orders: 200 | {asked}: 201 or 409 | {asked}: 201 or 409");
    for sent in [vec![paid(201), paid(409), read_it()], vec![read_it(), paid(409), paid(201)]] {
        let text = step_text(Action::Together(both.to_vec()), sent);
        assert_eq!(text.split(" | ~").next(), Some(&*expected));
    }
}

/// Changes the body that the first exchange brought its caller.
fn edit(result: &mut ScenarioResult, change: fn(&str) -> String) {
    let mut records = result.history.records().to_vec();
    let received = records.iter_mut().find_map(|record| match &mut record.event {
        HistoryEvent::Ended(_, received) => Some(received),
        _ => None,
    });
    let reply = received.expect("an exchange has ended").as_mut().expect("with a reply");
    reply.body = change(std::str::from_utf8(&reply.body).unwrap()).into();
    result.history = History::default();
    for Record { at, step, event } in records {
        result.history.append(at, step, event);
    }
}

#[test]
fn what_differs_from_run_to_run_is_taken_out() {
    for (text, expected) in [
        ("made 2026-03-01T10:03:07.123Z", "made [time]"),
        ("made 2026-03-01T10:03:07+00:00.", "made [time]."),
        ("on 2026-03-01 at noon", "on [date] at noon"),
        ("Sun, 01 Mar 2026 10:03:07 GMT", "[time]"),
        ("id 6F9619FF-8B86-D011-B42D-00CF4FC964FF!", "id [uuid]!"),
        ("charge-7eae777d9e1fd92d-1 of cafe", "charge-[hex]-1 of cafe"),
        ("u_6f9619ff-8b86-d011-b42d-00cf4fc964ff", "u_[uuid]"),
        ("ann0000000000000007", "ann[hex]"),
        (
            "http://127.0.0.1:40001/x and localhost:5002, [::1]:80",
            "http://127.0.0.1:[port]/x and localhost:[port], [::1]:[port]",
        ),
        ("no reply from users-service within 1.5s", "no reply from users-service within [duration]"),
        ("order 12 of 3 items costs 299.99", "order 12 of 3 items costs 299.99"),
        ("/api/users/1/operations/payment-3", "/api/users/1/operations/payment-3"),
    ] {
        assert_eq!(normalise::text(text), expected);
    }
    let fields = json!({"created_at": null, "port": 5002, "took_ms": 3, "id": 7, "status": "paid", "list": [{"uptime": 1.5}]});
    let stable = json!({"created_at": null, "port": "[port]", "took_ms": "[took_ms]", "id": 7, "status": "paid", "list": [{"uptime": "[uptime]"}]});
    assert_eq!(normalise::value(fields.into()), stable.into());
}
