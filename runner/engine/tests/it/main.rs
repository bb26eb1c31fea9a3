//! Scenarios in a world in memory, in virtual time: the results of each kind of step.

mod clients;
mod expectations;
mod following;
mod judged;
mod observing;
mod polls;
mod processes;
mod sending;
mod world;

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use engine::{
    CancellationToken, Event, KeptOutput, OnFailure, Plan, Planned, Rules, ScenarioResult, run, run_scenario,
};
use fault::Seed;
use scenario::{Configuration, File, Scenario, read_configuration, read_file};
use verdict::{Failure, FailureLocation, Finding, FindingKind, HistoryEvent, NoReply, Verdict};
use world::{Memory, shop};

const CONFIGURATION: &str = "services:\n  shop: { base_url: http://localhost:1 }\n";

fn configuration() -> Configuration {
    read_configuration(CONFIGURATION, PathBuf::from("e2e.conf")).expect("a configuration")
}

fn scenario(steps: &str) -> Arc<Scenario> {
    let text = format!("scenario: test\n{steps}");
    match read_file(&text, PathBuf::from("test.yaml"), &configuration()) {
        Ok(File::Scenario(scenario)) => Arc::from(scenario),
        other => panic!("{other:#?}\n{text}"),
    }
}

fn rules(invariants: &str) -> Rules {
    let invariants = if invariants.is_empty() {
        Vec::new()
    } else {
        match read_file(invariants, PathBuf::from("invariants.yaml"), &configuration()) {
            Ok(File::Invariants(invariants)) => invariants,
            other => panic!("{other:#?}"),
        }
    };
    Rules { invariants, ..Rules::from(&configuration()) }
}

async fn result(stage: &Memory, invariants: &str, steps: &str) -> ScenarioResult {
    run_scenario(stage, scenario(steps), &rules(invariants), Seed(1), |_| {}).await
}

fn no_review(_: &ScenarioResult) -> Vec<Finding> {
    Vec::new()
}

/// The findings of a verdict, as `subject: expected / found`; none if it passed.
fn findings(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Passed => Vec::new(),
        Verdict::Failed(failures) => {
            let findings = failures.iter().flat_map(|failure| &failure.findings);
            findings.map(|f| format!("{}: {} / {}", f.subject(), f.expected, f.found)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn captures_are_used_by_later_steps() {
    let stage = shop(|request, _| match request {
        "POST /orders" => (201, r#"{"id": 7}"#.into()),
        "GET /orders/7" => (200, r#"{"id": 7, "open": true}"#.into()),
        other => (404, other.into()),
    });
    let steps = "
steps:
  - request: POST shop /orders
    body: { n: 1 }
    expect: { status: 201 }
    capture: { id: body.id }
  - request: GET shop /orders/${id}
    expect: { status: 200, body: { id: '${id}', open: true } }
";
    assert_eq!(findings(&result(&stage, "", steps).await.verdict), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn numbers_are_captured_and_sent_as_they_came() {
    let reply = r#"{"big": 123456789012345678901234567890, "rows": [{"n": 1E400}], "money": 1.10, "id": 9007199254740993}"#;
    let stage = shop(move |_, _| (200, reply.into()));
    let steps = "
steps:
  - request: GET shop /
    expect: { status: 200, body: { big: 123456789012345678901234567890 } }
    capture: { big: body.big, huge: 'body.rows[0].n', money: body.money, id: body.id, list: 'body.rows | list' }
  - request: POST shop /${big}
    body: { b: '${big}', h: '${huge}', m: '${money}', i: '${id}', l: '${list}', t: '${id} of ${huge}', y: 1234567890123456.78 }
    expect: { status: 200 }
";
    let result = result(&stage, "", steps).await;
    assert_eq!(findings(&result.verdict), [""; 0]);
    let sent = result.history.exchanges().last().expect("the second request").request;
    assert_eq!(sent.path, "/123456789012345678901234567890");
    let expected = concat!(
        r#"{"b":123456789012345678901234567890,"h":1E400,"m":1.10,"i":9007199254740993,"l":[{"n":1E400}],"#,
        r#""t":"9007199254740993 of 1E400","y":1234567890123456.78}"#
    );
    assert_eq!(String::from_utf8_lossy(&sent.body), expected);
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_ends_the_scenario_with_all_its_findings() {
    let stage = shop(|_, number| (if number == 1 { 500 } else { 200 }, "{\"n\": 1}".into()));
    let steps = "
steps:
  - request: GET shop /
    expect: { status: 200, body: { n: 2 } }
  - request: GET shop /
    expect: { status: 200 }
";
    let result = result(&stage, "", steps).await;
    assert_eq!(findings(&result.verdict), ["status: 200 / 500", "body.n: 2 / 1"]);
    let requests = result.history.exchanges();
    assert_eq!(requests.count(), 1, "the second step was not run");
}

#[tokio::test(start_paused = true)]
async fn eventually_polls_until_it_holds_or_its_time_is_over() {
    let stage = shop(|_, number| (if number < 4 { 503 } else { 200 }, "{}".into()));
    let steps = |within: &str| {
        format!(
            "\nsteps:\n  - eventually:\n      within: {within}\n      every: 1s\n      request: GET shop /\n      expect: {{ status: 200 }}\n"
        )
    };
    let passed = result(&stage, "", &steps("10s")).await;
    assert_eq!(findings(&passed.verdict), [""; 0]);
    assert_eq!(passed.took, Duration::from_secs(3), "three waits of virtual time");
    let stage = shop(|_, _| (503, "{}".into()));
    let failed = result(&stage, "", &steps("300ms")).await;
    assert_eq!(
        findings(&failed.verdict),
        ["status: 200 / 503", "eventually: within 300ms / not in 2 attempts"]
    );
    let failed = result(&stage, "", &steps("5s")).await;
    assert_eq!(findings(&failed.verdict), ["status: 200 / 503", "eventually: within 5s / not in 6 attempts"]);
}

#[tokio::test(start_paused = true)]
async fn parallel_and_repeated_requests_are_counted() {
    let stage = shop(|_, number| (if number == 1 { 201 } else { 409 }, "{}".into()));
    let steps = "
steps:
  - parallel: 20
    request: POST shop /
    expect: { outcomes: { 201: 1, 409: 19 } }
  - repeat: 3
    request: POST shop /
    expect: { status: 409, links: { client -> shop: calls == 3 } }
  - parallel: 2
    request: POST shop /
    expect: { outcomes: { 201: 1, 409: 1 } }
";
    let verdict = result(&stage, "", steps).await.verdict;
    assert_eq!(findings(&verdict), ["outcomes: 201: 1, 409: 1 / 409: 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_is_in_force_until_it_is_healed() {
    let stage = shop(|_, _| (200, "{}".into()));
    let steps = "
faults:
  lost: { link: client -> shop, lose: reply }
steps:
  - inject: lost
  - request: GET shop /
    expect: { no_reply: true, links: { client -> shop: delivered == 1 and replied == 0 } }
  - heal: lost
  - request: GET shop /
    expect: { status: 200 }
";
    let result = result(&stage, "", steps).await;
    assert_eq!(findings(&result.verdict), [""; 0]);
    let faults =
        result.history.records().iter().filter(|r| matches!(r.event, HistoryEvent::Fault { .. })).count();
    assert_eq!(faults, 2, "injected and healed");
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_never_fires_is_a_failure() {
    let stage = shop(|_, _| (200, "{}".into()));
    let steps = "
faults:
  idle: { link: client -> shop, match: DELETE /nothing, outage: hang }
steps:
  - inject: idle
  - request: GET shop /
    expect: { status: 200 }
";
    let verdict = result(&stage, "", steps).await.verdict;
    assert_eq!(
        findings(&verdict),
        ["fault idle: no answer on client -> shop (match: DELETE /nothing) / it met no exchange"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_gives_up_after_its_timeout() {
    let stage = shop(|_, _| (200, "{}".into()));
    let steps = "
faults:
  silent: { link: client -> shop, outage: hang }
steps:
  - inject: silent
  - request: GET shop /
    timeout: 30s
    expect: { status: 200 }
";
    let result = result(&stage, "", steps).await;
    assert_eq!(findings(&result.verdict)[0], "reply: 200 / no reply within 30s");
    assert_eq!(result.took, Duration::from_secs(30));
    let exchange = result.history.exchanges().next().expect("the request");
    let ending = exchange.ending.expect("the request has ended");
    assert_eq!(ending.received, Err(&NoReply::TimedOut(Duration::from_secs(30))));
    assert_eq!(ending.took, Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_can_not_be_a_path_is_a_finding_about_the_expression() {
    let stage = shop(|_, _| (200, "{}".into()));
    let steps = "
vars: { next: \"/a#b\" }
steps:
  - request: GET shop ${next}
    expect: { status: 200 }
";
    let result = result(&stage, "", steps).await;
    let Verdict::Failed(failures) = &result.verdict else { panic!("{:?}", result.verdict) };
    assert_eq!(failures[0].findings[0].kind, FindingKind::Expression);
    let shown = "expression: next / `/a#b` has a `#`, and what follows one isn't sent to a service";
    assert_eq!(findings(&result.verdict)[0], shown);
    assert_eq!(result.history.exchanges().count(), 0, "nothing is sent");
}

#[tokio::test(start_paused = true)]
async fn an_invariant_over_a_reply_that_can_not_be_read_does_not_hold() {
    let stage =
        shop(|request, _| (200, if request == "GET /ledger" { "{\"sum\": NaN}" } else { "{}" }.into()));
    let invariants = "
invariants:
  it adds up: { when: always, observe: { ledger: GET shop /ledger }, holds: ledger.sum == 0 }
";
    let steps = "
steps:
  - request: GET shop /
    expect: { status: 200 }
";
    let expected = "it adds up: ledger.sum == 0 / `ledger` is not valid JSON at line 1, column 9: a value is needed here";
    let result = result(&stage, invariants, steps).await;
    let Verdict::Failed(failures) = &result.verdict else { panic!("{:?}", result.verdict) };
    assert!(matches!(failures[0].location, FailureLocation::Step { index: 0, .. }), "{failures:?}");
    assert_eq!(findings(&result.verdict)[0].lines().next(), Some(expected));
}

#[tokio::test(start_paused = true)]
async fn killed_services_are_started_before_the_scenario_is_judged() {
    let stage = shop(|_, _| (200, "{\"sum\": 0}".into()));
    let invariants = "
invariants:
  it adds up: { when: settled, observe: { ledger: GET shop /ledger }, holds: ledger.sum == 0 }
";
    let steps = "
steps:
  - kill: shop
  - request: GET shop /
    expect: { no_reply: true }
";
    assert_eq!(findings(&result(&stage, invariants, steps).await.verdict), [""; 0]);
    assert_eq!(*stage.signals.lock().expect("not poisoned"), ["Kill shop", "Restart shop"]);
}

#[tokio::test(start_paused = true)]
async fn invariants_that_always_hold_are_checked_after_every_step() {
    let stage = shop(|request, number| match request {
        "GET /ledger" => (200, format!("{{\"sum\": {}}}", if number == 4 { 5 } else { 0 })),
        _ => (200, "{}".into()),
    });
    let always = "
invariants:
  it adds up: { when: always, observe: { ledger: GET shop /ledger }, holds: ledger.sum == 0 }
";
    let step = "  - request: GET shop /\n    expect: { status: 200 }\n";
    let steps = format!("\nsteps:\n{step}{step}");
    let verdict = result(&stage, always, &steps).await.verdict;
    assert_eq!(findings(&verdict).len(), 1, "it held before and in the end, but not after the second step");
}

#[tokio::test(start_paused = true)]
async fn a_broken_invariant_is_found_once_with_the_last_step_after_which_it_held() {
    let stage = shop(|request, number| match request {
        "GET /ledger" => (if number == 4 { 503 } else { 200 }, format!("{{\"sum\": {}}}", 5 * (number / 5))),
        _ => (200, "{}".into()),
    });
    let always = "
invariants:
  it adds up: { when: always, observe: { ledger: GET shop /ledger }, holds: ledger.sum == 0 }
";
    let step = "  - request: GET shop /\n    expect: { status: 200 }\n";
    let result = result(&stage, always, &format!("\nsteps:\n{}", step.repeat(4))).await;
    let Verdict::Failed(failures) = &result.verdict else { panic!("{:?}", result.verdict) };
    let [Failure { location: FailureLocation::Step { index: 2, .. }, findings, .. }] = failures.as_slice()
    else {
        panic!("it is broken after the third step, and told once: {failures:#?}")
    };
    assert_eq!(findings[0].computed[0].values, "5 == 0");
    let last_held = findings[0].last_held.expect("it held after the first step");
    assert_eq!(last_held.step, 0, "it couldn't be observed after the second");
    let later = &result.history.records()[last_held.records..];
    assert_eq!(later.first().and_then(|record| record.step), Some(1));
}

#[tokio::test(start_paused = true)]
async fn services_are_asked_for_their_circuits_once_a_scenario_has_failed() {
    let stage = shop(|request, _| match request {
        "GET /circuits" => (200, r#"{"bank": "open"}"#.into()),
        _ => (404, String::new()),
    });
    let path = "/circuits".parse().expect("a path");
    let rules = Rules { circuits: vec![("shop".parse().expect("a name"), path)], ..rules("") };
    let circuits = async |status: u16| {
        let steps = format!("steps:\n  - request: GET shop /\n    expect: {{ status: {status} }}\n");
        let result = run_scenario(&stage, scenario(&steps), &rules, Seed(1), |_| {}).await;
        let circuit = |event: &HistoryEvent| match event {
            HistoryEvent::Circuit(circuit) => Some(format!("{} {}", circuit.callee, circuit.state)),
            _ => None,
        };
        result.history.records().iter().filter_map(|record| circuit(&record.event)).collect::<Vec<_>>()
    };
    assert_eq!(circuits(404).await, [""; 0]);
    assert_eq!(circuits(200).await, ["bank open"]);
}

#[tokio::test(start_paused = true)]
async fn settled_invariants_are_waited_for_and_must_be_observable() {
    let settles = shop(|_, number| (200, format!("{{\"sum\": {}}}", u32::from(number < 10))));
    let invariants = "
invariants:
  it adds up: { when: settled, observe: { ledger: GET shop /ledger }, holds: ledger.sum == 0 }
";
    let steps = "\nsteps:\n  - request: GET shop /\n    expect: { status: 200 }\n";
    assert_eq!(findings(&result(&settles, invariants, steps).await.verdict), [""; 0]);
    let never = shop(|request, _| (200, if request == "GET /" { "{}" } else { "{\"sum\": 1}" }.into()));
    assert_eq!(findings(&result(&never, invariants, steps).await.verdict).len(), 1);
    let unseen = shop(|request, _| (if request == "GET /" { 200 } else { 500 }, "{}".into()));
    let found = findings(&result(&unseen, invariants, steps).await.verdict);
    assert!(found[0].contains("can be observed"), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn invariants_share_observations_that_keep_their_order() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&asked);
    let stage = shop(move |asked, number| {
        written.lock().expect("not poisoned").push(asked.to_owned());
        (200, format!("{{\"at\": {number}}}"))
    });
    let invariants = "
invariants:
  one order: { when: always, observe: { a: GET shop /a, b: GET shop /b }, holds: a.at < b.at }
  the same: { when: always, observe: { a: GET shop /a, b: GET shop /b }, holds: a.at < b.at }
  the other: { when: always, observe: { b: GET shop /b, a: GET shop /a }, holds: b.at < a.at }
  twice: { when: always, observe: { before: GET shop /b, after: GET shop /b }, holds: before.at < after.at }
";
    let steps = "\nsteps:\n  - request: GET shop /\n    expect: { status: 200 }\n";
    assert_eq!(findings(&result(&stage, invariants, steps).await.verdict), [""; 0]);
    let check = ["GET /a", "GET /b", "GET /a", "GET /b"];
    let after_the_step_and_at_the_end = [&["GET /"][..], &check, &check].concat();
    assert_eq!(*asked.lock().expect("not poisoned"), after_the_step_and_at_the_end);
}

#[tokio::test(start_paused = true)]
async fn a_run_has_an_event_for_every_scenario_and_can_stop_at_the_first_failure() {
    let stage = shop(|_, _| (200, "{}".into()));
    let step =
        |status: u16| format!("\nsteps:\n  - request: GET shop /\n    expect: {{ status: {status} }}\n");
    let planned = |status, skip: Option<&str>| Planned {
        scenario: scenario(&step(status)),
        skip: skip.map(Into::into),
    };
    let plan = |on_failure| Plan {
        scenarios: vec![
            planned(200, None),
            planned(200, Some("no bank")),
            planned(500, None),
            planned(200, None),
        ],
        rules: rules(""),
        seed: Seed(1),
        jobs: NonZeroUsize::MIN,
        on_failure,
        kept_output: KeptOutput::OfFailures,
        stop: CancellationToken::new(),
    };
    let ended = Mutex::new(0);
    let on_event = |event: Event| {
        if let Event::ScenarioEnded { .. } = event {
            *ended.lock().expect("not poisoned") += 1;
        }
    };
    let all = run(&plan(OnFailure::Continue), &stage, &no_review, &on_event).await;
    assert_eq!((all.passed, all.failed, all.skipped, all.not_run), (2, 1, 1, 0));
    assert_eq!(*ended.lock().expect("not poisoned"), 4);
    let stopped = run(&plan(OnFailure::Stop), &stage, &no_review, &on_event).await;
    assert_eq!((stopped.passed, stopped.failed, stopped.skipped, stopped.not_run), (1, 1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_keeps_its_results_and_drops_what_runs() {
    let stage = shop(|_, _| (200, "{}".into()));
    let stop = CancellationToken::new();
    let steps = |then: &str| {
        let request = "{ request: GET shop /, expect: { status: 200 } }";
        Planned { scenario: scenario(&format!("\nsteps:\n  - {request}\n{then}")), skip: None }
    };
    let plan = Plan {
        scenarios: vec![steps(""), steps("  - wait: 1h\n"), steps("")],
        rules: rules(""),
        seed: Seed(1),
        jobs: NonZeroUsize::MIN,
        on_failure: OnFailure::Continue,
        kept_output: KeptOutput::OfFailures,
        stop: stop.clone(),
    };
    let ended = Mutex::new(Vec::new());
    let on_event = |event: Event| match event {
        Event::StepStarted { scenario: 1, step: 1 } => stop.cancel(),
        Event::ScenarioEnded { index, .. } => ended.lock().expect("not poisoned").push(index),
        _ => {}
    };
    let summary = run(&plan, &stage, &no_review, &on_event).await;
    assert_eq!(*ended.lock().expect("not poisoned"), [0]);
    assert_eq!((summary.passed, summary.failed, summary.not_run), (1, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_scenario_that_fails_its_review_keeps_its_folder() {
    let stage = shop(|_, _| (200, "{}".into()));
    let scenario = scenario("\nsteps:\n  - request: GET shop /\n    expect: { status: 200 }\n");
    let plan = Plan {
        scenarios: vec![Planned { scenario, skip: None }],
        rules: rules(""),
        seed: Seed(1),
        jobs: NonZeroUsize::MIN,
        on_failure: OnFailure::Continue,
        kept_output: KeptOutput::OfFailures,
        stop: CancellationToken::new(),
    };
    let folder = async |review: fn(&ScenarioResult) -> Vec<Finding>| {
        let folder = Mutex::new(None);
        let on_event = |event: Event| {
            if let Event::ScenarioEnded { result, .. } = event {
                folder.lock().expect("not poisoned").clone_from(&result.output.folder);
            }
        };
        run(&plan, &stage, &review, &on_event).await;
        folder.into_inner().expect("not poisoned")
    };
    assert_eq!(folder(no_review).await, None);
    let differs = |_: &ScenarioResult| vec![Finding::new(FindingKind::Snapshot, "accepted", "found")];
    assert_eq!(folder(differs).await, Some(PathBuf::from("kept")));
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_environment_ends_the_run() {
    let stage = shop(|_, _| (200, "{}".into()));
    let scenario =
        scenario("\ntags: [no-world]\nsteps:\n  - request: GET shop /\n    expect: { status: 200 }\n");
    let plan = Plan {
        scenarios: vec![
            Planned { scenario: Arc::clone(&scenario), skip: None },
            Planned { scenario, skip: None },
        ],
        rules: rules(""),
        seed: Seed(1),
        jobs: NonZeroUsize::MIN,
        on_failure: OnFailure::Continue,
        kept_output: KeptOutput::OfFailures,
        stop: CancellationToken::new(),
    };
    let summary = run(&plan, &stage, &no_review, &|_| {}).await;
    assert_eq!((summary.broken_off, summary.not_run), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_condition_is_false_is_skipped_and_captures_null() {
    let stage = shop(|_, number| (if number == 1 { 201 } else { 200 }, "{\"id\": 7}".into()));
    let steps = "
steps:
  - request: POST shop /orders
    capture: { order: body.id if status == 201 else none, asked: status }
  - if: asked == 200
    request: DELETE shop /orders/${order}
    capture: { gone: body.id }
  - if: order is not none and gone is none
    request: GET shop /orders/${order}
    expect: { body: { id: 7 }, links: { client -> shop: calls == 1 } }
";
    let result = result(&stage, "", steps).await;
    assert_eq!(findings(&result.verdict), [""; 0]);
    assert_eq!(result.history.exchanges().count(), 2);
}

#[tokio::test(start_paused = true)]
async fn different_requests_are_sent_together_and_each_is_judged() {
    let stage = shop(|request, _| match request {
        "GET /a" => (200, "{\"n\": 1}".into()),
        _ => (500, "{}".into()),
    });
    let steps = "
vars: { kind: 1 }
faults:
  slow: { link: client -> shop, latency: 1s }
steps:
  - inject: slow
  - together:
      - { name: a, request: GET shop /a, expect: { status: 200 }, capture: { n: body.n } }
      - { name: b, request: GET shop /b, expect: { status: 200, no_reply: allowed } }
      - { name: c, if: kind == 2, request: GET shop /c, expect: { status: 200 } }
      - { name: d, request: GET shop /d, expect: { lenient: true, status: 200 } }
  - check: n == 1
";
    let result = result(&stage, "", steps).await;
    assert_eq!(findings(&result.verdict), ["b: status: 200 / 500"]);
    assert_eq!(result.took, Duration::from_secs(1), "at once, not one after the other");
}

#[tokio::test(start_paused = true)]
async fn the_findings_of_a_lenient_step_are_ignored() {
    let stage = shop(|_, _| (503, "{}".into()));
    let steps = "
steps:
  - request: POST shop /orders
    expect: { status: 201, lenient: true }
    capture: { order: body.id }
  - eventually: { within: 2s, request: GET shop /, expect: { status: 200, lenient: true } }
  - if: order is not none
    request: GET shop /orders/${order}
    expect: { status: 200 }
";
    let result = result(&stage, "", steps).await;
    assert_eq!(findings(&result.verdict), [""; 0]);
}
