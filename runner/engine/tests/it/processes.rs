//! Services that end by themselves or can't be started again.

use std::{sync::Arc, time::Duration};

use engine::{BrokenOff, ScenarioResult};
use verdict::{Failure, ReadinessReply, RunBy, UnmetCondition, Verdict};

use crate::{
    findings, result,
    world::{ANSWERS_AND_DIES, DIES, Memory, shop},
};

/// A shop that ends by itself at `/die` without a reply, and at `/leave` after one.
fn mortal_shop() -> Memory {
    shop(|request, _| match request {
        "GET /die" => (DIES, String::new()),
        "GET /leave" => (ANSWERS_AND_DIES, "{}".into()),
        _ => (200, "{}".into()),
    })
}

/// A shop that can't be started again, because it isn't ready in time or because its port is kept.
fn unstartable_shop(why: BrokenOff) -> Memory {
    Memory { start_fails: Some(why), ..shop(|_, _| (200, "{}".into())) }
}

fn not_ready() -> BrokenOff {
    let unmet = UnmetCondition {
        within: Duration::from_secs(4),
        condition: "GET /readyz".into(),
        last: ReadinessReply::Status(http::StatusCode::SERVICE_UNAVAILABLE),
    };
    let (service, log) = ("shop".parse().expect("a name"), vec!["no database".into()]);
    BrokenOff::NotReady { service, unmet: Box::new(unmet), run_by: RunBy::Runner(5002), log }
}

fn port_kept() -> BrokenOff {
    BrokenOff::PortKept { service: "shop".parse().expect("a name"), port: 1, log: Vec::new() }
}

fn failures(result: &ScenarioResult) -> &[Failure] {
    match &result.verdict {
        Verdict::Failed(failures) => failures,
        other => panic!("{other:?}"),
    }
}

/// The failures as `location: subject: found`.
fn told(result: &ScenarioResult) -> Vec<String> {
    let lines = |failure: &Failure| {
        let location = failure.location.to_string();
        let findings = failure.findings.iter();
        findings.map(|f| format!("{location}: {}: {}", f.subject(), f.found)).collect::<Vec<_>>()
    };
    failures(result).iter().flat_map(lines).collect()
}

#[tokio::test(start_paused = true)]
async fn a_service_that_ends_by_itself_fails_the_step_during_which_it_ended() {
    let steps = "
steps:
  - request: GET shop /
    expect: { status: 200 }
  - request: GET shop /die
    expect: { no_reply: allowed }
  - request: GET shop /
    expect: { status: 200 }
";
    let result = result(&mortal_shop(), "", steps).await;
    assert_eq!(told(&result), ["step 2, GET shop /die: process shop: shop ended by itself with exit code 7"]);
    let [finding] = failures(&result)[0].findings.as_slice() else { panic!("one finding") };
    assert_eq!(finding.log, ["shop: out of memory"]);
    assert_eq!(finding.help().as_deref(), Some("a step during which it may end says so: `may_end: shop`"));
}

#[tokio::test(start_paused = true)]
async fn its_end_stands_before_what_else_the_step_has_found() {
    let steps = "\nsteps:\n  - request: GET shop /die\n    expect: { status: 200 }\n";
    let result = result(&mortal_shop(), "", steps).await;
    let expected = [
        "step 1, GET shop /die: process shop: shop ended by itself with exit code 7",
        "step 1, GET shop /die: reply: connection reset",
    ];
    assert_eq!(told(&result), expected);
}

#[tokio::test(start_paused = true)]
async fn an_end_after_the_last_reply_and_one_during_settling_are_found() {
    let steps = "\nsteps:\n  - request: GET shop /leave\n    expect: { status: 200 }\n";
    let told_of = async |invariants, steps| told(&result(&mortal_shop(), invariants, steps).await);
    let expected = ["step 1, GET shop /leave: process shop: shop ended by itself with exit code 7"];
    assert_eq!(told_of("", steps).await, expected);
    let invariants = "
invariants:
  it stays: { when: settled, observe: { left: GET shop /leave }, holds: left is mapping }
";
    let steps = "\nsteps:\n  - request: GET shop /\n    expect: { status: 200 }\n";
    let expected = ["after the last step: process shop: shop ended by itself with exit code 7"];
    assert_eq!(told_of(invariants, steps).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_step_can_allow_an_end_and_a_later_one_start_the_service_again() {
    let allowed = "
steps:
  - request: GET shop /die
    expect: { no_reply: true }
    may_end: [shop]
  - request: GET shop /
    expect: { no_reply: true }
  - start: shop
  - request: GET shop /
    expect: { status: 200 }
    may_end: shop
";
    assert_eq!(findings(&result(&mortal_shop(), "", allowed).await.verdict), [""; 0]);
    let other_step = "
steps:
  - wait: 1s
    may_end: shop
  - request: GET shop /die
    expect: { no_reply: true }
";
    let expected = ["step 2, GET shop /die: process shop: shop ended by itself with exit code 7"];
    assert_eq!(told(&result(&mortal_shop(), "", other_step).await), expected);
    let stage = mortal_shop();
    let left_down = "\nsteps:\n  - { request: GET shop /die, expect: { no_reply: true }, may_end: shop }\n";
    assert_eq!(result(&stage, "", left_down).await.verdict, Verdict::Passed);
    assert_eq!(*stage.signals.lock().expect("not poisoned"), ["Restart shop"], "it is started for judging");
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_changes_nothing_is_a_finding() {
    for (before, key, service, found) in [
        ("", "start", "shop", "shop runs already: start changes nothing"),
        ("", "start", "{ service: shop, ready: no }", "shop runs already: start changes nothing"),
        ("  - pause: shop\n", "start", "shop", "shop is paused: start changes nothing"),
        ("  - kill: shop\n", "kill", "shop", "shop doesn't run: kill changes nothing"),
        ("  - stop: shop\n", "stop", "shop", "shop doesn't run: stop changes nothing"),
        ("  - pause: shop\n", "pause", "shop", "shop is paused already: pause changes nothing"),
        ("", "resume", "shop", "shop isn't paused: resume changes nothing"),
    ] {
        let steps = |value: &str| format!("\nsteps:\n{before}  - {key}: {value}\n");
        let stage = shop(|_, _| (200, "{}".into()));
        let failed = result(&stage, "", &steps(service)).await;
        let step = before.lines().count() + 1;
        assert_eq!(told(&failed), [format!("step {step}, {key} shop: process shop: {found}")]);
        let help = failures(&failed)[0].findings[0].help().expect("help");
        let allowed = "{ service: shop, no_effect: allowed }";
        assert!(help.contains(&format!("`{key}: {allowed}`")), "{help}");
        assert_eq!(result(&stage, "", &steps(allowed)).await.verdict, Verdict::Passed, "{key}");
    }
    let restart = "\nsteps:\n  - kill: shop\n  - restart: shop\n";
    assert_eq!(result(&mortal_shop(), "", restart).await.verdict, Verdict::Passed, "it has started it");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_ready_after_a_start_is_a_finding() {
    let start = "\nsteps:\n  - start: shop\n  - wait: 1s\n";
    let result = result(&unstartable_shop(not_ready()), "", start).await;
    let found = "shop wasn't ready within 4s: GET /readyz answered 503 Service Unavailable";
    assert_eq!(told(&result), [format!("step 1, start shop: process shop: {found}")]);
    let finding = &failures(&result)[0].findings[0];
    assert_eq!(finding.log, ["no database"]);
    assert!(finding.help().expect("help").contains("`start: { service: shop, ready: no }`"), "{finding:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_can_not_be_started_for_judging_is_a_finding_too() {
    let kill = "\nsteps:\n  - kill: shop\n";
    let result = result(&unstartable_shop(not_ready()), "", kill).await;
    let found = "shop wasn't ready within 4s: GET /readyz answered 503 Service Unavailable";
    assert_eq!(told(&result), [format!("after the last step: process shop: {found}")]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_kept_when_the_environment_fails_in_the_end() {
    let fails = "
steps:
  - kill: shop
  - request: GET shop /
    expect: { status: 200 }
";
    let kept = result(&unstartable_shop(port_kept()), "", fails).await;
    let expected = [
        "step 2, GET shop /: reply: connection refused".to_owned(),
        format!("after the last step: settled system: {}", port_kept()),
    ];
    assert_eq!(told(&kept), expected);
    let passes = "\nsteps:\n  - kill: shop\n";
    let broken_off = result(&unstartable_shop(port_kept()), "", passes).await;
    assert_eq!(broken_off.verdict, Verdict::BrokenOff(port_kept()));
}

#[tokio::test(start_paused = true)]
async fn a_start_that_does_not_wait_launches_the_process() {
    let stage = Memory { signals: Arc::default(), ..shop(|_, _| (200, "{}".into())) };
    let steps = "
steps:
  - kill: shop
  - start: { service: shop, ready: no }
  - restart: { service: shop, ready: no }
  - request: GET shop /
    expect: { status: 200 }
";
    assert_eq!(findings(&result(&stage, "", steps).await.verdict), [""; 0]);
    let expected = ["Kill shop", "launch shop", "Stop shop", "launch shop"];
    assert_eq!(*stage.signals.lock().expect("not poisoned"), expected);
}

#[tokio::test(start_paused = true)]
async fn a_variable_that_can_not_be_evaluated_fails_before_the_first_step() {
    let stage = shop(|_, _| (200, "{}".into()));
    let vars = "\nvars: { price: '${1 / 0}' }\nsteps:\n  - request: GET shop /${price}\n    expect: { status: 200 }\n";
    let told = told(&result(&stage, "", vars).await);
    assert!(told[0].starts_with("before the first step: expression: "), "{told:?}");
}
