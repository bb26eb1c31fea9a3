//! A scenario, and histories of it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use engine::{ScenarioResult, ServiceOutput};
use fault::{Calls, Damage, Fault, FaultName, Link, Seed, Selector, ServiceName, Side};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use scenario::{
    Action, BodyExpectation, Call, EventuallyStep, Expectations, Expression, InjectStep, OutcomeCount,
    OutcomePattern, PathTemplate, RequestStep, Scenario, Span, Step, Template, TemplateValue, Times,
};
use serde_json::{Value, json};
use verdict::{
    BodyPath, BrokenOff, Exchange, ExchangeId, Failure, FailureLocation, FaultChange, Finding, FindingKind,
    History, HistoryEvent, NoReply, ProcessChange, Reply, Request, RunBy, UnmetCondition, Verdict,
};

/// What differs from one run to the next when both go the same way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// The factor by which it is slower than the first.
    pub(crate) slowness: u32,
    /// The first port that is listened on.
    pub(crate) port: u16,
    /// The minute in which everything is created.
    pub(crate) minute: u8,
}

pub(crate) const FIRST: Run = Run { slowness: 1, port: 40_001, minute: 3 };
pub(crate) const LATER: Run = Run { slowness: 3, port: 51_234, minute: 59 };

pub(crate) fn service(name: &str) -> ServiceName {
    name.parse().expect("a name")
}

fn span(line: u32) -> Span {
    Span { line, column: 5, offset: 0, length: 0 }
}

pub(crate) fn step(line: u32, name: &str, action: Action) -> Step {
    Step { name: name.into(), span: span(line), condition: None, may_end: Vec::new(), action }
}

pub(crate) fn request(
    method: Method,
    to: &str,
    path: &str,
    times: Times,
    expect: Expectations,
) -> RequestStep {
    let call = Call::new(method, service(to), PathTemplate::literal(path));
    RequestStep { call, times, expect, capture: Vec::new() }
}

pub(crate) fn expecting(status: &[u16]) -> Expectations {
    Expectations { status: status.iter().copied().map(Into::into).collect(), ..Expectations::default() }
}

/// A scenario of five steps: an order, a fault, a payment, a poll, and twenty payments at once.
pub(crate) fn scenario() -> Arc<Scenario> {
    let twenty = Expectations {
        outcomes: vec![
            (OutcomePattern::Status(409), OutcomeCount::Exactly(2)),
            (OutcomePattern::Status(503), OutcomeCount::Between(0, 1)),
            (OutcomePattern::NoReply, OutcomeCount::Between(0, u32::MAX)),
        ],
        ..Expectations::default()
    };
    let inject =
        InjectStep { fault: "reply-lost".parse().expect("a name"), after: Duration::ZERO, lasting: None };
    let poll = EventuallyStep {
        fail_if: Vec::new(),
        within: Duration::from_secs(10),
        every: Duration::from_millis(100),
        request: request(Method::GET, "orders-service", "/api/orders/1", Times::Once, expecting(&[200])),
    };
    let pending = BodyExpectation::Subset(TemplateValue::Object(vec![("order".into(), order("pending"))]));
    let created = Expectations { body: Some(pending), ..expecting(&[201]) };
    let mut order = request(Method::POST, "orders-service", "/api/orders", Times::Once, created);
    order.capture = vec![("total".into(), Expression::parse("body.order.total_amount").expect("it is one"))];
    let pay = request(Method::POST, "payment-service", "/api/payments", Times::Once, expecting(&[201, 202]));
    let many = request(Method::POST, "payment-service", "/api/payments", Times::Parallel(3), twenty);
    Arc::new(Scenario {
        tags: vec!["payments".into()],
        faults: vec![fault()],
        steps: vec![
            step(12, "alice orders a phone", Action::Request(order)),
            step(21, "inject reply-lost", Action::Inject(inject)),
            step(23, "she pays, and pays once", Action::Request(pay)),
            step(33, "the order is confirmed", Action::Eventually(poll)),
            step(38, "further payments are refused", Action::Request(many)),
        ],
        ..Scenario::new("A payment survives a lost reply", "scenarios/faults/lost-reply.yaml")
    })
}

/// An order with this status, in an expected body.
fn order(status: &str) -> TemplateValue {
    TemplateValue::Object(vec![("status".into(), TemplateValue::Text(Template::literal(status)))])
}

fn fault() -> Fault {
    Fault {
        name: "reply-lost".parse().expect("a name"),
        link: "payment-service -> users-service".parse().expect("a link"),
        selector: Selector { calls: Calls::Range(1..=1), ..Selector::default() },
        damage: Damage::Lose(Side::Reply),
    }
}

fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn bytes(value: &Value) -> Bytes {
    if value.is_null() { Bytes::new() } else { value.to_string().into() }
}

/// An exchange that isn't in a history yet.
#[derive(Debug, Clone)]
pub(crate) struct SampleExchange {
    pub(crate) link: Link,
    pub(crate) request: Request,
    pub(crate) faults: Vec<FaultName>,
    pub(crate) delivered: u32,
    pub(crate) answered: Option<Reply>,
    /// How long it took, and what the caller got.
    pub(crate) ending: Option<(Duration, Result<Reply, NoReply>)>,
}

impl SampleExchange {
    /// Appends its records to a history.
    pub(crate) fn add_to(&self, history: &mut History, at: Duration, step: Option<usize>) -> ExchangeId {
        let id = history.send(at, step, self.link.clone(), self.request.clone(), self.faults.clone());
        (0..self.delivered).for_each(|_| history.append(at, step, HistoryEvent::Delivered(id)));
        if let Some(reply) = &self.answered {
            history.append(at, step, HistoryEvent::Answered(id, reply.clone()));
        }
        if let Some((took, received)) = &self.ending {
            history.append(at + *took, step, HistoryEvent::Ended(id, received.clone()));
        }
        id
    }

    /// What `look` returns for it, alone in a history.
    pub(crate) fn view<R>(&self, look: impl FnOnce(&Exchange<'_>) -> R) -> R {
        let mut history = History::default();
        let id = self.add_to(&mut history, Duration::ZERO, None);
        look(&history.exchange(id))
    }
}

/// An exchange that was answered, and whose reply arrived.
pub(crate) fn exchange(link: &str, asked: &str, sent: &Value, status: u16, answer: &Value) -> SampleExchange {
    let (method, path) = asked.split_once(' ').expect("a method and a path");
    let (caller, callee) = link.split_once(" -> ").expect("a link");
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers(&[("content-type", "application/json".into())]),
        body: bytes(answer),
    };
    let sent_headers = [("content-type", "application/json".into()), ("idempotency-key", "click-1".into())];
    SampleExchange {
        link: Link::new(service(caller), service(callee)),
        request: Request {
            method: method.parse().unwrap(),
            path: path.into(),
            headers: if sent.is_null() { HeaderMap::new() } else { headers(&sent_headers) },
            body: bytes(sent),
        },
        faults: Vec::new(),
        delivered: 1,
        answered: Some(reply.clone()),
        ending: Some((Duration::from_millis(9), Ok(reply))),
    }
}

/// An exchange whose reply is `{"a":"ö"}`, gzipped.
pub(crate) fn gzipped() -> SampleExchange {
    let bytes = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xabVJT\xb2R:\xbcM\xa9\x16\0\xe8\xe4\x8a7\n\0\0\0";
    let mut exchange = exchange("a -> b", "GET /x", &Value::Null, 200, &Value::Null);
    let Some((_, Ok(reply))) = &mut exchange.ending else { panic!("it has a reply") };
    reply.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    reply.body = bytes.as_slice().into();
    exchange
}

pub(crate) fn unanswered(mut exchange: SampleExchange, none: NoReply) -> SampleExchange {
    exchange.faults.push("reply-lost".parse().unwrap());
    exchange.ending = Some((Duration::from_millis(4), Err(none)));
    exchange
}

/// What happened up to the payment, which is answered with `status`.
pub(crate) fn history(run: Run, status: u16) -> History {
    let mut history = History::default();
    let Run { slowness, port, minute } = run;
    let at = |millis: u64| Duration::from_millis(millis) * slowness;
    for (millis, name) in [(0, "users-service"), (1, "orders-service"), (2, "payment-service")] {
        let event = HistoryEvent::Process { service: service(name), change: ProcessChange::Started };
        history.append(at(millis), None, event);
    }
    let push = |history: &mut History, millis: u64, step: usize, mut exchange: SampleExchange| {
        if let Some((took, _)) = &mut exchange.ending {
            *took *= slowness;
        }
        exchange.add_to(history, at(millis), Some(step));
    };
    let created = format!("2026-03-01T10:{minute:02}:07.123Z");
    let order = json!({"message": "created", "order": {
        "id": 1, "status": "pending", "total_amount": 299.99, "created_at": created,
        "self": format!("http://127.0.0.1:{port}/api/orders/1"),
    }});
    let user = json!({"id": 1, "username": "alice"});
    let sent = json!({"user_id": 1, "items": ["Phone"], "total_amount": 299.99});
    push(&mut history, 20, 0, exchange("client -> orders-service", "POST /api/orders", &sent, 201, &order));
    push(
        &mut history,
        21,
        0,
        exchange("orders-service -> users-service", "GET /api/users/1", &Value::Null, 200, &user),
    );
    let injected = HistoryEvent::Fault { fault: fault().name, change: FaultChange::Injected };
    history.append(at(30), Some(1), injected);
    let pay = json!({"order_id": 1, "user_id": 1});
    let answer = match status {
        201 | 202 => json!({"message": "paid", "payment": {"id": 1, "amount": 299.99}}),
        _ => {
            json!({"title": "Service Unavailable", "detail": format!("no reply from 127.0.0.1:{port} in 40ms")})
        }
    };
    push(
        &mut history,
        31,
        2,
        exchange("client -> payment-service", "POST /api/payments", &pay, status, &answer),
    );
    let read = exchange("payment-service -> orders-service", "GET /api/orders/1", &Value::Null, 200, &order);
    push(&mut history, 32, 2, read);
    let charge = json!({"amount": -299.99});
    let charged = exchange(
        "payment-service -> users-service",
        "POST /api/users/1/balance",
        &charge,
        200,
        &json!({"new_balance": 200.01}),
    );
    push(&mut history, 33, 2, unanswered(charged.clone(), NoReply::Reset));
    // Background retries come as often as time allows.
    for retry in 0..u64::from(slowness) {
        push(&mut history, 38 + retry, 2, charged.clone());
    }
    history
}

pub(crate) fn result(verdict: Verdict, history: History, took: Duration) -> ScenarioResult {
    ScenarioResult {
        scenario: scenario(),
        seed: Seed(7),
        verdict,
        history,
        took,
        output: ServiceOutput::default(),
    }
}

/// A run of the scenario in which everything holds.
pub(crate) fn passed(run: Run) -> ScenarioResult {
    let mut history = history(run, 201);
    let mut push = |millis: u64, step: usize, exchange: SampleExchange| {
        exchange.add_to(&mut history, Duration::from_millis(millis) * run.slowness, Some(step));
    };
    let order = |status: &str| json!({"id": 1, "status": status});
    for attempt in 0..u64::from(run.slowness) {
        let polled =
            exchange("client -> orders-service", "GET /api/orders/1", &Value::Null, 200, &order("pending"));
        push(50 + attempt, 3, polled);
    }
    let polled =
        exchange("client -> orders-service", "GET /api/orders/1", &Value::Null, 200, &order("confirmed"));
    push(70, 3, polled);
    let pay = json!({"order_id": 1, "user_id": 1});
    let refused = |status: u16| {
        exchange(
            "client -> payment-service",
            "POST /api/payments",
            &pay,
            status,
            &json!({"title": "Conflict"}),
        )
    };
    for status in [409, 409] {
        push(80, 4, refused(status));
    }
    // Which way the third one ends is a matter of time.
    push(81, 4, if run.slowness == 1 { refused(503) } else { unanswered(refused(503), NoReply::Reset) });
    let healed = HistoryEvent::Fault { fault: fault().name, change: FaultChange::Healed };
    history.append(Duration::from_millis(90) * run.slowness, None, healed);
    result(Verdict::Passed, history, Duration::from_millis(120) * run.slowness)
}

/// A run of the scenario in which the payment fails, and money is missing in the end.
pub(crate) fn failed() -> ScenarioResult {
    let history = history(FIRST, 503);
    let judged = history
        .exchanges_during(2)
        .find(|exchange| exchange.link.caller == ServiceName::client())
        .expect("the payment")
        .id;
    let at_payment = Failure {
        location: FailureLocation::Step { index: 2, name: "she pays, and pays once".into(), span: span(23) },
        findings: vec![
            Finding::new(FindingKind::Status, "201 or 202", "503"),
            Finding::new(
                FindingKind::Body(BodyPath::default().key("payment").key("status")),
                "\"completed\"",
                "absent",
            ),
            Finding::new(
                FindingKind::Traffic("payment-service -> users-service".parse().expect("a link")),
                "calls == 1",
                r#"{"calls":2,"delivered":2,"replied":1,"statuses":[200]}"#,
            ),
        ],
        exchange: Some(judged),
        failed: Vec::new(),
    };
    let money = FindingKind::Invariant("money is conserved".into());
    let finding = Finding::new(money, "total == 950.00", "total = 650.01");
    let at_end = Failure {
        location: FailureLocation::End,
        findings: vec![finding],
        exchange: None,
        failed: Vec::new(),
    };
    result(Verdict::Failed(vec![at_payment, at_end]), history, Duration::from_millis(1_240))
}

/// A run in which a service didn't start.
pub(crate) fn broken_off() -> ScenarioResult {
    let broken = BrokenOff::NotReady {
        service: service("users-service"),
        unmet: Box::new(UnmetCondition {
            within: Duration::from_secs(10),
            condition: "GET /livez".into(),
            last: verdict::ReadinessReply::None("connection refused".into()),
        }),
        run_by: RunBy::Runner(5002),
        log: vec!["opening users.redb".into(), "\u{1b}[31mError\u{1b}[0m: database is locked".into()],
    };
    result(Verdict::BrokenOff(broken), History::default(), Duration::ZERO)
}

/// A scenario that wasn't run.
pub(crate) fn skipped() -> ScenarioResult {
    result(Verdict::Skipped("mail-service isn't there".into()), History::default(), Duration::ZERO)
}
