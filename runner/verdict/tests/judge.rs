//! Judging replies, traffic, outcomes, invariants and checks.

use std::time::Duration;

use fault::{Damage, Fault, FaultName, Link, Outage, Selector};
use http::{HeaderMap, Method, StatusCode};
use scenario::{
    BodyExpectation, Expectations, Expression, LinkExpectation, OutcomeCount, OutcomePattern,
    ReplyExpectation, Scope, Template, TemplateValue,
};
use serde_json::{Value, json};
use verdict::{
    Finding, History, HistoryEvent, NoReply, Reply, Request, RequestOutcome, judge_check, judge_exchange,
    judge_fired, judge_links, judge_outcomes,
};

fn link(text: &str) -> Link {
    text.parse().expect("a link")
}

fn expression(source: &str) -> Expression {
    Expression::parse(source).expect("an expression")
}

fn reply(status: u16, body: &Value) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().expect("a value"));
    Reply {
        status: StatusCode::from_u16(status).expect("a status"),
        headers,
        body: body.to_string().into_bytes().into(),
    }
}

/// Appends an exchange that takes 20 ms.
fn add(history: &mut History, step: usize, on: &str, received: Result<Reply, NoReply>) {
    let request = Request {
        method: Method::POST,
        path: "/api/orders".into(),
        headers: HeaderMap::new(),
        body: b"".as_slice().into(),
    };
    let (sent, ended, step) = (Duration::from_millis(5), Duration::from_millis(25), Some(step));
    let id = history.send(sent, step, link(on), request, Vec::new());
    history.append(sent, step, HistoryEvent::Delivered(id));
    if let Ok(reply) = &received {
        history.append(ended, step, HistoryEvent::Answered(id, reply.clone()));
    }
    history.append(ended, step, HistoryEvent::Ended(id, received));
}

/// A history of one exchange.
fn exchange(received: Result<Reply, NoReply>) -> History {
    let mut history = History::default();
    add(&mut history, 0, "client -> shop", received);
    history
}

/// The findings on the only exchange of a history.
fn judge(expect: &Expectations, history: &History) -> Vec<Finding> {
    let exchange = history.exchanges().next().expect("an exchange");
    judge_exchange(expect, exchange, &Scope::default())
}

fn template(value: &Value) -> TemplateValue {
    match value {
        Value::String(text) => TemplateValue::Text(Template::literal(text)),
        Value::Array(items) => TemplateValue::Array(items.iter().map(template).collect()),
        Value::Object(fields) => {
            TemplateValue::Object(fields.iter().map(|(key, value)| (key.clone(), template(value))).collect())
        }
        plain => TemplateValue::Plain(plain.clone()),
    }
}

/// The findings as `subject: expected / found`.
fn shown(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|f| format!("{}: {} / {}", f.subject(), f.expected, f.found)).collect()
}

#[track_caller]
fn check(expect: &Expectations, received: Result<Reply, NoReply>, expected: &[&str]) {
    assert_eq!(shown(&judge(expect, &exchange(received))), expected);
}

#[track_caller]
fn check_body(expected: &BodyExpectation, found: &Value, findings: &[&str]) {
    let expect = Expectations { body: Some(expected.clone()), ..Expectations::default() };
    check(&expect, Ok(reply(200, found)), findings);
}

#[test]
fn a_status_is_one_of_those_named() {
    let expect = Expectations { status: vec![201, 202], ..Expectations::default() };
    check(&expect, Ok(reply(202, &json!({}))), &[]);
    check(&expect, Ok(reply(503, &json!({}))), &["status: 201 or 202 / 503"]);
    check(&expect, Err(NoReply::Reset), &["reply: 201 or 202 / connection reset"]);
}

#[test]
fn a_missing_reply_can_be_expected_or_allowed() {
    let expect = Expectations { reply: ReplyExpectation::Forbidden, ..Expectations::default() };
    check(&expect, Err(NoReply::CutOff), &[]);
    check(&expect, Ok(reply(200, &json!({}))), &["reply: none / 200 OK"]);
    let status = vec![200];
    let expect = Expectations { reply: ReplyExpectation::Optional, status, ..Expectations::default() };
    check(&expect, Err(NoReply::CutOff), &[]);
    check(&expect, Ok(reply(500, &json!({}))), &["status: 200 / 500"]);
}

#[test]
fn a_header_is_expected_with_a_value_or_to_be_absent() {
    let header = |name: &'static str, value: Option<&str>| Expectations {
        headers: vec![(http::HeaderName::from_static(name), value.map(Template::literal))],
        ..Expectations::default()
    };
    let received = || Ok(reply(200, &json!({})));
    check(&header("content-type", Some("application/json")), received(), &[]);
    check(
        &header("content-type", Some("text/html")),
        received(),
        &["header content-type: text/html / application/json"],
    );
    check(&header("content-type", None), received(), &["header content-type: absent / application/json"]);
    check(&header("location", Some("/1")), received(), &["header location: /1 / absent"]);
    check(&header("location", None), received(), &[]);
}

#[test]
fn an_exact_body_has_no_further_keys_and_a_subset_may_have() {
    let expected = template(&json!({"order": {"status": "pending"}}));
    let found = json!({"message": "thanks", "order": {"id": 1, "status": "pending"}});
    check_body(&BodyExpectation::Subset(expected.clone()), &found, &[]);
    check_body(
        &BodyExpectation::Exact(expected),
        &found,
        &["body.order.id: absent / 1", "body.message: absent / \"thanks\""],
    );
}

#[test]
fn every_difference_of_a_body_is_found_with_its_path() {
    let expected =
        template(&json!({"id": 1, "items": ["a", "b"], "total": 299.99, "note": null, "gone": true}));
    let found = json!({"id": 2, "items": ["a", "c", "d"], "total": 299.99, "note": ""});
    check_body(
        &BodyExpectation::Subset(expected),
        &found,
        &[
            "body.id: 1 / 2",
            "body.items[1]: \"b\" / \"c\"",
            "body.items.length: 2 / 3",
            "body.note: null / \"\"",
            "body.gone: true / absent",
        ],
    );
}

#[test]
fn any_value_matches_anything_but_an_absent_key() {
    let expected = TemplateValue::Object(vec![("id".into(), TemplateValue::Any)]);
    check_body(&BodyExpectation::Exact(expected.clone()), &json!({"id": null}), &[]);
    check_body(&BodyExpectation::Subset(expected), &json!({}), &["body.id: anything / absent"]);
}

#[test]
fn numbers_are_compared_by_value_and_never_equal_texts() {
    for (expected, found, equal) in [
        (json!(300), json!(300.0), true),
        (json!(0.1), json!(0.10), true),
        (json!("300"), json!(300), false),
        (json!(299.99), json!(299.990_000_1), false),
        (json!([1, 2]), json!([2, 1]), false),
    ] {
        let body = Some(BodyExpectation::Subset(template(&expected)));
        let findings =
            judge(&Expectations { body, ..Expectations::default() }, &exchange(Ok(reply(200, &found))));
        assert_eq!(findings.is_empty(), equal, "{expected} and {found}");
    }
}

#[test]
fn a_condition_uses_the_reply_and_its_finding_shows_both_sides_computed() {
    let expect = |source| Expectations { that: vec![expression(source)], ..Expectations::default() };
    let received = || Ok(reply(200, &json!({"balance": 200.01})));
    check(&expect("status == 200 and body.balance == 200.01 and took < 0.5"), received(), &[]);
    check(&expect("took > 1"), received(), &["that: took > 1 / 0.02 > 1"]);
    let findings = judge(&expect("body.balanse > 1"), &exchange(received()));
    assert!(findings[0].found.contains("balanse"), "{findings:?}");
}

#[test]
fn all_expectations_are_judged() {
    let expect = Expectations {
        status: vec![201],
        body: Some(BodyExpectation::Subset(template(&json!({"a": 1})))),
        that: vec![expression("status == 201"), expression("took > 1")],
        ..Expectations::default()
    };
    let findings = judge(&expect, &exchange(Ok(reply(200, &json!({"a": 2})))));
    assert_eq!(findings.len(), 4);
}

#[test]
fn traffic_is_counted_for_each_step_and_link() {
    let mut history = History::default();
    add(&mut history, 0, "a -> b", Ok(reply(200, &json!({}))));
    add(&mut history, 1, "a -> b", Ok(reply(200, &json!({}))));
    add(&mut history, 1, "a -> b", Err(NoReply::Reset));
    add(&mut history, 1, "a -> c", Ok(reply(200, &json!({}))));
    let judge = |source| {
        let expected = [LinkExpectation { link: link("a -> b"), holds: expression(source) }];
        shown(&judge_links(&expected, &history, 1, &Scope::default()))
    };
    assert_eq!(judge("calls == 2 and delivered == 2 and replied == 1 and statuses == [200]"), [""; 0]);
    assert_eq!(
        judge("calls == 0"),
        ["a -> b: calls == 0 / {\"calls\":2,\"delivered\":2,\"replied\":1,\"statuses\":[200]}"]
    );
}

#[test]
fn outcomes_are_counted_and_an_unexpected_one_is_found() {
    let mut history = History::default();
    let conflict = || Ok(reply(409, &json!({})));
    for received in [Ok(reply(201, &json!({}))), conflict(), conflict(), Err(NoReply::Reset)] {
        add(&mut history, 0, "client -> shop", received);
    }
    let ended: Vec<_> = history.exchanges().collect();
    let judge = |expected: &[(OutcomePattern, OutcomeCount)]| shown(&judge_outcomes(expected, &ended));
    let (created, conflict, none) =
        (OutcomePattern::Status(201), OutcomePattern::Status(409), OutcomePattern::NoReply);
    assert_eq!(judge(&[]), [""; 0]);
    assert_eq!(
        judge(&[
            (created, OutcomeCount::Exactly(1)),
            (conflict, OutcomeCount::Between(1, 3)),
            (none, OutcomeCount::Between(1, u32::MAX)),
        ]),
        [""; 0]
    );
    assert_eq!(
        judge(&[(created, OutcomeCount::Exactly(1)), (conflict, OutcomeCount::Exactly(2))]),
        ["outcomes: 201: 1, 409: 2 / 201: 1, 409: 2, no_reply: 1"]
    );
    assert_eq!(
        judge(&[
            (created, OutcomeCount::Exactly(2)),
            (conflict, OutcomeCount::Exactly(2)),
            (none, OutcomeCount::Between(0, 5)),
        ])
        .len(),
        1
    );
    let expected = [(created, OutcomeCount::Exactly(1)), (conflict, OutcomeCount::Exactly(1))];
    let unexpected = judge_outcomes(&expected, &ended).remove(0).unexpected;
    assert_eq!(
        unexpected,
        [ended[1].id, ended[2].id, ended[3].id],
        "too many conflicts, and one without a reply"
    );
}

#[test]
fn a_check_that_does_not_hold_shows_both_sides_computed() {
    let mut variables = Scope::default();
    variables.set("order_id", json!(7));
    assert_eq!(shown(&judge_check(&[expression("order_id == 7")], &variables)), [""; 0]);
    assert_eq!(
        shown(&judge_check(&[expression("order_id == 8")], &variables)),
        ["check: order_id == 8 / 7 == 8"]
    );
}

#[test]
fn a_fault_that_damaged_no_exchange_is_found() {
    let name = |text: &str| text.parse::<FaultName>().expect("a name");
    let fault = |text: &str| Fault {
        name: name(text),
        link: link("a -> b"),
        selector: Selector::default(),
        damage: Damage::Outage(Outage::Hang),
    };
    let fired = [(name("idle"), 0), (name("busy"), 3)].into();
    let findings = judge_fired(&[fault("idle"), fault("busy"), fault("not-injected")], &fired);
    assert_eq!(shown(&findings), ["fault idle: no answer on a -> b / it met no exchange"]);
}

#[test]
fn only_a_refused_request_was_certainly_not_processed() {
    for (received, outcome) in [
        (Ok(reply(200, &json!({}))), RequestOutcome::Ok),
        (Ok(reply(409, &json!({}))), RequestOutcome::Ok),
        (Ok(reply(500, &json!({}))), RequestOutcome::Unknown),
        (Err(NoReply::Refused), RequestOutcome::Failed),
        (Err(NoReply::Reset), RequestOutcome::Unknown),
        (Err(NoReply::CutOff), RequestOutcome::Unknown),
        (Err(NoReply::TimedOut(Duration::from_secs(1))), RequestOutcome::Unknown),
    ] {
        let history = exchange(received.clone());
        let found = history.exchanges().next().map(|exchange| exchange.outcome());
        assert_eq!(found, Some(outcome), "{received:?}");
    }
}

#[test]
fn an_exchange_is_a_view_of_its_records() {
    let mut history = History::default();
    let request = Request {
        method: Method::GET,
        path: "/".into(),
        headers: HeaderMap::new(),
        body: b"".as_slice().into(),
    };
    let at = Duration::from_millis;
    let id = history.send(at(1), Some(0), link("a -> b"), request, Vec::new());
    assert_eq!(history.exchange(id).ending, None);
    for event in [HistoryEvent::Delivered(id), HistoryEvent::Undeliverable(id), HistoryEvent::Delivered(id)] {
        history.append(at(2), Some(0), event);
    }
    for status in [200, 201] {
        history.append(at(3), Some(1), HistoryEvent::Answered(id, reply(status, &json!({}))));
    }
    history.append(at(4), Some(1), HistoryEvent::Ended(id, Err(NoReply::Reset)));
    history.append(at(9), Some(2), HistoryEvent::Ended(id, Err(NoReply::CutOff)));
    let exchange = history.exchange(id);
    assert_eq!((exchange.at, exchange.step, exchange.delivered), (at(1), Some(0), 1));
    assert_eq!(exchange.answered.map(|reply| reply.status), Some(StatusCode::CREATED), "the last answer");
    let ending = exchange.ending.expect("an ending");
    assert_eq!((ending.took, ending.received), (at(3), Err(&NoReply::Reset)), "the first ending");
    assert_eq!(history.records().len(), 8, "nothing was changed or taken out");
}
