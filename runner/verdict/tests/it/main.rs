//! Judging replies, traffic, outcomes, invariants and checks.

mod bodies;
mod calls;
mod written;

use std::{collections::BTreeMap, time::Duration};

use fault::{Damage, Fault, FaultCount, FaultName, Link, Outage, PathPattern, Refusal, Selector};
use http::{HeaderMap, Method, StatusCode};
use scenario::{
    BodyExpectation, Expectations, Expression, HeaderExpectation, LinkExpectation, OutcomeCount,
    OutcomePattern, ReplyExpectation, Scope, StatusPattern, Template, TemplateValue,
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
        plain => TemplateValue::Plain(plain.clone().into()),
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
    let expect = Expectations { status: vec![201.into(), 202.into()], ..Expectations::default() };
    check(&expect, Ok(reply(202, &json!({}))), &[]);
    check(&expect, Ok(reply(503, &json!({}))), &["status: 201 or 202 / 503"]);
    check(&expect, Err(NoReply::Reset), &["reply: 201 or 202 / connection reset"]);
}

#[test]
fn a_class_of_statuses_is_met_by_each_of_them() {
    let expect =
        Expectations { status: vec![StatusPattern::Class(2), 404.into()], ..Expectations::default() };
    for status in [200, 299, 404] {
        check(&expect, Ok(reply(status, &json!({}))), &[]);
    }
    check(&expect, Ok(reply(300, &json!({}))), &["status: 2xx or 404 / 300"]);
    check(&expect, Err(NoReply::Reset), &["reply: 2xx or 404 / connection reset"]);
}

#[test]
fn a_missing_reply_can_be_expected_or_allowed() {
    let expect = Expectations { reply: ReplyExpectation::Forbidden, ..Expectations::default() };
    check(&expect, Err(NoReply::CutOff), &[]);
    check(&expect, Ok(reply(200, &json!({}))), &["reply: none / 200 OK"]);
    let status = vec![200.into()];
    let expect = Expectations { reply: ReplyExpectation::Optional, status, ..Expectations::default() };
    check(&expect, Err(NoReply::CutOff), &[]);
    check(&expect, Ok(reply(500, &json!({}))), &["status: 200 / 500"]);
}

#[test]
fn a_header_is_expected_with_values_or_to_be_there_or_to_be_absent() {
    let received = || {
        let mut reply = reply(200, &json!({}));
        for (name, value) in [("link", &b"</a>"[..]), ("link", b"</c>"), ("x-name", b"K\xf6ln")] {
            let value = http::HeaderValue::from_bytes(value).expect("a value");
            reply.headers.append(http::HeaderName::from_static(name), value);
        }
        Ok(reply)
    };
    let check = |name: &'static str, expected: HeaderExpectation, findings: &[&str]| {
        let headers = vec![(http::HeaderName::from_static(name), expected)];
        check(&Expectations { headers, ..Expectations::default() }, received(), findings);
    };
    let values =
        |values: &[&str]| HeaderExpectation::Values(values.iter().copied().map(Template::literal).collect());
    check("content-type", values(&["application/json"]), &[]);
    check("content-type", values(&["text/html"]), &["header content-type: text/html / application/json"]);
    check("content-type", HeaderExpectation::Absent, &["header content-type: absent / application/json"]);
    check("content-type", HeaderExpectation::Present, &[]);
    check("location", values(&["/1"]), &["header location: /1 / absent"]);
    check("location", HeaderExpectation::Absent, &[]);
    check("location", HeaderExpectation::Present, &["header location: anything / absent"]);
    // Of a repeated header each value counts, and their order doesn't.
    check("link", values(&["</a>"]), &[]);
    check("link", values(&["</c>"]), &[]);
    check("link", values(&["</c>", "</a>"]), &[]);
    check("link", values(&["</b>"]), &["header link: </b> / </a>\n</c>"]);
    check("link", values(&["</a>", "</a>"]), &["header link: </a>\n</a> / </a>\n</c>"]);
    check("link", HeaderExpectation::Absent, &["header link: absent / </a>\n</c>"]);
    // What isn't UTF-8 is latin-1.
    check("x-name", values(&["Köln"]), &[]);
}

#[test]
fn conditions_and_expected_headers_see_the_same_values() {
    let mut received = reply(200, &json!({}));
    for value in ["</a>", "</c>"] {
        received.headers.append("link", value.parse().expect("a value"));
    }
    let history = exchange(Ok(received));
    let that =
        ["headers.link == '</a>'", "headers.Link == '</c>'", "headers['content-type'] == 'application/json'"];
    let expect = Expectations { that: that.map(expression).into(), ..Expectations::default() };
    assert_eq!(shown(&judge(&expect, &history)), [""; 0]);
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
    check_body(&BodyExpectation::Subset(expected.clone()), &json!({}), &["body.id: anything / absent"]);
    check_body(&BodyExpectation::Subset(expected), &json!([]), &["body: {\"id\":\"${any}\"} / []"]);
}

#[test]
fn numbers_are_compared_by_value_and_never_equal_texts() {
    let compare = |expected: &str, found: &str, equal: bool| {
        let value = TemplateValue::from(&scenario::Value::parse(expected).expect(expected));
        let received = || Ok(Reply { body: found.to_owned().into(), ..reply(200, &json!(null)) });
        for body in [BodyExpectation::Subset(value.clone()), BodyExpectation::Exact(value)] {
            let expect = Expectations { body: Some(body), ..Expectations::default() };
            let different = format!("body: {expected} / {found}");
            check(&expect, received(), &[different.as_str()][usize::from(equal)..]);
        }
    };
    compare("300", "300.0", true);
    compare("0.1", "0.10", true);
    compare("3e2", "300", true);
    compare("0", "-0.0", true);
    compare("\"300\"", "300", false);
    compare("299.99", "299.9900001", false);
    compare("9007199254740992", "9007199254740993", false);
    compare("18446744073709551615", "18446744073709551616", false);
    compare("123456789012345678901234567890", "123456789012345678901234567891", false);
    compare("123456789012345678901234567890", "123456789012345678901234567890.0", true);
    compare("1234567890123456.78", "1234567890123456.8", false);
    compare("1e400", "1e401", false);
    compare("1e400", "10E+399", true);
    compare("1e400", "\"1e400\"", false);
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
fn a_body_that_can_not_be_read_fails_what_needs_it_and_nothing_else() {
    let broken = || Ok(Reply { body: b"{\"v\": NaN}".as_slice().into(), ..reply(200, &json!({})) });
    let why = "not valid JSON at line 1, column 7: a value is needed here\n{\"v\": NaN}\n      ^";
    let expect = |body: &Value| Expectations {
        body: Some(BodyExpectation::Subset(template(body))),
        ..Expectations::default()
    };
    check(&expect(&json!({"v": 1})), broken(), &[&format!("body: {{\"v\":1}} / {why}")]);
    check(&expect(&json!("{\"v\": NaN}")), broken(), &[&format!("body: \"{{\\\"v\\\": NaN}}\" / {why}")]);
    let that = |source| Expectations { that: vec![expression(source)], ..Expectations::default() };
    for source in ["body.v == 1", "body is defined", "'NaN' in body", "status == 200 or body.v"] {
        check(&that(source), broken(), &[&format!("that: {source} / `body` is {why}")]);
    }
    let status = Expectations {
        status: vec![200.into()],
        that: vec![expression("took < 1")],
        ..Expectations::default()
    };
    check(&status, broken(), &[]);
}

#[test]
fn all_expectations_are_judged() {
    let expect = Expectations {
        status: vec![201.into()],
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
        shown(&judge_links(&expected, &history, 1, &Scope::default(), &BTreeMap::new()))
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
fn an_expectation_on_a_link_that_refused_holds_whatever_was_refused() {
    let mut history = History::default();
    add(&mut history, 0, "a -> b", Ok(reply(200, &json!({}))));
    // A link in one process sees a refused connection, and a link on real sockets doesn't: both are judged alike.
    add(&mut history, 0, "a -> b", Err(NoReply::Refused));
    let refusals = [(link("a -> b"), Refusal::Absent("b".parse().expect("a name")))].into();
    let judge = |source| {
        let expected = [LinkExpectation { link: link("a -> b"), holds: expression(source) }];
        shown(&judge_links(&expected, &history, 0, &Scope::default(), &refusals))
    };
    assert_eq!(judge("calls >= 1 and delivered == 1 and statuses == [200]"), [""; 0]);
    let counts = r#"{"calls":1,"delivered":1,"replied":1,"statuses":[200]}"#;
    for source in ["calls == 1", "calls >= 2", "calls < 9"] {
        let why = "calls doesn't count refused connections, and nothing listened for b";
        assert_eq!(judge(source), [format!("a -> b: {source} / {counts}; {why}")]);
    }
}

#[test]
fn a_fault_that_damaged_no_exchange_is_found() {
    let fault = |name: &str, damage| Fault {
        name: name.parse().expect("a name"),
        link: link("a -> b"),
        selector: Selector::default(),
        damage,
    };
    let hang = |name| fault(name, Damage::Outage(Outage::Hang));
    let mut post = hang("post");
    post.selector =
        Selector { method: Some(Method::POST), path: PathPattern::new("/pay/*"), ..Selector::default() };
    let long = fault("long", Damage::Truncate(9));
    let faults = [hang("idle"), hang("busy"), hang("not-injected"), long, post, hang("late")];
    let count = |name: &str, met, damaged| {
        (name.parse::<FaultName>().expect("a name"), FaultCount { met, damaged, in_force: 1 })
    };
    let mut fired: BTreeMap<_, _> = [
        count("idle", 0, 0),
        count("busy", 3, 1),
        count("long", 2, 0),
        count("post", 0, 0),
        count("late", 0, 0),
    ]
    .into();
    fired.entry("late".parse().expect("a name")).or_default().in_force = 0;
    let long = "it met 2 and changed none: no reply from the callee was longer than 9 bytes";
    assert_eq!(
        shown(&judge_fired(&faults, &fired)),
        [
            "fault idle: no answer on a -> b / it met no exchange".to_owned(),
            format!("fault long: reply cut after 9 bytes on a -> b / {long}"),
            "fault post: no answer on a -> b (match: POST /pay/*) / it met no exchange".to_owned(),
            "fault late: no answer on a -> b / it never came into force: the steps were over before its `after`".to_owned(),
        ]
    );
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
    let slow: FaultName = "slow".parse().expect("a name");
    history.append(at(2), Some(0), HistoryEvent::Damaged(id, slow.clone()));
    for event in [HistoryEvent::Delivered(id), HistoryEvent::Undeliverable(id), HistoryEvent::Delivered(id)] {
        history.append(at(2), Some(0), event);
    }
    for status in [200, 201] {
        history.append(at(3), Some(1), HistoryEvent::Answered(id, reply(status, &json!({}))));
    }
    history.append(at(4), Some(1), HistoryEvent::Ended(id, Err(NoReply::Reset)));
    history.append(at(9), Some(2), HistoryEvent::Ended(id, Err(NoReply::CutOff)));
    let exchange = history.exchange(id);
    assert_eq!(exchange.faults, [slow]);
    assert_eq!((exchange.at, exchange.step, exchange.delivered), (at(1), Some(0), 1));
    assert_eq!(exchange.answered.map(|reply| reply.status), Some(StatusCode::CREATED), "the last answer");
    let ending = exchange.ending.expect("an ending");
    assert_eq!((ending.took, ending.received), (at(3), Err(&NoReply::Reset)), "the first ending");
    assert_eq!(history.records().len(), 9, "nothing was changed or taken out");
}
