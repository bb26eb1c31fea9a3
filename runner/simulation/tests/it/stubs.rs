//! Stubs in place of services.

use bytes::Bytes;
use engine::{Rules, ScenarioResult, run_scenario};
use http::{Request, Response};
use scenario::{File, read_configuration, read_file};
use simulation::{HostContext, Running, Seed, Services, Simulation, StartError, block_on};
use tower::{ServiceExt, service_fn};
use verdict::Verdict;

use crate::fixture::name;

const CONFIGURATION: &str = "
services:
  front: { command: front, depends_on: [provider, back] }
  back: { command: back }
  provider:
    stub:
      - { match: GET /kinds, reply: { text: of the configuration } }
      - { match: POST /charges, that: body.amount > 100, reply: { status: 402, body: { error: too much } } }
      - match: POST /charges
        headers: { X-Key: '${any}' }
        reply:
          status: 201
          headers: { X-Index: '${request.index}', Content-Type: application/vnd.charge+json }
          body: { id: 'ch_${request.index}', amount: '${request.body.amount}', unique: '${uuid()}', of: '${request.query.of}' }
      - { match: GET /slow, reply: { after: 2s } }
      - { match: GET /broken, reply: { body: '${request.body.missing}' } }
";

/// Passes every request on to the service that its path names first.
fn front(context: HostContext) -> Result<Running, StartError> {
    let transport = context.transport;
    Ok(Running::new(service_fn(move |request: Request<Bytes>| {
        let transport = transport.clone();
        async move {
            let (mut parts, body) = request.into_parts();
            parts.uri = format!("http:/{}", parts.uri).parse().expect("a URI");
            let reply = transport.oneshot(Request::from_parts(parts, body)).await;
            let none =
                |none: simulation::NoReply| Response::builder().status(502).body(none.to_string().into());
            Ok::<_, std::convert::Infallible>(reply.unwrap_or_else(|error| none(error).expect("a response")))
        }
    })))
}

fn back(_: HostContext) -> Result<Running, StartError> {
    Ok(Running::new(service_fn(|_: Request<Bytes>| async {
        Ok::<_, std::convert::Infallible>(Response::new(Bytes::from("the service itself")))
    })))
}

fn run(scenario: &str, seed: u64) -> ScenarioResult {
    let configuration = read_configuration(CONFIGURATION, "e2e.conf".into()).expect("a configuration");
    let text = format!("scenario: s\n{scenario}");
    let File::Scenario(scenario) = read_file(&text, "a.yaml".into(), &configuration)
        .unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{text}"))
    else {
        panic!("{text}")
    };
    let services = Services::new().with(name("front"), front).with(name("back"), back);
    let simulation = Simulation::new(&configuration, &services).expect("a stub needs no service");
    let rules = Rules::from(&configuration);
    block_on(run_scenario(&simulation, scenario.into(), &rules, Seed(seed), |_| {}))
}

/// The findings as `location: subject: expected / found`.
fn told(result: &ScenarioResult) -> Vec<String> {
    let failures = match &result.verdict {
        Verdict::Passed => return Vec::new(),
        Verdict::Failed(failures) => failures,
        other => panic!("{other:?}"),
    };
    let each = failures.iter().flat_map(|failure| failure.findings.iter().map(move |f| (failure, f)));
    each.map(|(failure, f)| format!("{}: {}: {} / {}", failure.location, f.subject(), f.expected, f.found))
        .collect()
}

#[test]
fn a_stub_answers_by_its_entries() {
    let steps = "
steps:
  - { request: GET front /provider/kinds, expect: { status: 200, body: of the configuration, headers: { Content-Type: text/plain; charset=utf-8 } } }
  - request: POST front /provider/charges?of=ann
    headers: { X-Key: a }
    body: { amount: 12.50 }
    repeat: 2
    expect:
      status: 201
      headers: { X-Index: '${index}', Content-Type: application/vnd.charge+json }
      body: { id: 'ch_${index}', amount: 12.50, of: ann }
      links: { front -> provider: calls == 2 }
  - { request: POST front /provider/charges, body: { amount: 101 }, expect: { status: 402 } }
  - { request: GET provider /slow, expect: { status: 200, that: took == 2 } }
";
    let result = run(steps, 1);
    assert_eq!(told(&result), [""; 0]);
    let bodies = |result: &ScenarioResult| -> Vec<Bytes> {
        result.history.exchanges().filter_map(|e| e.reply().map(|reply| reply.body.clone())).collect()
    };
    assert_eq!(bodies(&result), bodies(&run(steps, 1)), "the same seed draws the same values");
    assert_ne!(bodies(&result), bodies(&run(steps, 2)));
}

#[test]
fn a_scenario_brings_stubs_that_come_first() {
    let result = run(
        "
stubs:
  provider: [{ match: GET /kinds, reply: { text: of the scenario } }]
  back: [{ match: '/**', reply: { status: 418 } }]
faults:
  lost: { link: front -> back, lose: reply, calls: 1 }
steps:
  - { request: GET front /provider/kinds, expect: { body: of the scenario } }
  - { request: POST front /provider/charges, body: { amount: 101 }, expect: { status: 402 } }
  - inject: lost
  - { request: GET front /back/x, expect: { status: 502, links: { front -> back: calls == 1 and delivered == 1 } } }
  - { request: GET front /back/x, expect: { status: 418 } }
  - kill: back
  - { request: GET front /back/x, expect: { status: 502, body: connection refused } }
  - start: back
  - { request: GET front /back/x, expect: { status: 418 } }
",
        1,
    );
    assert_eq!(told(&result), [""; 0]);
    let itself = "steps: [{ request: GET front /back/x, expect: { body: the service itself } }]";
    assert_eq!(told(&run(itself, 1)), [""; 0]);
}

#[test]
fn a_request_that_a_stub_does_not_know_is_a_finding() {
    let step = |request: &str| format!("steps: [{{ request: {request}, expect: {{ no_reply: allowed }} }}]");
    let check = |request: &str, expected: &str| {
        let result = run(&step(request), 1);
        let request = request.split(", ").next().expect("a request");
        assert_eq!(told(&result), [format!("step 1, {request}: stub provider: {expected}")]);
    };
    check(
        "GET front /provider/kind",
        "an entry for every request / GET /kind: no entry matches; there are `GET /kinds`, `POST /charges`, \
         `POST /charges`, `GET /slow`, `GET /broken`",
    );
    check(
        "POST front /provider/charges, body: { amount: 3 }",
        "an entry for every request / POST /charges: `POST /charges` needs that: body.amount > 100, not 3 > 100; \
         `POST /charges` needs header x-key: anything, not absent",
    );
    check(
        "GET front /provider/broken",
        "request.body.missing / `request.body` is the text \"\" and has no `missing`",
    );
}

#[test]
fn an_entry_that_a_scenario_brings_and_no_request_meets_is_a_finding() {
    let scenario = |more: &str| {
        format!(
            "
stubs:
  provider:
    - {{ match: GET /kinds, reply: {{ text: of the scenario }} }}
    - {{ match: POST /refunds/*, reply: {{ status: 202 }}{more} }}
steps: [{{ request: GET front /provider/kinds, expect: {{ body: of the scenario }} }}]
"
        )
    };
    assert_eq!(
        told(&run(&scenario(""), 1)),
        ["after the last step: stub provider: a request POST /refunds/* / none met the entry on line 6"]
    );
    assert_eq!(told(&run(&scenario(", optional: true"), 1)), [""; 0]);
}

#[test]
fn a_scenario_with_a_command_is_refused_before_it_runs() {
    for (step, line) in [("- run: ls", 4), ("- for: { each: [1] }\n    steps: [{ run: ls }]", 5)] {
        let text = format!(
            "steps:\n  - {{ request: GET front /provider/kinds, expect: {{ status: 200 }} }}\n  {step}"
        );
        let result = run(&text, 1);
        let Verdict::BrokenOff(broken) = &result.verdict else { panic!("{:?}", result.verdict) };
        let expected =
            format!("a.yaml: the step on line {line} runs a command, and simulated worlds have none");
        assert_eq!(broken.to_string(), expected);
        assert!(result.history.records().is_empty());
    }
}
