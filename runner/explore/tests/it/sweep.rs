//! Sweeps of one scenario: they find planted bugs, leave out what makes no difference, and find nothing without a bug.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc};

use engine::{BrokenOff, Stage, run_scenario};
use explore::{
    CellOutcome, Depth, FailingRun, FaultKind, ReplaySeed, ShrinkLimits, SkipReason, SweepCell, SweepOptions,
    SweepSummary, SweepTable, counterexample_yaml, reduce, sweep,
};
use fault::Seed;
use scenario::Scenario;
use verdict::Verdict;

use crate::{
    bank::{Bank, BankWorld, Bug},
    confirmed, rules, scenario, subjects,
};

pub(crate) const SCENARIO: &str = r#"
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
    swept_with(bug, SweepOptions { depth, ..SweepOptions::new(Seed(1)) }).await
}

async fn swept_with(bug: Bug, options: SweepOptions) -> SweepTable {
    sweep(&scenario(SCENARIO), &Bank(bug), &rules(), &options, &|_| {}).await.expect("nothing stops it")
}

/// The faults that failed, as `kind at call`.
fn failed(table: &SweepTable) -> Vec<String> {
    let failed = table.cells.iter().filter(|cell| matches!(cell.outcome, CellOutcome::Failed(_)));
    let shown = |cell: &SweepCell| {
        let faults = cell.faults.iter().map(|fault| format!("{} at {}", fault.kind, table.calls[fault.call]));
        faults.collect::<Vec<_>>().join(" + ")
    };
    failed.map(shown).collect()
}

#[tokio::test(start_paused = true)]
async fn a_shop_without_a_bug_holds_under_every_fault_at_every_call() {
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
    let skipped = BTreeMap::from([(SkipReason::ClientCrash, 6), (SkipReason::ClientRead, 8)]);
    assert_eq!(table.summary(), SweepSummary { held: 34, skipped, ..SweepSummary::default() });
}

#[tokio::test(start_paused = true)]
async fn a_login_that_a_fault_meets_is_tried_again() {
    let text = r#"
scenario: Ann orders
clients:
  ann:
    headers: { X-Token: "${token}" }
    login: { request: POST shop /login, expect: { status: 200 }, capture: { token: body.token } }
defaults: { as: ann }
steps:
  - request: POST shop /orders
    headers: { Idempotency-Key: order-1 }
    body: { amount: 20 }
    expect: { status: 201 }
  - request: GET shop /payments
    expect: { body: { twice: 0 } }
"#;
    let swept =
        sweep(&scenario(text), &Bank(Bug::None), &rules(), &SweepOptions::new(Seed(1)), &|_| {}).await;
    let table = swept.expect("nothing stops it");
    assert_eq!(table.calls[0].to_string(), "client -> shop: POST /login");
    let failing = |cell: &SweepCell| cell.faults[0].kind == FaultKind::Error500 && cell.faults[0].call == 0;
    assert!(table.cells.iter().any(failing), "one cell answers the login with 500");
    assert_eq!(failed(&table), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_check_sends_what_its_request_drew() {
    let text = r#"
scenario: An order is paid once
steps:
  - request: POST shop /orders
    headers: { Idempotency-Key: "${uuid()}" }
    body: { amount: "${random(5, 9)}" }
    expect: { status: 201 }
    capture: { order: body.order.id }
  - together:
      - request: POST shop /payments
        headers: { Idempotency-Key: "pay-${order}-${uuid()}" }
        body: { order: "${order}" }
        expect: { status: 201 }
      - { request: GET shop /payments, expect: { status: 200 } }
"#;
    for (bug, fails) in [(Bug::None, false), (Bug::ChargesEveryAttempt, true)] {
        let options = SweepOptions { depth: Depth::Singles, ..SweepOptions::new(Seed(1)) };
        let swept = sweep(&scenario(text), &Bank(bug), &rules(), &options, &|_| {}).await;
        let table = swept.expect("nothing stops it");
        assert_eq!(!failed(&table).is_empty(), fails, "{bug:?}: {:?}", failed(&table));
        for cell in &table.cells {
            let CellOutcome::Failed(failing) = &cell.outcome else { continue };
            let text = counterexample_yaml(&failing.result, "found by a sweep");
            let names: Vec<String> = scenario(&text).steps.iter().map(|step| step.name.clone()).collect();
            assert!(names.iter().any(|name| name.ends_with("drawn values")), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_table_shows_the_status_that_the_client_got() {
    let table = swept(Bug::None, Depth::Singles).await;
    let statuses = |kind: FaultKind, call: usize| {
        let cell = table.cells.iter().find(|cell| cell.faults[0].kind == kind && cell.faults[0].call == call);
        cell.map(|cell| (cell.client.without_fault, cell.client.with_fault))
    };
    assert_eq!(statuses(FaultKind::LoseReply, 2), Some((Some(201), Some(201))), "the shop retries");
    assert_eq!(statuses(FaultKind::LoseReply, 1), Some((Some(201), None)));
    assert_eq!(
        statuses(FaultKind::CalleeCrashesBefore, 2),
        Some((Some(201), Some(503))),
        "the bank refuses connections"
    );
}

#[tokio::test(start_paused = true)]
async fn a_table_does_not_depend_on_how_many_runs_are_side_by_side() {
    let table = async |bug, jobs| {
        let jobs = NonZeroUsize::new(jobs).expect("it isn't 0");
        let options = SweepOptions { depth: Depth::Pairs, jobs, runs: 60, ..SweepOptions::new(Seed(1)) };
        let SweepTable { calls, cells, skipped, .. } = swept_with(bug, options).await;
        let calls: Vec<String> = calls.iter().map(ToString::to_string).collect();
        let shown = |cell: &SweepCell| {
            let failed = match &cell.outcome {
                CellOutcome::Failed(failing) => failing.result.scenario.steps.len(),
                _ => 0,
            };
            (cell.faults.clone(), cell.client, failed)
        };
        let cells: Vec<_> = cells.iter().map(shown).collect();
        let skipped: Vec<_> =
            skipped.iter().map(|skipped| (skipped.faults.clone(), skipped.reason)).collect();
        (calls, cells, skipped)
    };
    for bug in [Bug::None, Bug::ChargesEveryAttempt] {
        let one = table(bug, 1).await;
        for jobs in [2, 7] {
            assert_eq!(table(bug, jobs).await, one, "{jobs} side by side");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_single_fault_shows_a_second_charge() {
    let table = swept(Bug::ChargesEveryAttempt, Depth::Singles).await;
    assert_eq!(
        failed(&table),
        ["lose-reply at shop -> bank: POST /charges", "cut-off at shop -> bank: POST /charges"]
    );
    let CellOutcome::Failed(FailingRun { result, seed }) = &table
        .cells
        .iter()
        .find(|cell| cell.faults[0].kind == FaultKind::LoseReply && cell.faults[0].call == 2)
        .expect("it was run")
        .outcome
    else {
        panic!("it failed")
    };
    let text = counterexample_yaml(result, "found by a sweep");
    let again = scenario(&text);
    let verdict = |bug: Bug| {
        let again = Arc::clone(&again);
        async move {
            let world = confirmed(*seed).derive(&again.name);
            run_scenario(&Bank(bug), again, &rules(), world, |_| {}).await.verdict
        }
    };
    assert_eq!(subjects(&verdict(Bug::ChargesEveryAttempt).await), ["money is conserved"], "{text}");
    assert_eq!(verdict(Bug::None).await, Verdict::Passed, "{text}");
}

#[tokio::test(start_paused = true)]
async fn two_faults_find_a_bug_that_one_does_not() {
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
async fn only_a_scenario_that_passes_is_swept() {
    let text = SCENARIO.replace("cents: 2000", "cents: 1");
    let table = sweep(&scenario(&text), &Bank(Bug::None), &rules(), &SweepOptions::new(Seed(1)), &|_| {})
        .await
        .expect("nothing stops it");
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
        reduce(Arc::new(result), &Bank(bug), &rules(), Seed(1), ShrinkLimits::default(), &|_| {}).await;
    assert!(runs < 40, "{runs} runs");
    let FailingRun { result: smaller, seed } = smaller;
    let text = counterexample_yaml(&smaller, "found by a test");
    let again = scenario(&text);
    let world = confirmed(seed).derive(&again.name);
    let again = run_scenario(&Bank(bug), again, &rules(), world, |_| {}).await;
    assert_eq!(
        subjects(&again.verdict),
        subjects(&smaller.verdict),
        "the file fails in the same way: {text}"
    );
    smaller.scenario.steps.iter().map(|step| step.name.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_broken_invariant_needs_fewer_steps() {
    assert_eq!(reduced(Bug::ChargesEveryAttempt, LONG).await, ["second", "inject reply-lost", "paid"]);
}

#[tokio::test(start_paused = true)]
async fn a_name_of_several_lines_is_read_back() {
    let text = LONG
        .replace("name: look,", r#"name: "look\nat: it\r\x01\u2028","#)
        .replace("cents: 3000", "cents: 1");
    let kept = reduced(Bug::None, &text).await;
    assert_eq!(kept.last().map(String::as_str), Some("look\nat: it\r\u{1}\u{2028}"));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_depends_on_the_seed_is_kept_with_a_seed_that_repeats_it() {
    // Without the first payment, the second one's charge is the first exchange that the fault may meet.
    let first = r#"{ request: POST shop /payments, headers: { Idempotency-Key: one }, body: { order: "${first}" }, expect: { status: 201 } }"#;
    let by_chance = LONG
        .replace("lose: reply, calls: 1", "lose: reply, probability: 0.4")
        .replace("- inject: reply-lost", &format!("- inject: reply-lost\n  - {first}"))
        .replace("cents: 3000", "cents: 5000");
    let bug = Bug::ChargesEveryAttempt;
    let mut other_seeds = 0;
    for seed in 0..20 {
        let world = Seed(seed).derive(&scenario(&by_chance).name);
        let result = run_scenario(&Bank(bug), scenario(&by_chance), &rules(), world, |_| {}).await;
        if result.verdict == Verdict::Passed {
            continue;
        }
        let limits = ShrinkLimits::default();
        let (smaller, _) = reduce(Arc::new(result), &Bank(bug), &rules(), Seed(seed), limits, &|_| {}).await;
        let again = scenario(&counterexample_yaml(&smaller.result, "found by a test"));
        let world = smaller.seed.seed().derive(&again.name);
        let again = run_scenario(&Bank(bug), again, &rules(), world, |_| {}).await;
        assert_eq!(subjects(&again.verdict), subjects(&smaller.result.verdict), "seed {seed}");
        other_seeds += u32::from(smaller.seed.seed() != Seed(seed));
    }
    assert!(other_seeds > 0, "each was reduced with its own seed: this test shows nothing");
}

#[tokio::test(start_paused = true)]
async fn a_group_keeps_only_the_requests_that_it_takes_to_fail() {
    let paid = LONG.lines().find(|line| line.contains("/payments, headers")).expect("a payment");
    let (alone, look) = (&paid[4..], r"{ name: look, request: GET shop /payments, expect: { status: 200 } }");
    let group = format!("  - together:\n      - {look}\n      - {alone}\n      - {look}");
    let steps = reduced(Bug::ChargesEveryAttempt, &LONG.replace(paid, &group)).await;
    assert_eq!(steps, ["second", "inject reply-lost", "paid"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_expectation_keeps_all_steps_before_it() {
    let failing = LONG.replace("check: first != second", "check: first == second");
    let steps = ["first", "second", "inject idle", "check first == second"];
    assert_eq!(reduced(Bug::None, &failing).await, steps);
}

/// The failed run of a scenario, reduced in a stage where it passes.
async fn reduced_where_it_passes(bug: Bug, text: &str) -> FailingRun {
    let result = run_scenario(&Bank(bug), scenario(text), &rules(), Seed(1), |_| {}).await;
    let limits = ShrinkLimits::default();
    reduce(Arc::new(result), &Bank(Bug::None), &rules(), Seed(7), limits, &|_| {}).await.0
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_no_seed_repeats_has_an_unconfirmed_seed() {
    let same_click = r"
scenario: The same click makes the same order
steps:
  - { request: POST shop /orders, headers: { Idempotency-Key: one }, body: { amount: 20 }, capture: { first: body.order.id } }
  - { request: POST shop /orders, headers: { Idempotency-Key: one }, body: { amount: 20 }, capture: { second: body.order.id } }
  - check: first == second
  - { request: GET shop /payments, expect: { status: 200 } }
";
    for (bug, text) in [(Bug::ChargesEveryAttempt, LONG), (Bug::ForgetsKeys, same_click)] {
        let kept = reduced_where_it_passes(bug, text).await;
        assert!(matches!(kept.result.verdict, Verdict::Failed(_)), "{bug:?}: {:?}", kept.result.verdict);
        assert_eq!(kept.seed, ReplaySeed::Unconfirmed { first: Seed(7), tried: 6 }, "{bug:?}");
    }
}

/// A bank that can be started with this seed of the command line only.
struct StartsWith(Bank, Seed);

impl Stage for StartsWith {
    type World = BankWorld;

    async fn raise(&self, scenario: &Scenario, seed: Seed) -> Result<BankWorld, BrokenOff> {
        if seed != self.1.derive(&scenario.name) {
            return Err(BrokenOff::BuildInvalid("works with one seed only".into()));
        }
        self.0.raise(scenario, seed).await
    }
}

#[tokio::test(start_paused = true)]
async fn runs_that_break_off_do_not_pass_with_another_seed() {
    let (bug, seed, limits) = (Bug::ChargesEveryAttempt, Seed(1), ShrinkLimits::default());
    let result = Arc::new(run_scenario(&Bank(bug), scenario(LONG), &rules(), seed, |_| {}).await);
    let (_, expected) = reduce(Arc::clone(&result), &Bank(bug), &rules(), seed, limits, &|_| {}).await;
    let (_, runs) = reduce(result, &StartsWith(Bank(bug), seed), &rules(), seed, limits, &|_| {}).await;
    assert_eq!(runs, expected, "nothing is tried with further seeds");
}
