//! Scenarios in which processes end by themselves or can't be started again.

use std::fmt::Write;

use engine::{Rules, ScenarioResult, run_scenario};
use fault::Seed;
use scenario::{File, read_file};
use verdict::{Failure, Verdict};

use crate::fixture::{TestFleet, configuration, on_runtime, service};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("a_process_that_ends_by_itself_fails_the_step_that_made_it_end", ends_by_itself),
    ("every_end_is_found_before_the_next_step", found_in_time),
    ("a_process_that_ends_at_its_next_start_is_a_finding", ends_again),
    ("a_signal_that_changes_nothing_is_a_finding", without_effect),
    ("a_service_that_is_not_ready_again_is_a_finding", not_ready_again),
    ("a_start_that_does_not_wait_leaves_readiness_to_later_steps", does_not_wait),
    ("a_readiness_sends_its_headers", headers),
];

/// Runs these steps against a service called `alone`.
async fn run(service: &str, steps: &str) -> ScenarioResult {
    let fleet = TestFleet::new(service);
    let configuration = configuration(service, fleet.data.path());
    let text = format!("scenario: s\nsteps:\n{steps}");
    let File::Scenario(scenario) =
        read_file(&text, "a.yaml".into(), &configuration).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
    else {
        panic!("{text}")
    };
    let rules = Rules { invariants: Vec::new(), circuits: Vec::new(), ..Rules::from(&configuration) };
    run_scenario(&fleet.inner, scenario.into(), &rules, Seed(1), |_| {}).await
}

/// The failures as `location: found`, and the last lines of each service concerned.
fn told(result: &ScenarioResult) -> Vec<(String, Vec<String>)> {
    let Verdict::Failed(failures) = &result.verdict else { panic!("{:?}", result.verdict) };
    let each = |failure: &Failure| {
        let location = failure.location.to_string();
        let findings = failure.findings.iter();
        findings.map(|f| (format!("{location}: {}", f.found), f.log.clone())).collect::<Vec<_>>()
    };
    failures.iter().flat_map(each).collect()
}

fn ends_by_itself() {
    on_runtime(async {
        let steps = "
  - { request: GET alone /exit, expect: { no_reply: true } }
  - { request: GET alone /starts, expect: { no_reply: true } }
";
        let result = run(&service("alone", &[], &[]), steps).await;
        let found = "step 1, GET alone /exit: alone ended by itself with exit code 7".to_owned();
        assert_eq!(told(&result), [(found, vec!["leaving".to_owned()])]);
    });
}

fn found_in_time() {
    on_runtime(async {
        let mut steps = String::new();
        for start in 2..20 {
            // `start` fails if the end of the process is found only then.
            let step = "  - { request: GET alone /exit, expect: { no_reply: true }, may_end: alone }\n  - start: alone\n";
            steps.push_str(step);
            writeln!(
                steps,
                "  - {{ request: GET alone /starts, expect: {{ status: 200, that: body == {start} }} }}"
            )
            .expect("text has room");
        }
        let result = run(&service("alone", &[], &[]), &steps).await;
        assert_eq!(result.verdict, Verdict::Passed);
    });
}

fn ends_again() {
    on_runtime(async {
        let failing = service("alone", &[("FAIL_AGAIN", "no such table")], &[]);
        let found = "alone ended before it was ready: exit code 3";
        let log = vec!["no such table".to_owned()];
        let result = run(&failing, "  - restart: alone\n").await;
        let again = format!("after the last step: {found}");
        let told_once = [(format!("step 1, restart alone: {found}"), log.clone())];
        assert_eq!(told(&result), told_once, "the start for judging fails in the same way");
        let result = run(&failing, "  - kill: alone\n").await;
        assert_eq!(told(&result), [(again.clone(), log.clone())], "it can't be started for judging");
        let result = run(&failing, "  - { restart: alone, may_end: alone }\n").await;
        assert_eq!(told(&result)[0].0, again, "the step allows it, and then it is started for judging");
    });
}

fn without_effect() {
    on_runtime(async {
        for (before, key, found) in [
            ("", "start", "alone runs already: start changes nothing"),
            ("  - pause: alone\n", "start", "alone is paused: start changes nothing"),
            ("  - kill: alone\n", "kill", "alone doesn't run: kill changes nothing"),
            ("  - stop: alone\n", "stop", "alone doesn't run: stop changes nothing"),
            ("  - pause: alone\n", "pause", "alone is paused already: pause changes nothing"),
            ("", "resume", "alone isn't paused: resume changes nothing"),
        ] {
            let step = before.lines().count() + 1;
            let failed = run(&service("alone", &[], &[]), &format!("{before}  - {key}: alone\n")).await;
            assert_eq!(told(&failed)[0].0, format!("step {step}, {key} alone: {found}"));
        }
    });
}

fn not_ready_again() {
    on_runtime(async {
        let unready =
            service("alone", &[("UNREADY_AGAIN", "1")], &[]).replace("within: 20s", "within: 300ms");
        let result = run(&unready, "  - restart: alone\n").await;
        let found = "alone wasn't ready within 300ms: GET /health answered 503 Service Unavailable";
        assert_eq!(told(&result)[0].0, format!("step 1, restart alone: {found}"));
    });
}

fn does_not_wait() {
    on_runtime(async {
        let unready = service("alone", &[("UNREADY_AGAIN", "1")], &[]);
        let steps = "
  - stop: alone
  - start: { service: alone, ready: no }
  - eventually: { within: 20s, request: GET alone /starts, expect: { that: body == 2 } }
  - { request: GET alone /health, expect: { status: 503 } }
  - restart: { service: alone, ready: no }
  - eventually: { within: 20s, request: GET alone /starts, expect: { that: body == 3 } }
";
        let result = run(&unready, steps).await;
        assert_eq!(result.verdict, Verdict::Passed);
    });
}

fn headers() {
    on_runtime(async {
        let guarded = service("alone", &[("TOKEN", "Bearer x")], &[]);
        let with = |header: &str| guarded.replace("within: 20s", header);
        let steps = "  - { request: GET alone /starts, expect: { status: 200 } }\n";
        let result = run(&with("headers: { Authorization: Bearer x }"), steps).await;
        assert_eq!(result.verdict, Verdict::Passed);
        let result = run(&with("within: 300ms"), steps).await;
        let Verdict::BrokenOff(broken) = &result.verdict else { panic!("{:?}", result.verdict) };
        assert_eq!(
            broken.to_string(),
            "alone wasn't ready within 300ms: GET /health answered 401 Unauthorized"
        );
    });
}
