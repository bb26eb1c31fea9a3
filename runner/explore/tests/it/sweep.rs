//! Sweeps over one scenario: what they find, what they leave out, and that a right shop stands up to all of it.

use std::{collections::BTreeMap, sync::Arc};

use engine::run_scenario;
use explore::{
    CellOutcome, Depth, Kind, Limits, Reason, SweepOptions, SweepSummary, SweepTable, counterexample_yaml,
    reduce, sweep,
};
use fault::Seed;
use verdict::Verdict;

use crate::{
    bank::{Bank, Bug},
    rules, scenario, subjects,
};

const SCENARIO: &str = r#"
scenario: An order is paid
steps:
  - name: order
    request: POST shop /orders
    headers: { Idempotency-Key: order-1 }
    body: { amount: 20 }
    expect: { status: 201 }
    capture: { order: body.order.id, asked: status }
  - name: pay
    request: POST shop /payments
    headers: { Idempotency-Key: pay-1 }
    body: { order: "${order}" }
    expect: { status: 201, links: { shop -> bank: calls == 1 } }
  - eventually:
      within: 1s
      request: GET shop /payments
      expect: { body: { cents: 2000 } }
  - check: asked == 201
"#;

async fn swept(bug: Bug, depth: Depth) -> SweepTable {
    let options = SweepOptions { depth, ..SweepOptions::new(Seed(1)) };
    sweep(&scenario(SCENARIO), &Bank(bug), &rules(), &options, &|_| {}).await
}

/// The faults that failed, as `kind at call`.
fn failed(table: &SweepTable) -> Vec<String> {
    let failed = table.cells.iter().filter(|cell| matches!(cell.outcome, CellOutcome::Failed(_)));
    let shown = |cell: &explore::Cell| {
        let faults = cell.faults.iter().map(|fault| format!("{} at {}", fault.kind, table.calls[fault.call]));
        faults.collect::<Vec<_>>().join(" + ")
    };
    failed.map(shown).collect()
}

#[tokio::test(start_paused = true)]
async fn a_right_shop_stands_up_to_every_fault_at_every_call() {
    let table = swept(Bug::None, Depth::Singles).await;
    let calls: Vec<String> = table.calls.iter().map(ToString::to_string).collect();
    assert_eq!(
        calls,
        [
            "client -> shop: POST /orders",
            "client -> shop: POST /payments",
            "shop -> bank: POST /charges",
            "client -> shop: GET /payments"
        ]
    );
    assert_eq!(failed(&table), [""; 0]);
    let skipped = BTreeMap::from([(Reason::ClientsDontDie, 6), (Reason::ClientReads, 8)]);
    assert_eq!(table.summary(), SweepSummary { held: 34, skipped, ..SweepSummary::default() });
}

#[tokio::test(start_paused = true)]
async fn what_the_client_saw_is_told() {
    let table = swept(Bug::None, Depth::Singles).await;
    let seen = |kind: Kind, call: usize| {
        let cell = table.cells.iter().find(|cell| cell.faults[0].kind == kind && cell.faults[0].call == call);
        cell.map(|cell| (cell.seen.before, cell.seen.now))
    };
    assert_eq!(seen(Kind::LoseReply, 2), Some((Some(201), Some(201))), "it tries again");
    assert_eq!(seen(Kind::LoseReply, 1), Some((Some(201), None)));
    assert_eq!(seen(Kind::CalleeDiesBefore, 2), Some((Some(201), Some(503))), "nobody is there");
}

#[tokio::test(start_paused = true)]
async fn a_single_fault_shows_a_second_charge() {
    let table = swept(Bug::ChargesEveryAttempt, Depth::Singles).await;
    assert_eq!(
        failed(&table),
        ["lose-reply at shop -> bank: POST /charges", "cut-off at shop -> bank: POST /charges"]
    );
    let CellOutcome::Failed(result) = &table
        .cells
        .iter()
        .find(|cell| cell.faults[0].kind == Kind::LoseReply && cell.faults[0].call == 2)
        .expect("it was run")
        .outcome
    else {
        panic!("it failed")
    };
    let text = counterexample_yaml(result, "found by a sweep");
    let again = scenario(&text);
    let verdict = |bug: Bug| {
        let again = Arc::clone(&again);
        async move { run_scenario(&Bank(bug), again, &rules(), Seed(1), |_| {}).await.verdict }
    };
    assert_eq!(subjects(&verdict(Bug::ChargesEveryAttempt).await), ["money is conserved"], "{text}");
    assert_eq!(verdict(Bug::None).await, Verdict::Passed, "{text}");
}

#[tokio::test(start_paused = true)]
async fn two_faults_find_what_one_does_not() {
    assert_eq!(failed(&swept(Bug::ChargesThirdAttempt, Depth::Singles).await), [""; 0]);
    let pairs = failed(&swept(Bug::ChargesThirdAttempt, Depth::Pairs).await);
    let both =
        "lose-reply at shop -> bank: POST /charges + lose-reply at shop -> bank: POST /charges, number 2";
    assert!(pairs.iter().any(|pair| pair == both), "{pairs:#?}");
    let right = swept(Bug::None, Depth::Pairs).await;
    assert_eq!(failed(&right), [""; 0]);
    assert!(right.cells.len() > 200, "{}", right.cells.len());
}

#[tokio::test(start_paused = true)]
async fn only_a_green_scenario_is_swept() {
    let text = SCENARIO.replace("cents: 2000", "cents: 1");
    let table =
        sweep(&scenario(&text), &Bank(Bug::None), &rules(), &SweepOptions::new(Seed(1)), &|_| {}).await;
    assert!(matches!(table.baseline.verdict, Verdict::Failed(_)));
    assert_eq!(table.cells.len(), 0);
}

const LONG: &str = r#"
scenario: Two orders, of which one is paid while a reply gets lost
faults:
  idle: { link: shop -> bank, latency: 1ms }
  reply-lost: { link: shop -> bank, lose: reply, calls: 1 }
steps:
  - { name: first, request: POST shop /orders, headers: { Idempotency-Key: one }, body: { amount: 20 }, capture: { first: body.order.id } }
  - { name: second, request: POST shop /orders, headers: { Idempotency-Key: two }, body: { amount: 30 }, capture: { second: body.order.id } }
  - inject: idle
  - check: first != second
  - inject: reply-lost
  - { name: paid, request: POST shop /payments, headers: { Idempotency-Key: pay }, body: { order: "${second}" }, expect: { status: 201 } }
  - heal: idle
  - { name: look, request: GET shop /payments, expect: { body: { cents: 3000 } } }
"#;

/// The names of the steps that are enough to fail.
async fn reduced(bug: Bug, text: &str) -> Vec<String> {
    let result = run_scenario(&Bank(bug), scenario(text), &rules(), Seed(1), |_| {}).await;
    let (smaller, runs) =
        reduce(Arc::new(result), &Bank(bug), &rules(), Seed(1), Limits::default(), &|_| {}).await;
    assert!(runs < 40, "{runs} runs");
    let text = counterexample_yaml(&smaller, "found by a test");
    let again = run_scenario(&Bank(bug), scenario(&text), &rules(), smaller.seed, |_| {}).await;
    assert_eq!(
        subjects(&again.verdict),
        subjects(&smaller.verdict),
        "the file fails in the same way: {text}"
    );
    smaller.scenario.steps.iter().map(|step| step.name.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_breaks_an_invariant_breaks_it_with_fewer_steps() {
    assert_eq!(reduced(Bug::ChargesEveryAttempt, LONG).await, ["second", "inject reply-lost", "paid"]);
}

#[tokio::test(start_paused = true)]
async fn of_requests_at_once_those_are_left_that_it_takes() {
    let paid = LONG.lines().find(|line| line.contains("/payments, headers")).expect("a payment");
    let (alone, look) = (&paid[4..], r"{ name: look, request: GET shop /payments, expect: { status: 200 } }");
    let group = format!("  - together:\n      - {look}\n      - {alone}\n      - {look}");
    let steps = reduced(Bug::ChargesEveryAttempt, &LONG.replace(paid, &group)).await;
    assert_eq!(steps, ["second", "inject reply-lost", "paid"]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_an_expectation_keeps_all_that_comes_before_it() {
    let failing = LONG.replace("check: first != second", "check: first == second");
    let steps = ["first", "second", "inject idle", "check first == second"];
    assert_eq!(reduced(Bug::None, &failing).await, steps);
}
