//! Sweeps and reductions of scenarios with loops, and with steps that e2e.conf adds to every one.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use engine::run_scenario;
use explore::{CellOutcome, FailingRun, FaultKind, ShrinkLimits, SweepOptions, counterexample_yaml, sweep};
use fault::Seed;
use scenario::{Configuration, File, Phase, Scenario, read_configuration, read_file, read_file_with, write};
use verdict::Verdict;

use crate::{
    bank::{Bank, Bug, CONFIGURATION},
    confirmed, rules, subjects,
};

const AROUND: &str = r"
before:
  - { name: look first, request: GET shop /payments, expect: { status: 200 } }
finally:
  - { name: look last, request: GET shop /payments, expect: { status: 200 } }
";

const SCENARIO: &str = r#"
scenario: Orders are paid in a loop
steps:
  - name: order
    request: POST shop /orders
    body: { amount: 20 }
    expect: { status: 201 }
    capture: { order: body.order.id }
  - for: { each: [one], as: key }
    steps:
      - name: pay
        request: POST shop /payments
        headers: { Idempotency-Key: "${key}" }
        body: { order: "${order}" }
        expect: { status: 201 }
        capture: { cents: status }
      - check: cents == 201
  - request: GET shop /payments
    expect: { status: 200 }
    during: [{ request: GET shop /payments, expect: { body: { cents: 2000 } } }]
finally:
  - { name: own, request: 'GET shop /orders/${order}', expect: { no_reply: allowed } }
"#;

fn configuration() -> Configuration {
    read_configuration(&format!("{CONFIGURATION}{AROUND}"), "e2e.conf".into()).expect("a configuration")
}

fn scenario(text: &str) -> Arc<Scenario> {
    match read_file(text, "a.yaml".into(), &configuration()) {
        Ok(File::Scenario(scenario)) => Arc::from(scenario),
        other => panic!("{other:#?}\n{text}"),
    }
}

const VALUES: &str = r#"
scenario: Values are made of what was captured
steps:
  - name: order
    request: POST shop /orders
    body: { amount: 20 }
    expect: { status: 201 }
    capture: { order: body.order.id, answer: body }
  - include: pay.yaml
    with: { order: "${order}", label: "${answer.order.id + 1} of ${run_id}" }
  - for: { until: next is none, at_most: 3 }
    steps:
      - { request: GET shop /payments, expect: { status: 200 }, capture: { next: none if status == 200 else 1 } }
"#;

const PAY: &str = r#"
parameters: { order: , label: }
steps:
  - request: POST shop /payments
    headers: { Idempotency-Key: "${label | upper}" }
    body: { order: "${order}" }
    expect: { status: 201 }
"#;

#[tokio::test(start_paused = true)]
async fn a_sweep_leaves_out_what_needs_values_that_are_missing() {
    let files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::from([("pay.yaml".into(), PAY.into())]);
    let read = read_file_with(VALUES, "a.yaml".into(), &configuration(), &files);
    let Ok(File::Scenario(scenario)) = read else { panic!("{read:#?}") };
    let kinds = FaultKind::ALL.into_iter().filter(|kind| *kind != FaultKind::Late).collect();
    let options = SweepOptions { kinds, ..SweepOptions::new(Seed(1)) };
    let table =
        sweep(&scenario.into(), &Bank(Bug::None), &rules(), &options, &|_| {}).await.expect("it ends");
    assert_eq!(table.baseline.verdict, Verdict::Passed);
    let failed = table.cells.iter().filter_map(|cell| match &cell.outcome {
        CellOutcome::Failed(FailingRun { result, .. }) => Some(format!("{:#?}", result.verdict)),
        _ => None,
    });
    assert_eq!(failed.collect::<Vec<_>>(), [""; 0]);
    let key = table.baseline.history.exchanges().find_map(|exchange| {
        Some(exchange.request.headers.get("idempotency-key")?.to_str().expect("text").to_owned())
    });
    assert_eq!(key.as_deref(), Some("1 OF 0000000000000001"), "as with `--seed 1`");
}

const CHECKED: &str = r#"
scenario: Everything is checked
vars: { list: [1, 2], all: 3 }
steps:
  - name: order
    request: POST shop /orders
    body: { amount: 20 }
    expect: { status: 201 }
    capture: { order: body.order.id, twin: body.order.id }
  - for: { each: "${list}", as: item }
    steps:
      - { request: GET shop /payments, expect: { status: 200 }, capture: { seen: status } }
      - check: item < all and seen == 200
  - for: { until: index == 1, at_most: 2 }
    steps:
      - check: all == 3
  - name: pay
    request: POST shop /payments
    headers: { Idempotency-Key: "key" }
    body: { order: "${order}" }
    expect: { status: 201 }
    during:
      - check: twin == order
  - request: GET shop /payments
    expect: { status: 200 }
    during:
      - vars: { sum: "${all + 1}" }
      - check: sum == 4
  - always: { for: 10ms, every: 5ms, request: GET shop /payments, expect: { status: 200 } }
finally:
  - check: all == 3
"#;

#[tokio::test(start_paused = true)]
async fn what_a_sweep_has_found_can_be_read_again_without_the_checks() {
    let options = SweepOptions {
        limits: ShrinkLimits { runs: 0 },
        kinds: vec![FaultKind::LoseReply],
        ..SweepOptions::new(Seed(1))
    };
    let found = sweep(&scenario(CHECKED), &Bank(Bug::ChargesEveryAttempt), &rules(), &options, &|_| {}).await;
    let found = found.expect("it ends");
    assert_eq!(found.baseline.verdict, Verdict::Passed);
    let failing = found.cells.iter().find_map(|cell| match &cell.outcome {
        CellOutcome::Failed(FailingRun { result, .. }) => Some(result),
        _ => None,
    });
    let failing = failing.expect("a lost reply shows the bug");
    let again = scenario(&counterexample_yaml(failing, "found by a test"));
    assert_eq!(write(&again), write(&failing.scenario));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_meets_the_calls_of_a_loop_and_none_of_the_steps_around() {
    // This shop finishes a payment whose charge comes late only when it is sent again, which a sweep doesn't do in loops.
    let kinds = FaultKind::ALL.into_iter().filter(|kind| *kind != FaultKind::Late).collect();
    let options = SweepOptions { kinds, ..SweepOptions::new(Seed(1)) };
    let held =
        sweep(&scenario(SCENARIO), &Bank(Bug::None), &rules(), &options, &|_| {}).await.expect("it ends");
    assert_eq!(held.baseline.verdict, Verdict::Passed);
    let calls: Vec<String> = held.calls.iter().map(ToString::to_string).collect();
    let expected = [
        "client -> shop: POST /orders",
        "client -> shop: POST /payments",
        "shop -> bank: POST /charges",
        "client -> shop: GET /payments",
        "client -> shop: GET /payments, number 2",
    ];
    assert_eq!(calls, expected);
    let summary = held.summary();
    assert_eq!((summary.failed, summary.not_reached), (0, 0), "{summary:?}");

    let found =
        sweep(&scenario(SCENARIO), &Bank(Bug::ChargesEveryAttempt), &rules(), &options, &|_| {}).await;
    let found = found.expect("it ends");
    let failing = found.cells.iter().find_map(|cell| match &cell.outcome {
        CellOutcome::Failed(FailingRun { result, seed }) => Some((result, *seed)),
        _ => None,
    });
    let (smaller, seed) = failing.expect("a lost reply shows the bug");
    let steps: Vec<_> = smaller.scenario.steps.iter().map(|step| (step.phase, step.name.as_str())).collect();
    let expected = [
        (Phase::ConfiguredBefore, "look first"),
        (Phase::Main, "inject lose-reply-at-3"),
        (Phase::Main, "order"),
        (Phase::Main, "for each key"),
        (Phase::ConfiguredFinally, "look last"),
    ];
    assert_eq!(steps, expected, "nothing else is needed, and the steps of e2e.conf stay");
    let text = counterexample_yaml(smaller, "found by a test");
    assert!(!text.contains("look first"), "e2e.conf adds it again: {text}");
    let again = scenario(&text);
    let world = confirmed(seed).derive(&again.name);
    let again = run_scenario(&Bank(Bug::ChargesEveryAttempt), again, &rules(), world, |_| {}).await;
    assert_eq!(subjects(&again.verdict), subjects(&smaller.verdict), "{text}");
}
