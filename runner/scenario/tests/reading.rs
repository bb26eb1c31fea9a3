//! Text in, a scenario or every mistake in it out.

use std::time::Duration;

use proptest::prelude::*;
use scenario::{
    Action, Body, BodyExpectation, Configuration, File, Mistake, Need, OutcomeCount, OutcomePattern,
    Scenario, Signal, Silence, TemplateValue, Times, When, read_configuration, read_file,
};

const CONF: &str = "\
services:
  users-service: { base_url: http://localhost:5002 }
  orders-service: { base_url: http://localhost:5003, depends_on: [users-service] }
  payment-service: { base_url: http://localhost:5004, depends_on: [users-service, orders-service] }
";

fn configuration() -> Configuration {
    read_configuration(CONF, "e2e.conf".into()).expect("a configuration")
}

fn shown(mistakes: Vec<Mistake>) -> Vec<String> {
    let show = |mistake: Mistake| {
        let help = mistake.help.map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}:{} {}{help}", mistake.span.line, mistake.span.column, mistake.message)
    };
    mistakes.into_iter().map(show).collect()
}

/// Reads a scenario and compares its mistakes, each `line:column message (help)`.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let mistakes = read_file(text, "a.yaml".into(), &configuration()).err().map(shown).unwrap_or_default();
    assert_eq!(mistakes, expected, "{text}");
}

/// Like [`check`], of one step, whose first line is line 3.
#[track_caller]
fn check_step(step: &str, expected: &[&str]) {
    check(&format!("scenario: s\nsteps:\n  - {step}\n"), expected);
}

/// Like [`check`], of one fault that is injected; its first line is line 4.
#[track_caller]
fn check_fault(fault: &str, expected: &[&str]) {
    let fault = fault.replace('\n', "\n    ");
    check(&format!("scenario: s\nfaults:\n  f:\n    {fault}\nsteps:\n  - inject: f\n"), expected);
}

#[track_caller]
fn check_conf(text: &str, expected: &[&str]) {
    let mistakes = read_configuration(text, "e2e.conf".into()).err().map(shown).unwrap_or_default();
    assert_eq!(mistakes, expected, "{text}");
}

#[track_caller]
fn scenario(text: &str) -> Scenario {
    match read_file(text, "a.yaml".into(), &configuration()) {
        Ok(File::Scenario(scenario)) => *scenario,
        Ok(other) => panic!("{other:?}"),
        Err(mistakes) => panic!("{:#?}", shown(mistakes)),
    }
}

const SKETCH: &str = "\
scenario: A payment survives a lost reply from users
tags: [payments, lost-reply]

faults:
  reply-lost:
    link: payment-service -> users-service
    match: POST /api/users/*/balance
    calls: 1
    lose: reply

steps:
  - name: alice orders a phone
    request: POST orders-service /api/orders
    body: { user_id: 1, items: [Phone], total_amount: 299.99 }
    expect:
      status: 201
      body: { order: { status: pending } }
    capture:
      order_id: body.order.id

  - inject: reply-lost

  - name: she pays, and pays once
    request: POST payment-service /api/payments
    headers: { Idempotency-Key: click-1 }
    body:
      order_id: ${order_id}
      user_id: 1
    expect:
      status: [201, 202]
      links:
        payment-service -> users-service: calls >= 1

  - eventually:
      within: 10s
      request: GET orders-service /api/orders/${order_id}
      expect: { body: { status: confirmed } }

  - parallel: 20
    request: POST payment-service /api/payments
    body: { order_id: \"${order_id}\", user_id: 1 }
    expect:
      outcomes: { 409: 20 }
";

#[test]
fn a_scenario_is_read_as_it_is_meant() {
    let scenario = scenario(SKETCH);
    assert_eq!(scenario.name, "A payment survives a lost reply from users");
    assert_eq!(scenario.tags, ["payments", "lost-reply"]);
    assert_eq!(scenario.faults[0].to_string(), "reply lost on payment-service -> users-service");
    assert_eq!(scenario.faults[0].selector.path.to_string(), "/api/users/*/balance");
    assert_eq!(scenario.faults[0].selector.calls, fault::Calls::Range(1..=1));
    let names: Vec<_> = scenario.steps.iter().map(|step| (step.span.line, step.name.as_str())).collect();
    let expected = [
        (12, "alice orders a phone"),
        (21, "inject reply-lost"),
        (23, "she pays, and pays once"),
        (34, "eventually GET orders-service /api/orders/${order_id}"),
        (39, "POST payment-service /api/payments"),
    ];
    assert_eq!(names, expected);

    let scope = scenario::Scope::new([("order_id".to_owned(), 7.into())].into_iter().collect());
    let [order, inject, pay, eventually, parallel] = scenario.steps.as_slice() else { panic!("five steps") };
    let Action::Request(order) = &order.action else { panic!("{order:?}") };
    let Body::Json(body) = &order.call.body else { panic!("{order:?}") };
    let expected = serde_json::json!({"user_id": 1, "items": ["Phone"], "total_amount": 299.99});
    assert_eq!(body.render(&scope), Ok(expected));
    assert_eq!((order.times, order.expect.status.as_slice()), (Times::Once, [201].as_slice()));
    assert!(matches!(&order.expect.body, Some(BodyExpectation::Subset(_))));
    assert_eq!((order.capture[0].0.as_str(), order.capture[0].1.source()), ("order_id", "body.order.id"));
    let Action::Inject(inject) = &inject.action else { panic!("{inject:?}") };
    assert_eq!((inject.fault.as_str(), inject.after, inject.lasting), ("reply-lost", Duration::ZERO, None));
    let Action::Request(pay) = &pay.action else { panic!("{pay:?}") };
    let Body::Json(body) = &pay.call.body else { panic!("{pay:?}") };
    assert_eq!(body.render(&scope), Ok(serde_json::json!({"order_id": 7, "user_id": 1})));
    assert_eq!(pay.call.headers[0].0, "idempotency-key");
    assert_eq!(pay.expect.links[0].holds.source(), "calls >= 1");
    let Action::Eventually(eventually) = &eventually.action else { panic!("{eventually:?}") };
    assert_eq!(eventually.within, Duration::from_secs(10));
    assert_eq!(eventually.request.call.path.render(&scope), Ok("/api/orders/7".into()));
    let Action::Request(parallel) = &parallel.action else { panic!("{parallel:?}") };
    assert_eq!(parallel.times, Times::Parallel(20));
    assert_eq!(parallel.expect.outcomes, [(OutcomePattern::Status(409), OutcomeCount::Exactly(20))]);
}

#[test]
fn every_other_form_has_its_meaning() {
    let scenario = scenario(
        "scenario: s
vars: { key: secret, both: \"${key}-${key}\" }
faults:
  slow: { link: client -> users-service, match: { method: GET, headers: { X-A: b } }, latency: { delay: 1s, side: request } }
  down: { link: orders-service -> users-service, outage: refuse, probability: 0.5 }
  five: { link: orders-service -> users-service, match: /api/**, calls: every 2nd, error: { status: 503, body: { a: 1 } } }
  dead: { link: orders-service -> users-service, crash: { service: users-service, when: after } }
steps:
  - inject: { fault: slow, after: 2s, for: 10s }
  - inject: down
    for: 1m
  - { inject: five, after: 1s }
  - inject: dead
  - heal: down
  - heal: all
  - wait: 500ms
  - kill: users-service
  - restart: users-service
  - check: [key == 'secret', both != key]
  - repeat: 3
    request: POST users-service /form?a=1
    form: { a: \"${key}\", b: 1 }
    timeout: 2s
    expect:
      outcomes: { 200: 0-3, 500: \">= 0\", no_reply: \"< 3\" }
  - request: PUT users-service /text
    text: hello ${key} and $${this}
    expect:
      headers: { x-gone: null, x-there: \"${key}\" }
      body: { exact: { id: \"${any}\", list: [1, null] } }
      that: took < 1
  - request: DELETE users-service /x
    expect: { no_reply: true }
",
    );
    let actions: Vec<_> = scenario.steps.iter().map(|step| &step.action).collect();
    assert_eq!(scenario.faults[0].to_string(), "request 1s late on client -> users-service");
    assert_eq!(scenario.faults[0].selector.method, Some(http::Method::GET));
    assert_eq!(
        scenario.faults[0].selector.headers[0],
        (http::HeaderName::from_static("x-a"), "b".to_owned())
    );
    assert_eq!(Some(scenario.faults[1].selector.probability), fault::Probability::new(0.5));
    let fault::Damage::Error(reply) = &scenario.faults[2].damage else { panic!("{:?}", scenario.faults[2]) };
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (503, "{\"a\":1}"));
    assert_eq!(
        scenario.faults[3].to_string(),
        "users-service crashes after the reply left on orders-service -> users-service"
    );
    let seconds = Duration::from_secs;
    let schedules: Vec<_> = actions
        .iter()
        .filter_map(|action| {
            if let Action::Inject(inject) = action { Some((inject.after, inject.lasting)) } else { None }
        })
        .collect();
    let zero = Duration::ZERO;
    let expected =
        [(seconds(2), Some(seconds(10))), (zero, Some(seconds(60))), (seconds(1), None), (zero, None)];
    assert_eq!(schedules, expected);
    assert!(matches!(actions[4], Action::Heal(Some(name)) if name.as_str() == "down"));
    assert!(matches!(actions[5], Action::Heal(None)));
    assert!(matches!(actions[6], Action::Wait(wait) if *wait == Duration::from_millis(500)));
    assert!(matches!(actions[7], Action::Process(process) if process.signal == Signal::Kill));
    assert!(matches!(actions[8], Action::Process(process) if process.signal == Signal::Restart));
    assert!(matches!(actions[9], Action::Check(checks) if checks.len() == 2));

    let scope = scenario::Scope::new([("key".to_owned(), "secret".into())].into_iter().collect());
    assert_eq!(scenario.vars[1].1.render(&scope), Ok("secret-secret".into()));
    let Action::Request(form) = actions[10] else { panic!("{:?}", actions[10]) };
    assert_eq!((form.times, form.call.timeout), (Times::Repeat(3), Some(seconds(2))));
    let Body::Form(fields) = &form.call.body else { panic!("{form:?}") };
    assert_eq!(fields[1].1.render(&scope), Ok("1".into()));
    let expected = [
        (OutcomePattern::Status(200), OutcomeCount::Between(0, 3)),
        (OutcomePattern::Status(500), OutcomeCount::Between(0, u32::MAX)),
        (OutcomePattern::NoReply, OutcomeCount::Between(0, 2)),
    ];
    assert_eq!(form.expect.outcomes, expected);
    let Action::Request(text) = actions[11] else { panic!("{:?}", actions[11]) };
    let Body::Text(body) = &text.call.body else { panic!("{text:?}") };
    assert_eq!(body.render(&scope), Ok("hello secret and ${this}".into()));
    assert!(text.expect.headers[0].1.is_none() && text.expect.headers[1].1.is_some());
    let Some(BodyExpectation::Exact(TemplateValue::Object(entries))) = &text.expect.body else {
        panic!("{text:?}")
    };
    assert!(matches!(entries[0].1, TemplateValue::Any));
    assert!(matches!(actions[12], Action::Request(request) if request.expect.silence == Silence::Required));
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    check(
        "scenario: s
tag: [a]
faults:
  lost: { link: users-service -> payment-service, lose: replies }
steps:
  - request: PSOT order-service api/orders
    body: { id: \"${order_idd}\" }
    expct: { status: 201 }
    capture: { order_id: body.order.id }
  - wait: 5
  - kill: userz-service
  - request: GET users-service /x
    expect: { status: 2000, status: 200 }
",
        &[
            "2:1 unknown key `tag` in a scenario (did you mean `tags`?)",
            "4:3 `lost` is never injected (inject it: `- inject: lost`)",
            "4:17 `users-service` doesn't call `payment-service` (did you mean `payment-service -> users-service`?)",
            "4:57 `replies` has no meaning here (there are `request`, `reply`)",
            "6:14 `PSOT` is no method (did you mean `POST`?)",
            "6:19 unknown service `order-service` (did you mean `orders-service`?)",
            "6:33 a path starts with `/` (write `/api/orders`)",
            "7:20 `order_idd` is undefined (there are no variables yet: `vars` and `capture` make them)",
            "8:5 unknown key `expct` in a step (did you mean `expect`?)",
            "9:16 `order_id` is captured and never used (use it in a later step, or expect what it must be)",
            "10:11 `5` has no unit (write `5s` or `5ms`)",
            "11:11 unknown service `userz-service` (did you mean `users-service`?)",
            "13:23 2000 is not a whole number from 100 to 599",
            "13:29 `status` is written a second time (the first one is on line 13)",
        ],
    );
}

#[test]
fn files() {
    check("", &["1:1 nothing is written here"]);
    check("- a", &["1:3 this is a list, and has to be a scenario"]);
    check(
        "{}",
        &[
            "1:1 a scenario needs the key `scenario` (`scenario`: What the scenario says of itself.)",
            "1:1 a scenario needs the key `steps` (`steps`: What happens, in order.)",
        ],
    );
    check("scenario: s\nsteps: []", &["2:8 a scenario without steps can't fail"]);
    check("scenario: s\nsteps:\n", &["2:6 the value is missing: it has to be a list of steps"]);
    check("scenario: [s\nsteps: 1", &["2:6 not readable as YAML: illegal placement of ':' indicator"]);
    check(
        "scenario: s\ntags: smoke\nsteps: [{wait: 1s}]",
        &["2:7 this is a text, and has to be a list of tags, such as `[smoke, payments]`"],
    );
    check("scenario: s\nsettle: 10 s\nsteps: [{wait: 1s}]", &[]);
    check(
        "scenario: s\nsettle: soon\nsteps: [{wait: 1s}]",
        &["2:9 `soon` is no length of time (write `5s` or `200ms`)"],
    );
    check(
        "scenario: s\nsteps: [{wait: 1s}]\nsteps: []",
        &["3:1 `steps` is written a second time (the first one is on line 2)"],
    );
}

#[test]
fn steps() {
    check_step(
        "{}",
        &[
            "3:5 this step does nothing (it needs one of `request`, `together`, `eventually`, `inject`, `heal`, `wait`, `kill`, `stop`, \
         `start`, `restart`, `pause`, `resume`, `check`)",
        ],
    );
    check_step(
        "{ wait: 1s, kill: users-service }",
        &["3:17 a step does one thing: `wait` and `kill` are two (make a step of its own of it)"],
    );
    check_step(
        "{ wait: 1s, headers: {} }",
        &["3:17 `headers` belongs to `request`, which this step doesn't have"],
    );
    check_step("{ wait: 1s, for: 2s }", &["3:17 `for` belongs to `inject`, which this step doesn't have"]);
    check_step("{ wait: 1 }", &["3:13 `1` has no unit (write `1s` or `1ms`)"]);
    check_step("{ wait: 200ms, name: [] }", &["3:26 this is a list, and has to be a name"]);
    check_step("{ inject: lost }", &["3:15 unknown fault `lost` (the scenario has no `faults`)"]);
    check_step("{ heal: lost }", &["3:13 unknown fault `lost` (the scenario has no `faults`)"]);
    check_step(
        "{ restart: payments }",
        &["3:16 unknown service `payments` (there are `users-service`, `orders-service`, `payment-service`)"],
    );
    check_step("{ check: [] }", &["3:14 this list is empty"]);
    check_step(
        "{ check: \"1 +\" }",
        &["3:17 not an expression: unexpected end of input, expected expression"],
    );
    check_step("{ check: status ä }", &["3:21 not an expression: unexpected character"]);
    check_step(
        "{ check: \"${true}\" }",
        &[
            "3:14 this is an expression by itself and needs no `${…}` (write what stands in the braces, without them)",
        ],
    );
    check_step(
        "{ check: status == 200 }",
        &["3:14 `status` is undefined (there are no variables yet: `vars` and `capture` make them)"],
    );
    check_step("check:", &["3:10 the value is missing: it has to be an expression, such as `status == 200`"]);
}

#[test]
fn requests() {
    check_step(
        "request: GET users-service /x",
        &[
            "3:14 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
        ],
    );
    check_step(
        "{ request: GET users-service /x, expect: {} }",
        &["3:38 this step can't fail: nothing is expected"],
    );
    let with =
        |rest: &str| format!("{{ request: POST users-service /x, expect: {{ status: 200 }}, {rest} }}");
    check_step(
        "{ request: GET /x, expect: { status: 200 } }",
        &[
            "3:16 `GET /x` is no request (a request is a method, a service and a path: `GET users-service /api/users`)",
        ],
    );
    check_step(
        "{ request: get users-service /x, expect: { status: 200 } }",
        &["3:16 `get` is no method (did you mean `GET`?)"],
    );
    check_step(
        "{ request: GET users-service /a b, expect: { status: 200 } }",
        &[
            "3:34 a path can't have white space or `#` in it (percent-encode it: a space is `%20`, a `#` is `%23`)",
        ],
    );
    check_step(
        "{ request: 'GET users-service /a/${ida | int}', expect: { status: 200 } }",
        &["3:40 `ida` is undefined (there are no variables yet: `vars` and `capture` make them)"],
    );
    check_step(&with("body: { a: 1 }, text: b"), &["3:80 a request has one body: `body` and `text` are two"]);
    check_step(
        &with("body: { a: \"${1\" }"),
        &["3:76 this `${` has no `}` (for the characters `${` themselves write `$${`)"],
    );
    check_step(&with("body: { a: }"), &["3:73 the value is missing (write `null` if that is meant)"]);
    check_step(
        &with("body: { a: \"${any}\" }"),
        &[
            "3:78 `any` is undefined (`${any}` stands for a whole value in an expected body, and nowhere else)",
        ],
    );
    check_step(&with("headers: { 'a b': c }"), &["3:75 `a b` can't be the name of a header"]);
    check_step(&with("timeout: 5"), &["3:73 `5` has no unit (write `5s` or `5ms`)"]);
    check_step(&with("repeat: 0"), &["3:72 0 is not a whole number from 1 to 100000"]);
    check_step(
        &with("parallel: many"),
        &["3:74 this is a text, and has to be a whole number from 1 to 1000"],
    );
    check_step(
        &with("repeat: 2, parallel: 2"),
        &["3:75 a request is sent in turn or at once: `repeat` and `parallel` don't go together"],
    );
    check_step(
        &with("parallel: 2, capture: { a: status }"),
        &[
            "3:77 of many replies at once there is none to capture from (capture from a request of its own)",
            "3:88 `a` is captured and never used (use it in a later step, or expect what it must be)",
        ],
    );
}

#[test]
fn expectations() {
    let step = |expect: &str| format!("{{ request: GET users-service /x, expect: {{ {expect} }} }}");
    check_step(&step("status: []"), &["3:56 this list is empty"]);
    check_step(&step("status: ok"), &["3:56 this is a text, and has to be a whole number from 100 to 599"]);
    check_step(&step("status: 99"), &["3:56 99 is not a whole number from 100 to 599"]);
    check_step(&step("body:"), &["3:52 the value is missing (write `null` if that is meant)"]);
    check_step(&step("body: null"), &[]);
    check_step(&step("that: bdy.id == 1"), &["3:54 `bdy` is undefined (did you mean `body`?)"]);
    check_step(
        &step("that: 1 == calls"),
        &["3:59 `calls` is undefined (there are `status`, `headers`, `body`, `took`)"],
    );
    check_step(
        &step("that: \"body.id > 'a' | nothing\""),
        &["3:71 not an expression: there is no filter `nothing`"],
    );
    check_step(
        &step("links: { orders-service -> users-service: call == 1 }"),
        &["3:90 `call` is undefined (did you mean `calls`?)"],
    );
    check_step(
        &step("links: { orders-service -> payment-service: calls == 1 }"),
        &[
            "3:57 `orders-service` doesn't call `payment-service` (did you mean `payment-service -> orders-service`?)",
        ],
    );
    check_step(
        &step("links: { users-service: calls == 1 }"),
        &["3:57 `users-service` is no link: a link is written `caller -> callee`"],
    );
    check_step(
        &step("links: { client -> users: calls == 1 }"),
        &["3:57 unknown service `users` (there are `users-service`, `orders-service`, `payment-service`)"],
    );
    check_step(
        &step("outcomes: { 200: 1 }"),
        &[
            "3:48 `outcomes` count the requests of a repeated or parallel step (use `status`, or add `parallel: 20` or `repeat: 20`)",
        ],
    );
    check_step(
        &step("no_reply: true, status: 200"),
        &["3:64 `status` can't be expected of no reply (leave it or `no_reply` out)"],
    );
    check_step(&step("no_reply: false"), &["3:58 `no_reply` can only be `true` (leave `no_reply` out)"]);
    let many = |outcomes: &str| {
        format!("{{ parallel: 20, request: GET users-service /x, expect: {{ outcomes: {{ {outcomes} }} }} }}")
    };
    check_step(
        &many("200: 1, 409: 18"),
        &["3:62 these outcomes are of at most 19 requests, and 20 are sent"],
    );
    check_step(&many("200: '>= 21'"), &["3:62 these outcomes are of at least 21 requests, and 20 are sent"]);
    check_step(&many("200: 1, 409: '>= 1'"), &[]);
    check_step(
        &many("fine: 20"),
        &["3:74 `fine` is no outcome (an outcome is a status from 100 to 599, or `no_reply`)"],
    );
    check_step(&many("200: 3-1"), &["3:79 `3-1` is no count (write `3`, `0-3` or `\">= 1\"`)"]);
}

#[test]
fn eventually() {
    check_step(
        "eventually: { request: GET users-service /x }",
        &[
            "3:19 `eventually` needs the key `within` (`within`: How long it may take.)",
            "3:19 `eventually` needs the key `expect` (say what it waits for: `expect: { body: { status: confirmed } }`)",
            "3:28 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
        ],
    );
    check_step(
        "{ eventually: { within: 1s, request: GET users-service /x }, expect: { status: 200 } }",
        &[
            "3:21 `eventually` needs the key `expect` (say what it waits for: `expect: { body: { status: confirmed } }`)",
            "3:42 this step can't fail: it expects nothing and captures nothing (say what must come of it: `expect: { status: 200 }`)",
            "3:66 `expect` belongs to `request`, which this step doesn't have (indent it so that it stands within `eventually`)",
        ],
    );
}

#[test]
fn captures_and_variables_in_the_order_of_the_steps() {
    let with = |vars: &str, steps: &str| format!("scenario: s\nvars: {vars}\nsteps:\n{steps}");
    let capture = "  - { request: GET users-service /x, capture: { a: body.id } }\n";
    check(&with("{ b: 1 }", &format!("{capture}  - check: a == b\n")), &[]);
    check(
        &with("{ b: 1 }", &format!("  - check: a == b\n{capture}")),
        &["4:12 `a` is undefined (it is captured only later, on line 5)"],
    );
    check(
        &with("{ b: 1 }", &format!("{capture}  - check: b == c\n")),
        &[
            "4:49 `a` is captured and never used (use it in a later step, or expect what it must be)",
            "5:17 `c` is undefined (there are `a`, `b`)",
        ],
    );
    check(
        &with("{ a: 1 }", &format!("{capture}  - check: a == 1\n")),
        &["4:49 `a` is a variable of this scenario already (call what is captured something else)"],
    );
    check(
        &with("{ x: \"${y}\", y: 1 }", "  - wait: 1s\n"),
        &["2:15 `y` is undefined (there are no variables yet: `vars` and `capture` make them)"],
    );
    check(
        &with("{ body: 1, a-b: 2 }", "  - wait: 1s\n"),
        &[
            "2:9 `body` already has a meaning in expressions (call it something else)",
            "2:18 `a-b` can't be the name of a variable (a name begins with a letter and goes on with letters, digits and `_`)",
        ],
    );
}

#[test]
fn faults() {
    check_fault(
        "link: orders-service -> users-service",
        &[
            "3:3 `f` does no damage (it needs one of `latency`, `outage`, `lose`, `error`, `duplicate`, `truncate`, \
         `bandwidth`, `corrupt`, `crash`)",
        ],
    );
    check_fault(
        "lose: reply",
        &[
            "4:5 a fault needs the key `link` (`link`: The link it damages: `caller -> callee`, or `client -> service`.)",
        ],
    );
    check_fault(
        "link: users-service -> orders-service\nlose: reply",
        &[
            "4:11 `users-service` doesn't call `orders-service` (did you mean `orders-service -> users-service`?)",
        ],
    );
    let fault = |rest: &str| format!("link: orders-service -> users-service\n{rest}");
    for (rest, expected) in [
        (
            "lose: reply\noutage: hang",
            "6:5 a fault does one thing: `lose` and `outage` are two (make two faults of it and inject both)",
        ),
        ("outage: refused", "5:13 `refused` has no meaning here (did you mean `refuse`?)"),
        ("latency: 200", "5:14 `200` has no unit (write `200s` or `200ms`)"),
        (
            "latency: { delay: 1s, jitter: 2s }",
            "5:35 the jitter is longer than the delay: nothing can arrive early",
        ),
        ("error: 5030", "5:12 5030 is not a whole number from 100 to 599"),
        (
            "error: { status: 503, body: '${a}' }",
            "5:34 a fault can't have `${…}` in it (a link decides by itself, and knows no variables)",
        ),
        ("duplicate: false", "5:16 `duplicate` can only be `true` (leave `duplicate` out)"),
        ("truncate: -1", "5:15 -1 is not a whole number from 0 to 4294967295"),
        ("bandwidth: 0", "5:16 0 is not a whole number of at least 1"),
        (
            "crash: users",
            "5:12 unknown service `users` (there are `users-service`, `orders-service`, `payment-service`)",
        ),
        (
            "crash: { service: users-service, when: now }",
            "5:44 `now` has no meaning here (there are `before`, `after`)",
        ),
        ("lose: reply\nprobability: 1.5", "6:18 1.5 is no probability: it has to be from 0 to 1"),
        ("lose: reply\nprobability: 0", "6:18 a fault with a probability of 0 never meets anything"),
        (
            "lose: reply\ncalls: often",
            "6:12 `often` is not a choice of calls: calls are `1`, `1-3` or `every 2nd`, counted from 1",
        ),
        ("lose: reply\nmatch: POTS /x", "6:12 `POTS` is no method (did you mean `POST`?)"),
        ("lose: reply\nmatch: POST x", "6:17 a path starts with `/` (write `/x`)"),
        (
            "lose: reply\nmatch: /a?b=1",
            "6:12 a path is matched without its query (leave out `?` and what follows)",
        ),
        (
            "lose: reply\nmatch: /a/**/b",
            "6:12 `**` stands for all that follows and has to be last (use `*` for one segment)",
        ),
        ("lose: reply\nmatch: /a/b*", "6:12 `*` stands for a whole segment (write `/*/`)"),
        (
            "lose: reply\nmatch: { mehtod: GET }",
            "6:14 unknown key `mehtod` in a match (did you mean `method`?)",
        ),
    ] {
        check_fault(&fault(rest), &[expected]);
    }
    let two = "faults:\n  a: { link: orders-service -> users-service, lose: reply }\n  a: {}\n";
    check(
        &format!("scenario: s\n{two}steps: [{{ inject: a }}]"),
        &["4:3 `a` is written a second time (the first one is on line 3)"],
    );
    let one = "faults:\n  lost: { link: orders-service -> users-service, lose: reply }\n";
    check(
        &format!("scenario: s\n{one}steps:\n  - heal: lost\n  - inject: losst\n  - inject: lost\n"),
        &["5:11 no step before this one injects `lost`", "6:13 unknown fault `losst` (did you mean `lost`?)"],
    );
    check(
        &format!("scenario: s\n{one}steps:\n  - inject: {{ fault: lost, for: 1s }}\n    for: 2\n"),
        &["6:5 `for` is written a second time"],
    );
}

#[test]
fn invariants() {
    let text = "\
invariants:
  money is conserved:
    when: settled
    observe: { ledger: GET users-service /api/ledger }
    holds: [ledger.total == 0, ledger.accounts | map(attribute='balance') | sum == 950]
";
    let Ok(File::Invariants(read)) = read_file(text, "a.yaml".into(), &configuration()) else {
        panic!("it is right")
    };
    assert_eq!(
        (read[0].name.as_str(), read[0].when, read[0].holds.len()),
        ("money is conserved", When::Settled, 2)
    );
    check(
        "invariants:\n  i: { when: often, observe: { a: POST users-service /x, body: GET users-service /y }, holds: b }",
        &[
            "2:14 `often` has no meaning here (there are `always`, `settled`)",
            "2:32 `a` is observed and never used",
            "2:35 POST may change what it observes (observe with GET)",
            "2:58 `body` already has a meaning in expressions (call it something else)",
            "2:58 `body` is observed and never used",
            "2:95 `b` is undefined (there are `a`, `body`)",
        ],
    );
}

#[test]
fn a_configuration_is_read_as_it_is_meant() {
    let text = "\
build: make ${env.TARGET or 'all'}
services:
  users-service:
    base_url: http://localhost:5002
    command: ${env.DIR|default('target')}/users --port ${port} \"--name=a b\" ${data_dir}/x
    ready: /livez
    stop: 2s
  orders-service:
    command: [orders, \"${port}\"]
    required: false
    env: { USERS_URL: \"${url.users-service}/x\", N: 1 }
    depends_on: { users-service: { listen: 127.0.0.1:7001 }, orders-service: }
    ready: [/livez, { path: /readyz, within: 3s }]
snapshots: snaps
timeout: 1s
invariants:
  no debt: { when: always, observe: { users: GET users-service /users }, holds: users.debt == 0 }
";
    let conf = read_configuration(text, "e2e.conf".into()).expect("a configuration");
    let scope = |env: serde_json::Value| {
        let values = serde_json::json!({
            "port": 4000, "data_dir": "/data", "env": env,
            "url": {"users-service": "http://127.0.0.1:7001"},
        });
        scenario::Scope::new(values.as_object().cloned().expect("an object"))
    };
    let (bare, set) =
        (scope(serde_json::json!({})), scope(serde_json::json!({"TARGET": "some", "DIR": "/bin"})));
    let build = conf.build.as_ref().expect("a build command");
    assert_eq!((build.render(&bare), build.render(&set)), (Ok("make all".into()), Ok("make some".into())));
    let [users, orders] = conf.services.as_slice() else { panic!("two services") };
    let start = users.start.as_ref().expect("a command");
    let words =
        |scope| start.command.iter().map(|word| word.render(scope).expect("a word")).collect::<Vec<_>>();
    assert_eq!(words(&bare), ["target/users", "--port", "4000", "--name=a b", "/data/x"]);
    assert_eq!(words(&set)[0], "/bin/users");
    assert_eq!(
        (start.stop_grace, conf.settle, conf.timeout),
        (Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(1),)
    );
    assert_eq!((users.need, orders.need), (Need::Required, Need::Optional));
    assert_eq!(users.base_url.as_ref().and_then(http::Uri::port_u16), Some(5002));
    let env = &orders.start.as_ref().expect("a command").env;
    assert_eq!(env["USERS_URL"].render(&bare), Ok("http://127.0.0.1:7001/x".into()));
    assert_eq!(env["N"].render(&bare), Ok("1".into()));
    assert_eq!(orders.depends_on[0].listen, Some(([127, 0, 0, 1], 7001).into()));
    let ready: Vec<_> =
        orders.ready.iter().map(|ready| (ready.path.as_str(), ready.within.as_secs())).collect();
    assert_eq!(ready, [("/livez", 10), ("/readyz", 3)]);
    let links: Vec<_> = conf.links().map(|link| link.to_string()).collect();
    assert_eq!(links, ["orders-service -> users-service", "orders-service -> orders-service"]);
    assert_eq!((conf.invariants[0].when, conf.snapshots), (When::Always, Some("snaps".into())));
}

#[test]
fn configurations() {
    check_conf("services: {}", &["1:1 there are no services"]);
    check_conf(
        "build: make ${url.a}\nservices: { a: { base_url: http://x } }",
        &["1:15 `url` is undefined (there is `env`)"],
    );
    check_conf(
        "timeout: 5",
        &[
            "1:1 e2e.conf needs the key `services` (`services`: The services by name.)",
            "1:10 `5` has no unit (write `5s` or `5ms`)",
        ],
    );
    check_conf(
        "services:\n  a: {}\n  client: { base_url: http://x }\n  b c: { base_url: http://x }",
        &[
            "2:3 nothing says where `a` is (say where it runs, `base_url: http://localhost:5002`, or how it is started, \
         `command: …`)",
            "3:3 a service can't be called `client` (the scenarios' own requests come from `client`: call the service something else)",
            "4:3 `b c` can't be the name of a service: a name has letters, digits, `-`, `_` and `.` only, not ` `",
        ],
    );
    let of = |rest: &str| format!("services:\n  users: {{ base_url: http://x }}\n  a: {{ {rest} }}");
    for (rest, expected) in [
        (
            "base_url: localhost",
            "3:18 `localhost` is no address of a service (write `http://localhost:5002`)",
        ),
        ("base_url: https://x", "3:18 links don't speak https (write `http://localhost:5002`)"),
        ("base_url: http://x, stop: 1s", "3:28 `stop` belongs to `command`, which this service doesn't have"),
        ("base_url: http://x, depends_on: [usres]", "3:41 unknown service `usres` (did you mean `users`?)"),
        (
            "base_url: http://x, depends_on: { users: { listen: here } }",
            "3:59 `here` is not an address to listen on, such as `127.0.0.1:7001`: invalid socket address syntax",
        ),
        (
            "base_url: http://x, ready: livez",
            "3:35 `livez` is no path (a path starts with `/`: write `/livez`)",
        ),
        ("base_url: http://x, required: maybe", "3:38 this is a text, and has to be `true` or `false`"),
        ("command: 'x ${prt}'", "3:22 `prt` is undefined (did you mean `port`?)"),
        (
            "command: 'x ${url.users}'",
            "3:22 this service doesn't depend on `users` (add it: `depends_on: [users]`)",
        ),
        ("command: 'x ${url.user}'", "3:22 unknown service `user` (did you mean `users`?)"),
        (
            "command: x && y",
            "3:17 `&&` has a meaning for a shell only, and none runs this command (write it as `[sh, -c, \"…\"]`)",
        ),
        ("command: []", "3:17 there is no command here"),
        ("comand: x, base_url: http://x", "3:8 unknown key `comand` in a service (did you mean `command`?)"),
    ] {
        check_conf(&of(rest), &[expected]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// Whatever is written, reading ends, with mistakes that lie in the text.
    #[test]
    fn no_text_breaks_the_reader(text in "(?s).{0,60}") {
        survives(&text)?;
    }

    /// A few characters of a real scenario are replaced, which leads deeper than noise does.
    #[test]
    fn no_damage_to_a_scenario_breaks_the_reader(
        at in 0..SKETCH.len(),
        length in 0..30_usize,
        put in "[a-z0-9{}\\[\\]:,\"'$ \n\\-|<>ä%!&*#]{0,8}",
    ) {
        let end = (at + length).min(SKETCH.len());
        survives(&format!("{}{put}{}", &SKETCH[..at], &SKETCH[end..]))?;
    }

    #[test]
    fn no_damage_to_a_configuration_breaks_the_reader(
        at in 0..CONF.len(),
        put in "[a-z{}\\[\\]:,\"'$ \n\\-./]{0,8}",
    ) {
        survives(&format!("{}{put}{}", &CONF[..at], &CONF[at..]))?;
    }
}

fn survives(text: &str) -> Result<(), TestCaseError> {
    let of_scenario = read_file(text, "a.yaml".into(), &configuration()).err().unwrap_or_default();
    let of_configuration = read_configuration(text, "e2e.conf".into()).err().unwrap_or_default();
    for Mistake { span, message, .. } in of_scenario.iter().chain(&of_configuration) {
        prop_assert!(text.get(span.offset..span.offset + span.length).is_some(), "{message} at {span:?}");
        prop_assert!(span.line > 0 && span.column > 0, "{message} at {span:?}");
    }
    Ok(())
}
