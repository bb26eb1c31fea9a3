//! Scenarios that are right, and what they mean.

use super::*;

#[test]
fn a_scenario_is_read_as_it_is_meant() {
    let scenario = scenario(SKETCH);
    assert_eq!(scenario.name, "A payment survives a lost reply from users");
    assert_eq!(scenario.tags, ["payments", "lost-reply"]);
    let fault = "reply lost on payment-service -> users-service (match: POST /api/users/*/balance, calls: 1)";
    assert_eq!(scenario.faults[0].to_string(), fault);
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

    let scope = scenario::Scope::new([("order_id".to_owned(), 7)]);
    let [order, inject, pay, eventually, parallel] = scenario.steps.as_slice() else { panic!("five steps") };
    let Action::Request(order) = &order.action else { panic!("{order:?}") };
    let Body::Json(body) = &order.call.body else { panic!("{order:?}") };
    let expected = serde_json::json!({"user_id": 1, "items": ["Phone"], "total_amount": 299.99});
    assert_eq!(body.render(&scope), Ok(expected.into()));
    assert_eq!(
        (order.times, order.expect.status.as_slice()),
        (Times::Once, [StatusPattern::Is(201)].as_slice())
    );
    assert!(matches!(&order.expect.body, Some(BodyExpectation::Subset(_))));
    assert_eq!((order.capture[0].0.as_str(), order.capture[0].1.source()), ("order_id", "body.order.id"));
    let Action::Inject(inject) = &inject.action else { panic!("{inject:?}") };
    assert_eq!((inject.fault.as_str(), inject.after, inject.lasting), ("reply-lost", Duration::ZERO, None));
    let Action::Request(pay) = &pay.action else { panic!("{pay:?}") };
    let Body::Json(body) = &pay.call.body else { panic!("{pay:?}") };
    assert_eq!(body.render(&scope), Ok(serde_json::json!({"order_id": 7, "user_id": 1}).into()));
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
  - repeat: 3
    request: POST users-service /form?a=1
    form: { a: \"${key}\", b: 1 }
    timeout: 2s
    expect:
      outcomes: { 200: 0-3, 500: \">= 0\", no_reply: \"< 3\" }
  - request: PUT users-service /text
    text: hello ${key} and $${this}
    expect:
      headers: { x-gone: null, x-there: \"${key}\", x-any: \"${any}\", x-both: [a, 2] }
      body: { exact: { id: \"${any}\", list: [1, null] } }
      that: took < 1
    capture: { got: body.id }
  - request: DELETE users-service /x
    expect: { no_reply: true }
  - check: [got == key, both != got]
",
    );
    let actions: Vec<_> = scenario.steps.iter().map(|step| &step.action).collect();
    assert_eq!(
        scenario.faults[0].to_string(),
        "request 1s late on client -> users-service (match: GET with x-a: b)"
    );
    assert_eq!(scenario.faults[0].selector.method, Some(http::Method::GET));
    assert_eq!(
        scenario.faults[0].selector.headers[0],
        (http::HeaderName::from_static("x-a"), http::HeaderValue::from_static("b"))
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
    assert!(matches!(actions[12], Action::Check(checks) if checks.len() == 2));
    let all_wait =
        |action: &&Action| !matches!(action, Action::Process(process) if process.wait != StartWait::Ready);
    assert!(
        actions.iter().all(all_wait),
        "a start waits until the service is ready, unless it says otherwise"
    );

    let scope = scenario::Scope::new([("key".to_owned(), "secret")]);
    assert_eq!(scenario.vars[1].1.render(&scope), Ok("secret-secret".into()));
    let Action::Request(form) = actions[9] else { panic!("{:?}", actions[9]) };
    assert_eq!((form.times, form.call.timeout), (Times::Repeat(3), Some(seconds(2))));
    let Body::Form(fields) = &form.call.body else { panic!("{form:?}") };
    assert_eq!(fields.render(&scope).expect("values")[1].1, "1");
    let expected = [
        (OutcomePattern::Status(200), OutcomeCount::Between(0, 3)),
        (OutcomePattern::Status(500), OutcomeCount::Between(0, u32::MAX)),
        (OutcomePattern::NoReply, OutcomeCount::Between(0, 2)),
    ];
    assert_eq!(form.expect.outcomes, expected);
    let Action::Request(text) = actions[10] else { panic!("{:?}", actions[10]) };
    let Body::Text(body) = &text.call.body else { panic!("{text:?}") };
    assert_eq!(body.render(&scope), Ok("hello secret and ${this}".into()));
    let headers = text.expect.headers.as_slice();
    assert!(
        matches!(
            headers,
            [(_, HeaderExpectation::Absent), (_, HeaderExpectation::Values(one)), (_, HeaderExpectation::Present),
             (_, HeaderExpectation::Values(two))] if (one.len(), two.len()) == (1, 2)
        ),
        "{headers:?}"
    );
    let Some(BodyExpectation::Exact(TemplateValue::Object(entries))) = &text.expect.body else {
        panic!("{text:?}")
    };
    assert!(matches!(entries[0].1, TemplateValue::Any));
    assert!(
        matches!(actions[11], Action::Request(request) if request.expect.reply == ReplyExpectation::Forbidden)
    );
}

#[test]
fn a_step_says_whether_its_start_waits_and_which_services_may_end() {
    let scenario = scenario(
        "scenario: s
steps:
  - start: { service: users-service, ready: no }
    may_end: users-service
  - restart: { service: users-service, ready: no }
  - start: { service: users-service, no_effect: allowed }
  - together:
      - { request: GET users-service /, expect: { status: 200 } }
      - { request: GET users-service /, expect: { status: 200 }, may_end: [orders-service, users-service] }
",
    );
    let starts = scenario.steps.iter().filter_map(|step| match &step.action {
        Action::Process(process) => Some((process.signal, process.wait, process.effect, step.name.as_str())),
        _ => None,
    });
    let expected = [
        (Signal::Start, StartWait::Running, EffectExpectation::Required, "start users-service"),
        (Signal::Restart, StartWait::Running, EffectExpectation::Required, "restart users-service"),
        (Signal::Start, StartWait::Ready, EffectExpectation::Optional, "start users-service"),
    ];
    assert_eq!(starts.collect::<Vec<_>>(), expected);
    let allowed = |service: &str| {
        let service = service.parse().expect("a name");
        scenario.steps.iter().map(|step| step.allows_end_of(&service)).collect::<Vec<_>>()
    };
    assert_eq!(allowed("users-service"), [true, false, false, true]);
    assert_eq!(allowed("orders-service"), [false, false, false, true], "a member of `together` says so");
}

#[test]
fn a_step_without_a_name_is_called_what_it_says_with_its_own_quotes() {
    let text = r#"scenario: s
vars: { kind: a }
steps:
  - check: "kind == 'a'"
  - check: '"a" == kind'
  - check: kind == 'a'
  - { for: { until: "kind == 'a'", at_most: 2 }, steps: [{ wait: 1s }] }
"#;
    let scenario = scenario(text);
    let names: Vec<_> = scenario.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["check kind == 'a'", "check \"a\" == kind", "check kind == 'a'", "until kind == 'a'"]);
}
