//! Explorations of a shop in memory: what they find, how small it gets, and that they find nothing where there is nothing.

mod bank;
mod sweep;

use std::{path::PathBuf, sync::Arc, time::Duration};

use bank::{Bank, Bug, CONFIGURATION};
use engine::{Rules, run_scenario};
use explore::{
    Counterexample, Element, ExplorationResult, Generator, Numbered, Options, Outcome, Release, Sequence,
    counterexample_yaml, explore, script,
};
use fault::Seed;
use scenario::{Action, Configuration, Exploration, File, Scenario, read_configuration, read_file};
use verdict::Verdict;

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
  bank-dies: { link: shop -> bank, crash: { service: bank, when: after } }
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
            Rules { invariants, settle: Duration::from_secs(2), timeout: Duration::from_secs(5) }
        }
        other => panic!("{other:#?}"),
    }
}

async fn explored(bug: Bug, seed: u64, cases: u64) -> ExplorationResult {
    explore(&exploration(EXPLORATION), &Bank(bug), &rules(), &Options::new(Seed(seed), cases), &|_| {}).await
}

/// The findings of a verdict by their subjects.
fn subjects(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Passed => Vec::new(),
        Verdict::Failed(failures) => {
            failures.iter().flat_map(|failure| &failure.findings).map(|finding| finding.subject()).collect()
        }
        other => panic!("{other:?}"),
    }
}

async fn counterexample(bug: Bug, seed: u64) -> Counterexample {
    match explored(bug, seed, 2_000).await.outcome {
        Outcome::Failed(found) => *found,
        other => panic!("{bug:?} with seed {seed}: {other:?}"),
    }
}

/// Of many seeds, each finds the mistake, and shrinks it to so many steps.
async fn check(bug: Bug, steps: &[usize]) {
    for seed in 0..10 {
        let found = counterexample(bug, seed).await;
        let text = counterexample_yaml(&found.result, "found by a test");
        assert!(steps.contains(&found.steps), "{bug:?} with seed {seed}: {text}");
        assert_eq!((found.failures, found.repeats), (10, 10), "{text}");
        let again = scenario(&text);
        let world = Seed(seed).derive(&again.name);
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
            "only the bug fails: {faults_met:?} {text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_found_where_nothing_is_wrong() {
    let result = explored(Bug::None, 1, 1_000).await;
    assert!(matches!(result.outcome, Outcome::Held), "{:#?}", result.outcome);
    assert_eq!(result.cases, 1_000);
    assert_eq!(result.coverage.missing(), [""; 0], "{:#?}", result.coverage);
}

#[tokio::test(start_paused = true)]
async fn a_charge_whose_reply_was_lost_is_made_twice() {
    check(Bug::ChargesEveryAttempt, &[3]).await;
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
    check(Bug::TakesSilenceForNo, &[3]).await;
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

/// The statuses that each request of a sequence may have, in order.
fn expected(elements: &[Element]) -> Vec<Vec<u16>> {
    let steps = (1..).zip(elements.iter().cloned()).map(|(number, element)| Numbered { number, element });
    let sequence = Sequence { clients: 2, steps: steps.collect() };
    let scenario = script(&exploration(EXPLORATION), &sequence, "a sequence".into(), Duration::from_secs(2));
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
    scenario.steps.iter().flat_map(status).collect()
}

#[test]
fn more_is_expected_as_long_as_nothing_was_wrong() {
    let order = |release| Element::Call { operation: 0, values: vec![0], handles: Vec::new(), release };
    let again = Element::Again { of: 1, release: Release::After };
    let (strict, lenient) = (vec![201], vec![201, 503]);
    let check = |elements: &[Element], statuses: &[&Vec<u16>]| {
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
