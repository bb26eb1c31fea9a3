//! A scenario, and histories of it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use engine::ScenarioResult;
use fault::{Calls, Damage, Fault, Link, Seed, Selector, ServiceName, Side};
use http::{HeaderMap, Method, StatusCode};
use scenario::{
    Action, Body, Call, EventuallyStep, Expectations, InjectStep, OutcomeCount, OutcomePattern, RequestStep,
    Scenario, Span, Step, Template, Times,
};
use serde_json::{Value, json};
use verdict::{
    BrokenOff, Ending, Exchange, Failure, FaultChange, Finding, Happening, History, NoReply, Place,
    ProcessChange, Record, Reply, Request, Verdict, traffic_during,
};

/// What differs from one run to the next, though everything goes the same way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// How many times slower than the first it is.
    pub(crate) slowness: u32,
    /// What is listened on, from here.
    pub(crate) port: u16,
    /// The minute in which everything is created.
    pub(crate) minute: u8,
}

pub(crate) const FIRST: Run = Run { slowness: 1, port: 40_001, minute: 3 };

pub(crate) fn service(name: &str) -> ServiceName {
    name.parse().expect("a name")
}

fn span(line: u32) -> Span {
    Span { line, column: 5, offset: 0, length: 0 }
}

pub(crate) fn step(line: u32, name: &str, action: Action) -> Step {
    Step { name: name.into(), span: span(line), condition: None, action }
}

pub(crate) fn request(
    method: Method,
    to: &str,
    path: &str,
    times: Times,
    expect: Expectations,
) -> RequestStep {
    let call = Call {
        method,
        service: service(to),
        path: Template::literal(path),
        headers: Vec::new(),
        body: Body::None,
        timeout: None,
    };
    RequestStep { call, times, expect, capture: Vec::new() }
}

pub(crate) fn expecting(status: &[u16]) -> Expectations {
    Expectations { status: status.to_vec(), ..Expectations::default() }
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
        within: Duration::from_secs(10),
        every: Duration::from_millis(100),
        request: request(Method::GET, "orders-service", "/api/orders/1", Times::Once, expecting(&[200])),
    };
    let order = request(Method::POST, "orders-service", "/api/orders", Times::Once, expecting(&[201]));
    let pay = request(Method::POST, "payment-service", "/api/payments", Times::Once, expecting(&[201, 202]));
    let many = request(Method::POST, "payment-service", "/api/payments", Times::Parallel(3), twenty);
    Arc::new(Scenario {
        name: "A payment survives a lost reply".into(),
        tags: vec!["payments".into()],
        file: Arc::new("scenarios/faults/lost-reply.yaml".into()),
        vars: Vec::new(),
        faults: vec![fault()],
        steps: vec![
            step(12, "alice orders a phone", Action::Request(order)),
            step(21, "inject reply-lost", Action::Inject(inject)),
            step(23, "she pays, and pays once", Action::Request(pay)),
            step(33, "the order is confirmed", Action::Eventually(poll)),
            step(38, "nobody pays again", Action::Request(many)),
        ],
        settle: None,
    })
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

/// An exchange that was answered, and whose reply arrived.
pub(crate) fn exchange(link: &str, asked: &str, sent: &Value, status: u16, answer: &Value) -> Exchange {
    let (method, path) = asked.split_once(' ').expect("a method and a path");
    let (caller, callee) = link.split_once(" -> ").expect("a link");
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers(&[("content-type", "application/json".into())]),
        body: bytes(answer),
    };
    let sent_headers = [("content-type", "application/json".into()), ("idempotency-key", "click-1".into())];
    Exchange {
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
        ending: Some(Ending { took: Duration::from_millis(9), received: Ok(reply) }),
    }
}

pub(crate) fn unanswered(mut exchange: Exchange, none: NoReply) -> Exchange {
    exchange.faults.push("reply-lost".parse().unwrap());
    exchange.ending = Some(Ending { took: Duration::from_millis(4), received: Err(none) });
    exchange
}

/// What happened up to the payment, which is answered with `status`.
pub(crate) fn history(run: Run, status: u16) -> History {
    let mut history = History::default();
    let Run { slowness, port, minute } = run;
    let mut push = |millis: u64, step: Option<usize>, what: Happening| {
        let at = Duration::from_millis(millis) * slowness;
        let mut what = what;
        if let Happening::Exchange(Exchange { ending: Some(ending), .. }) = &mut what {
            ending.took *= slowness;
        }
        history.push(Record { at, step, what });
    };
    let started = |name: &str| Happening::Process { service: service(name), change: ProcessChange::Started };
    push(0, None, started("users-service"));
    push(1, None, started("orders-service"));
    push(2, None, started("payment-service"));
    let created = format!("2026-03-01T10:{minute:02}:07.123Z");
    let order = json!({"message": "created", "order": {
        "id": 1, "status": "pending", "total_amount": 299.99, "created_at": created,
        "self": format!("http://127.0.0.1:{port}/api/orders/1"),
    }});
    let user = json!({"id": 1, "username": "alice"});
    let sent = json!({"user_id": 1, "items": ["Phone"], "total_amount": 299.99});
    let call = |link, asked, sent: &Value, status, answer: &Value| {
        Happening::Exchange(exchange(link, asked, sent, status, answer))
    };
    push(20, Some(0), call("client -> orders-service", "POST /api/orders", &sent, 201, &order));
    push(21, Some(0), call("orders-service -> users-service", "GET /api/users/1", &Value::Null, 200, &user));
    let injected = FaultChange::Injected;
    push(30, Some(1), Happening::Fault { fault: fault().name, change: injected });
    let pay = json!({"order_id": 1, "user_id": 1});
    let answer = match status {
        201 | 202 => json!({"message": "paid", "payment": {"id": 1, "amount": 299.99}}),
        _ => {
            json!({"title": "Service Unavailable", "detail": format!("no reply from 127.0.0.1:{port} in 40ms")})
        }
    };
    push(31, Some(2), call("client -> payment-service", "POST /api/payments", &pay, status, &answer));
    let read = call("payment-service -> orders-service", "GET /api/orders/1", &Value::Null, 200, &order);
    push(32, Some(2), read);
    let charge = json!({"amount": -299.99});
    let charged = exchange(
        "payment-service -> users-service",
        "POST /api/users/1/balance",
        &charge,
        200,
        &json!({"new_balance": 200.01}),
    );
    push(33, Some(2), Happening::Exchange(unanswered(charged.clone(), NoReply::Reset)));
    // Background retries come as often as time allows.
    for retry in 0..u64::from(slowness) {
        push(38 + retry, Some(2), Happening::Exchange(charged.clone()));
    }
    history
}

pub(crate) fn result(verdict: Verdict, history: History, took: Duration) -> ScenarioResult {
    ScenarioResult { scenario: scenario(), seed: Seed(7), verdict, history, took }
}

/// A run of the scenario in which everything holds.
pub(crate) fn passed(run: Run) -> ScenarioResult {
    let mut history = history(run, 201);
    let mut push = |millis: u64, step: usize, exchange: Exchange| {
        let at = Duration::from_millis(millis) * run.slowness;
        history.push(Record { at, step: Some(step), what: Happening::Exchange(exchange) });
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
    let healed = Happening::Fault { fault: fault().name, change: FaultChange::Healed };
    history.push(Record { at: Duration::from_millis(90) * run.slowness, step: None, what: healed });
    result(Verdict::Passed, history, Duration::from_millis(120) * run.slowness)
}

/// A run of the scenario in which the payment fails, and money is missing in the end.
pub(crate) fn failed() -> ScenarioResult {
    let history = history(FIRST, 503);
    let judged = history
        .exchanges_during(2)
        .find(|exchange| exchange.link.caller == ServiceName::client())
        .expect("the payment")
        .clone();
    let at_payment = Failure {
        place: Place::Step { index: 2, name: "she pays, and pays once".into(), span: span(23) },
        findings: vec![
            Finding::new("status", "201 or 202", "503"),
            Finding::new("body.payment.status", "\"completed\"", "absent"),
            Finding::new(
                "payment-service -> users-service",
                "calls == 1",
                r#"{"calls":2,"delivered":2,"replied":1,"statuses":[200]}"#,
            ),
        ],
        exchange: Some(judged),
        traffic: traffic_during(&history, 2),
    };
    let finding = Finding::new("money is conserved", "total == 950.00", "total = 650.01");
    let at_end = Failure { place: Place::End, findings: vec![finding], exchange: None, traffic: Vec::new() };
    result(Verdict::Failed(vec![at_payment, at_end]), history, Duration::from_millis(1_240))
}

/// A run in which a service didn't start.
pub(crate) fn broken_off() -> ScenarioResult {
    let broken = BrokenOff {
        reason: "users-service wasn't ready within 10s".into(),
        help: Some("its `ready` path is /livez: does it answer there?".into()),
        log: vec!["opening users.redb".into(), "\u{1b}[31mError\u{1b}[0m: database is locked".into()],
    };
    result(Verdict::BrokenOff(broken), History::default(), Duration::ZERO)
}

/// A scenario that wasn't run.
pub(crate) fn skipped() -> ScenarioResult {
    result(Verdict::Skipped("mail-service isn't there".into()), History::default(), Duration::ZERO)
}
