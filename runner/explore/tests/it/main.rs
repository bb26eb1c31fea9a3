//! Explorations of a shop in memory: they find each planted bug, shrink it, and find nothing in the shop without one.

mod bank;
mod starts;
mod sweep;

use std::{path::PathBuf, sync::Arc, time::Duration};

use bank::{Bank, Bug, CONFIGURATION};
use engine::{Rules, run_scenario};
use explore::{
    Counterexample, Element, ExplorationOptions, ExplorationOutcome, ExplorationResult, Generator,
    NumberedStep, Release, ReplaySeed, Sequence, counterexample_yaml, explore, script,
    steps_before_outcome_checks,
};
use fault::Seed;
use scenario::{
    Action, Configuration, EffectExpectation, Exploration, File, Scenario, Signal, StatusPattern,
    read_configuration, read_file,
};
use verdict::{Finding, Verdict};

const EXPLORATION: &str = r#"
exploration: A shop and its bank
steps: 1-30
clients: 1-3
operations:
  order:
    weight: 3
    values: { amount: { money: 0.01-200.00 } }
    request: POST shop /orders
    headers: { Idempotency-Key: "${key}" }
    body: { amount: "${amount}" }
    expect: { status: [201, 503] }
    undisturbed: { status: 201 }
    makes: { order: body.order }
    same: body.order.id
  pay:
    weight: 4
    needs: [order]
    request: POST shop /payments
    headers: { Idempotency-Key: "${key}" }
    body: { order: "${order.id}" }
    expect: { status: [201, 402, 409, 503] }
    same: body.payment.order
again: 2
faults:
  reply-lost: { link: shop -> bank, lose: reply, calls: 1 }
  request-lost: { link: shop -> bank, lose: request, calls: 1-2 }
  bank-away: { link: shop -> bank, outage: reset }
  answer-lost: { link: client -> shop, match: POST /payments, lose: reply }
  bank-crashes: { link: shop -> bank, crash: { service: bank, when: after } }
kill: { weight: 1 }
wait: { weight: 1, time: 10ms-20s }
"#;

const INVARIANTS: &str = "
invariants:
  money is conserved:
    when: settled
    observe: { bank: GET bank /balance, shop: GET shop /payments }
    holds: bank.cents + shop.cents == 100000000
  an order is paid once:
    when: always
    observe: { shop: GET shop /payments }
    holds: shop.twice == 0
";

fn configuration() -> Configuration {
    read_configuration(CONFIGURATION, PathBuf::from("e2e.conf")).expect("a configuration")
}

fn exploration(text: &str) -> Exploration {
    match read_file(text, PathBuf::from("shop.yaml"), &configuration()) {
        Ok(File::Exploration(exploration)) => *exploration,
        other => panic!("{other:#?}"),
    }
}

fn scenario(text: &str) -> Arc<Scenario> {
    match read_file(text, PathBuf::from("counterexample.yaml"), &configuration()) {
        Ok(File::Scenario(scenario)) => Arc::from(scenario),
        other => panic!("{other:#?}\n{text}"),
    }
}

fn rules() -> Rules {
    match read_file(INVARIANTS, PathBuf::from("invariants.yaml"), &configuration()) {
        Ok(File::Invariants(invariants)) => {
            Rules { invariants, settle: Duration::from_secs(2), ..Rules::from(&configuration()) }
        }
        other => panic!("{other:#?}"),
    }
}

async fn explored(bug: Bug, seed: u64, cases: u64) -> ExplorationResult {
    explored_as(EXPLORATION, bug, seed, cases).await
}

async fn explored_as(text: &str, bug: Bug, seed: u64, cases: u64) -> ExplorationResult {
    explore(&exploration(text), &Bank(bug), &rules(), &ExplorationOptions::new(Seed(seed), cases), &|_| {})
        .await
}

/// The findings of a verdict by their subjects.
fn subjects(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Passed => Vec::new(),
        Verdict::Failed(failures) => {
            failures.iter().flat_map(|failure| &failure.findings).map(Finding::subject).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// The seed with which a scenario fails.
fn confirmed(seed: ReplaySeed) -> Seed {
    match seed {
        ReplaySeed::Confirmed(seed) => seed,
        ReplaySeed::Unconfirmed { .. } => panic!("{seed:?}"),
    }
}

async fn counterexample(bug: Bug, seed: u64) -> Counterexample {
    match explored(bug, seed, 2_000).await.outcome {
        ExplorationOutcome::Failed(found) => *found,
        other => panic!("{bug:?} with seed {seed}: {other:?}"),
    }
}

/// Explores with ten seeds: each finds the bug, and shrinks it to one of these numbers of steps.
async fn check(bug: Bug, steps: &[usize]) {
    for seed in 0..10 {
        let found = counterexample(bug, seed).await;
        let text = counterexample_yaml(&found.result, "found by a test");
        assert!(steps.contains(&found.steps), "{bug:?} with seed {seed}: {text}");
        assert_eq!((found.failures, found.repeats), (10, 10), "{text}");
        let again = scenario(&text);
        let world = confirmed(found.seed).derive(&again.name);
        let result = run_scenario(&Bank(bug), Arc::clone(&again), &rules(), world, |_| {}).await;
        assert_eq!(
            subjects(&result.verdict),
            subjects(&found.result.verdict),
            "the file fails in the same way: {text}"
        );
        let fixed = run_scenario(&Bank(Bug::None), again, &rules(), world, |_| {}).await;
        let faults_met = subjects(&fixed.verdict);
        assert!(
            faults_met.iter().all(|subject| subject.starts_with("fault ")),
            "without the bug it passes: {faults_met:?} {text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_sequence_holds_in_a_shop_without_a_bug() {
    let result = explored(Bug::None, 1, 1_000).await;
    assert!(matches!(result.outcome, ExplorationOutcome::Held), "{:#?}", result.outcome);
    assert_eq!(result.cases, 1_000);
    assert_eq!(result.coverage.missing(), [], "{:#?}", result.coverage);
}

#[tokio::test(start_paused = true)]
async fn a_charge_whose_reply_was_lost_is_made_twice() {
    check(Bug::ChargesEveryAttempt, &[3]).await;
}

#[tokio::test(start_paused = true)]
async fn a_counterexample_that_depends_on_the_seed_comes_with_a_seed_that_repeats_it() {
    let by_chance = EXPLORATION.replace("lose: reply, calls: 1 }", "lose: reply, probability: 0.3 }");
    let mut other_seeds = 0;
    for seed in 0..10 {
        let result = explored_as(&by_chance, Bug::ChargesEveryAttempt, seed, 2_000).await;
        let ExplorationOutcome::Failed(found) = result.outcome else { panic!("{:?}", result.outcome) };
        other_seeds += u32::from(found.seed != ReplaySeed::Confirmed(Seed(seed)));
        let text = counterexample_yaml(&found.result, "found by a test");
        let again = scenario(&text);
        assert_eq!(again.name, format!("A shop and its bank (case {})", found.case));
        let world = confirmed(found.seed).derive(&again.name);
        let again = run_scenario(&Bank(Bug::ChargesEveryAttempt), again, &rules(), world, |_| {}).await;
        assert_eq!(subjects(&again.verdict), subjects(&found.result.verdict), "{text}");
    }
    assert!(other_seeds > 0, "each was shrunk with the exploration's own seed: this test shows nothing");
}

#[tokio::test(start_paused = true)]
async fn the_same_click_makes_another_order() {
    check(Bug::ForgetsKeys, &[2]).await;
}

#[tokio::test(start_paused = true)]
async fn two_payments_of_one_order_overlap() {
    // Paid twice: an order and two payments. Or charged twice and paid once, for which the first charge has to get lost.
    check(Bug::Races, &[3, 5]).await;
}

#[test]
fn outcome_checks_are_recognised_in_a_file() {
    let order = |release| Element::Call { operation: 0, values: vec![0], handles: Vec::new(), release };
    let elements = [
        order(Release::After),
        order(Release::Beside),
        Element::Inject(4),
        Element::CheckOutcome { of: 1 },
        Element::CheckOutcome { of: 2 },
    ];
    let generated = scripted(&elements);
    let names: Vec<&str> = generated.steps.iter().map(|step| step.name.as_str()).collect();
    let checks = ["order 1: outcome", "order 2: outcome"];
    assert_eq!(names, [&["together", "inject bank-crashes", "heal all", "start bank"][..], &checks].concat());
    assert_eq!(steps_before_outcome_checks(&generated), 2);
    assert_eq!(steps_before_outcome_checks(&scenario(&scenario::write(&generated))), 2);
}

#[tokio::test(start_paused = true)]
async fn a_step_for_a_service_that_a_fault_may_have_crashed_may_have_no_effect() {
    let order = Element::Call { operation: 0, values: vec![0], handles: Vec::new(), release: Release::After };
    let bank = || "bank".parse().expect("a name");
    let (kill, start) = (Element::Kill(bank()), Element::Start(bank()));
    let crash = Element::Inject(4);
    let elements = [order, kill.clone(), start.clone(), crash, start.clone(), kill, start];
    let generated = scripted(&elements);
    let effects = generated.steps.iter().filter_map(|step| match &step.action {
        Action::Process(process) => Some((process.signal, process.effect)),
        _ => None,
    });
    let expected = [
        (Signal::Kill, EffectExpectation::Required),
        (Signal::Start, EffectExpectation::Required),
        (Signal::Start, EffectExpectation::Optional),
        (Signal::Kill, EffectExpectation::Optional),
        (Signal::Start, EffectExpectation::Required),
    ];
    assert_eq!(effects.collect::<Vec<_>>(), expected);
    let findings = run_scenario(&Bank(Bug::None), generated, &rules(), Seed(1), |_| {}).await.verdict;
    assert_eq!(subjects(&findings), ["fault bank-crashes"], "no step is a finding");
}

#[test]
fn a_poll_that_compares_nothing_with_an_earlier_reply_is_no_outcome_check() {
    let polled = scenario(
        r"
scenario: An order, and the same click again
steps:
  - { request: POST shop /orders, headers: { Idempotency-Key: one }, body: { amount: 20 }, expect: { status: 201 } }
  - eventually: { within: 1s, request: POST shop /orders, headers: { Idempotency-Key: one }, body: { amount: 20 }, expect: { status: 201 } }
",
    );
    assert_eq!(steps_before_outcome_checks(&polled), 2);
}

#[tokio::test(start_paused = true)]
async fn a_large_amount_is_off_by_a_cent() {
    check(Bug::OneCentOff, &[2]).await;
    let found = counterexample(Bug::OneCentOff, 0).await;
    let text = counterexample_yaml(&found.result, "");
    assert!(text.contains("amount: 100.01"), "the smallest amount that fails: {text}");
}

#[tokio::test(start_paused = true)]
async fn what_is_paid_is_forgotten_in_a_crash() {
    check(Bug::ForgetsPayments, &[3]).await;
}

#[tokio::test(start_paused = true)]
async fn a_payment_whose_charge_got_no_reply_is_refused_and_charged() {
    check(Bug::TakesNoReplyForRefusal, &[3]).await;
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_makes_the_same_sequences() {
    let exploration = exploration(EXPLORATION);
    let (one, other) = (Generator::new(&exploration), Generator::new(&exploration));
    for seed in 0..50 {
        assert_eq!(one.sequence(Seed(seed)), other.sequence(Seed(seed)));
    }
    assert_ne!(one.sequence(Seed(1)), one.sequence(Seed(2)));
}

/// A sequence of two clients as a scenario.
fn scripted(elements: &[Element]) -> Arc<Scenario> {
    let steps = (1..).zip(elements.iter().cloned()).map(|(number, element)| NumberedStep { number, element });
    let sequence = Sequence { clients: 2, steps: steps.collect() };
    script(&exploration(EXPLORATION), &sequence, "a sequence".into(), Duration::from_secs(2)).scenario
}

/// The statuses that each request of a sequence may have, in order.
fn expected(elements: &[Element]) -> Vec<Vec<StatusPattern>> {
    let status = |step: &scenario::Step| match &step.action {
        Action::Request(request) => vec![request.expect.status.clone()],
        Action::Together(members) => members
            .iter()
            .map(|member| match &member.action {
                Action::Request(request) => request.expect.status.clone(),
                other => panic!("{other:?}"),
            })
            .collect(),
        _ => Vec::new(),
    };
    scripted(elements).steps.iter().flat_map(status).collect()
}

#[test]
fn undisturbed_requests_are_held_to_stricter_expectations() {
    let order = |release| Element::Call { operation: 0, values: vec![0], handles: Vec::new(), release };
    let again = Element::Again { of: 1, release: Release::After };
    let (strict, lenient) = (vec![201.into()], vec![201.into(), 503.into()]);
    let check = |elements: &[Element], statuses: &[&Vec<StatusPattern>]| {
        let statuses: Vec<_> = statuses.iter().map(|status| (*status).clone()).collect();
        assert_eq!(expected(elements), statuses, "{elements:?}");
    };
    let alone = || order(Release::After);
    check(&[alone(), again.clone()], &[&strict, &strict]);
    check(&[alone(), order(Release::Beside), alone()], &[&lenient, &lenient, &strict]);
    let bank = || "bank".parse().expect("a name");
    for disturbance in [Element::Inject(0), Element::Kill(bank())] {
        check(
            &[alone(), disturbance, alone(), Element::Heal(0), again.clone()],
            &[&strict, &lenient, &lenient],
        );
    }
    check(&[Element::Start(bank()), Element::Wait(Duration::from_secs(1)), alone()], &[&strict]);
}
