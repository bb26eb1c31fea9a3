//! Loops, steps beside a request, waits for traffic, and steps at the end.

use std::collections::BTreeMap;

use scenario::{read_configuration_with, read_file_with};

use super::*;

/// Where the failures are, as `name at line`, with their findings.
fn failures_of(result: &ScenarioResult) -> Vec<String> {
    let Verdict::Failed(failures) = &result.verdict else {
        assert_eq!(result.verdict, Verdict::Passed);
        return Vec::new();
    };
    let shown = |failure: &Failure| {
        let findings: Vec<String> = failure
            .findings
            .iter()
            .map(|f| format!("{}: {} / {}", f.subject(), f.expected, f.found))
            .collect();
        let line = match &failure.location {
            FailureLocation::Step { span, .. } => span.line,
            _ => 0,
        };
        format!("{} at {line}: {}", failure.location, findings.join("; "))
    };
    failures.iter().map(shown).collect()
}

fn requests_of(result: &ScenarioResult) -> Vec<String> {
    result
        .history
        .exchanges()
        .map(|exchange| format!("{} {}", exchange.request.method, exchange.request.path))
        .collect()
}

/// What a shop gets whose answer to `/bad` is 500, and where the scenario fails.
async fn run_steps(steps: &str) -> (Vec<String>, Vec<String>) {
    let stage = shop(|request, number| {
        (if request.ends_with("/bad") { 500 } else { 200 }, format!("{{\"n\": {number}}}"))
    });
    let result = result(&stage, "", steps).await;
    (requests_of(&result), failures_of(&result))
}

#[tokio::test(start_paused = true)]
async fn a_loop_runs_its_steps_for_each_item() {
    let steps = "
vars: { users: [ann, bob] }
steps:
  - for: { each: '${users}', as: user }
    steps:
      - request: GET shop /${user}/${index}
        expect: { status: 200, links: { client -> shop: calls == 1 } }
        capture: { n: body.n }
      - for: { each: [7], as: inner }
        steps:
          - { request: 'GET shop /${user}/${index}/${inner}', expect: { status: 200, that: body.n == n + 1 } }
      - check: index + n > 0
  - check: n == 3
";
    let (requests, failures) = run_steps(steps).await;
    assert_eq!(failures, [""; 0]);
    assert_eq!(requests, ["GET /ann/0", "GET /ann/0/7", "GET /bob/1", "GET /bob/0/7"]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_a_loop_names_the_round_and_the_step() {
    let steps = "
steps:
  - for: { each: [good, bad, never], as: kind }
    steps:
      - { name: asks, request: 'GET shop /${kind}', expect: { status: 200 } }
  - { request: GET shop /later, expect: { status: 200 } }
";
    let (requests, failures) = run_steps(steps).await;
    assert_eq!(
        failures,
        ["step 1, for each kind, round 2 of 3 (kind = \"bad\"): asks at 6: status: 200 / 500"]
    );
    assert_eq!(requests, ["GET /good", "GET /bad"]);
}

#[tokio::test(start_paused = true)]
async fn a_loop_over_pages_ends_with_the_last_one() {
    let stage = shop(|request, _| match request {
        "GET /items" => (200, r#"{"next": "/items?page=2"}"#.into()),
        "GET /items?page=2" => (200, r#"{"next": null}"#.into()),
        _ => (404, "{}".into()),
    });
    let steps = |at_most: u32| {
        format!(
            "
vars: {{ next: /items }}
steps:
  - for: {{ until: next is none, at_most: {at_most} }}
    steps:
      - {{ request: 'GET shop ${{next}}', expect: {{ status: 200 }}, capture: {{ next: body.next }} }}
"
        )
    };
    let passed = result(&stage, "", &steps(2)).await;
    assert_eq!(failures_of(&passed), [""; 0]);
    assert_eq!(requests_of(&passed), ["GET /items", "GET /items?page=2"]);
    let late = result(&stage, "", &steps(1)).await;
    assert_eq!(
        failures_of(&late),
        [
            "step 1, until next is none at 5: for: next is none / \"/items?page=2\" is none; for: true after round 1 at the latest / not until then"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_loop_without_a_round_fails_unless_it_is_lenient_or_tidies() {
    let loop_over = |list: &str, more: &str| {
        format!(
            "
vars: {{ list: {list} }}
steps:
  - for: {{ each: '${{list}}'{more} }}
    steps: [{{ request: GET shop /, expect: {{ status: 200 }}, capture: {{ n: body.n }} }}]
  - {{ check: n is none, if: n is not none }}
"
        )
    };
    let (_, failures) = run_steps(&loop_over("[]", ", lenient: true")).await;
    let expected = "after the last step at 0: nothing was judged: a step that expects or checks something, or does something to a \
                    service / conditions left out\n  for each item (no round)\n  check n is none (if: n is not none)";
    assert_eq!(failures, [expected]);
    let (_, failures) = run_steps(&loop_over("7", "")).await;
    assert_eq!(failures, ["step 1, for each item at 5: for: a list / 7"]);
    let (_, failures) = run_steps(&loop_over("[]", "")).await;
    assert_eq!(failures, ["step 1, for each item at 5: for: a round at least / an empty list"]);
    let passes = "vars: { list: [] }\nsteps:\n  - { request: GET shop /, expect: { status: 200 } }\n";
    let judged = "[{ request: GET shop /, expect: { status: 200 } }]";
    for (key, steps) in [("  -", "[{ wait: 1ms }]"), ("finally:\n  -", judged)] {
        let text = format!("{passes}{key} {{ for: {{ each: '${{list}}' }}, steps: {steps} }}\n");
        assert_eq!(run_steps(&text).await.1, [""; 0], "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn steps_at_the_end_run_whatever_has_failed() {
    let steps = "
before:
  - { request: GET shop /before, expect: { status: 200 } }
steps:
  - { request: GET shop /bad, expect: { status: 200 } }
  - { request: GET shop /made, expect: { status: 200 }, capture: { made: body.n } }
finally:
  - { request: 'DELETE shop /${made}', expect: { status: 200 } }
  - { name: tidies, request: DELETE shop /bad, expect: { status: 200 } }
  - { request: DELETE shop /last, expect: { status: 200 } }
";
    let (requests, failures) = run_steps(steps).await;
    assert_eq!(
        failures,
        ["step 2, GET shop /bad at 6: status: 200 / 500", "step 5, tidies at 10: status: 200 / 500",]
    );
    assert_eq!(
        requests,
        ["GET /before", "GET /bad", "DELETE /bad", "DELETE /last"],
        "`made` was never captured"
    );
    let (requests, failures) = run_steps(&steps.replace("/bad", "/good")).await;
    assert_eq!(failures, [""; 0]);
    assert_eq!(requests[3], "DELETE /3");
}

#[tokio::test(start_paused = true)]
async fn steps_of_the_configuration_run_around_those_of_a_scenario() {
    let conf = format!(
        "{CONFIGURATION}before: [{{ request: POST shop /login, expect: {{ status: 200 }}, capture: {{ token: body.n }} }}]\n\
         finally: [{{ include: tidy.yaml }}]\n"
    );
    let tidy = "steps: [{ request: DELETE shop /bad, expect: { status: 200 } }]\n";
    let files = BTreeMap::from([(PathBuf::from("tidy.yaml"), tidy.as_bytes().to_vec())]);
    let configuration =
        read_configuration_with(&conf, "e2e.conf".into(), &files, &BTreeMap::new()).expect("no mistake");
    let text = "scenario: s\nsteps: [{ request: 'GET shop /${token}', expect: { status: 200 } }]\n";
    let read = read_file_with(text, "s.yaml".into(), &configuration, &files).expect("no mistake");
    let File::Scenario(scenario) = read else { panic!("{read:?}") };
    let stage = shop(|request, number| {
        (if request.ends_with("/bad") { 500 } else { 200 }, format!("{{\"n\": {number}}}"))
    });
    let result = run_scenario(&stage, Arc::from(scenario), &rules(""), Seed(1), |_| {}).await;
    assert_eq!(requests_of(&result), ["POST /login", "GET /1", "DELETE /bad"]);
    let Verdict::Failed(failures) = &result.verdict else { panic!("the last step fails") };
    let FailureLocation::Step { index: 2, file: Some(file), .. } = &failures[0].location else {
        panic!("{failures:?}")
    };
    assert_eq!(file.path, PathBuf::from("tidy.yaml"));
}

#[tokio::test(start_paused = true)]
async fn steps_run_beside_a_request_once_it_has_been_sent() {
    let steps = "
faults: { slow: { link: client -> shop, match: GET /slow, latency: { delay: 3s } } }
steps:
  - inject: slow
  - name: a slow request
    request: GET shop /slow
    expect: { status: 200, that: took >= 3, links: { client -> shop: calls == 3 } }
    capture: { n: body.n }
    during:
      - wait: { until: { client -> shop: calls >= 1 }, within: 1ms }
      - { request: GET shop /quick, expect: { status: 200, that: took < 1 }, capture: { m: body.n } }
      - wait: 1s
      - { name: fails, request: GET shop /bad, expect: { status: 200 }, if: m > 9 }
  - check: m + n > 0
";
    let (requests, failures) = run_steps(steps).await;
    assert_eq!(requests, ["GET /slow", "GET /quick"]);
    assert_eq!(
        failures,
        ["step 2, a slow request at 6: client -> shop: calls == 3 / \
                           {\"calls\":2,\"delivered\":2,\"replied\":2,\"statuses\":[200,200]}"]
    );
    let stage = shop(|_, number| (200, format!("{{\"n\": {number}}}")));
    let beside = result(&stage, "", steps).await;
    let sent: Vec<Duration> = beside.history.exchanges().map(|exchange| exchange.at).collect();
    assert_eq!(sent, [Duration::ZERO; 2], "the first takes three seconds");
    let (requests, failures) = run_steps(&steps.replace("m > 9", "m < 9")).await;
    assert_eq!(requests, ["GET /slow", "GET /quick", "GET /bad"]);
    assert_eq!(failures, ["step 2, a slow request: fails at 14: status: 200 / 500"]);
}

#[tokio::test(start_paused = true)]
async fn many_requests_are_all_sent_before_what_runs_beside_them() {
    let steps = "
faults: { slow: { link: client -> shop, match: GET /slow, latency: { delay: 3s } } }
steps:
  - inject: slow
  - request: GET shop /slow
    parallel: 50
    expect: { outcomes: { 200: 50 }, links: { client -> shop: calls == 51 } }
    during:
      - { request: GET shop /quick, expect: { status: 200, links: { client -> shop: calls == 51 } } }
";
    let (_, failures) = run_steps(steps).await;
    assert_eq!(failures, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_can_not_be_made_has_nothing_beside_it() {
    let steps = "
vars: { path: /a }
steps:
  - request: GET shop ${path.b}
    expect: { status: 200 }
    during: [{ request: GET shop /, expect: { status: 200 } }]
";
    let (requests, failures) = run_steps(steps).await;
    assert_eq!(requests, [""; 0]);
    assert!(failures[0].contains("expression: path.b"), "{failures:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_traffic_ends_with_it_or_fails_in_time() {
    let wait = |condition: &str| {
        format!("\nsteps:\n  - wait: {{ until: {{ client -> shop: {condition} }}, within: 2s }}\n")
    };
    let (_, failures) = run_steps(&wait("calls == 1")).await;
    let expected = "step 1, wait until client -> shop: calls == 1 at 4: client -> shop: calls == 1 / \
                    {\"calls\":0,\"delivered\":0,\"replied\":0,\"statuses\":[]}; eventually: within 2s / not until then";
    assert_eq!(failures, [expected]);
    let (_, failures) = run_steps(&wait("statuses.first == 1")).await;
    assert!(failures[0].contains("client -> shop: statuses.first == 1"), "{failures:?}");
    let (_, failures) = run_steps(&wait("calls == 0")).await;
    assert_eq!(failures, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn variables_are_set_on_the_way() {
    let steps = "
vars: { total: 1 }
steps:
  - for: { each: [1, 2, 3], as: n }
    steps: [{ vars: { total: '${total + n}', twice: '${total * 2}' } }]
  - check: [total == 7, twice == 14]
";
    assert_eq!(run_steps(steps).await.1, [""; 0]);
}

/// The steps within a loop are checked one by one.
#[tokio::test(start_paused = true)]
async fn invariants_are_checked_after_each_step_of_a_loop() {
    let stage = shop(|_, number| (200, format!("{{\"sum\": {}}}", u32::from(number > 4))));
    let always = "
invariants:
  it adds up: { when: always, observe: { ledger: GET shop /ledger }, holds: ledger.sum == 0 }
";
    let steps = "
steps:
  - for: { each: [1, 2, 3, 4] }
    steps: [{ request: POST shop /, expect: { status: 200 } }]
";
    let result = result(&stage, always, steps).await;
    assert_eq!(result.history.exchanges().count(), 3);
    assert!(
        failures_of(&result)[0]
            .starts_with("step 1, for each item, round 3 of 4: POST shop / at 5: it adds up")
    );
}

/// A service that ends by itself in a loop fails the step within it, unless that says it may.
#[tokio::test(start_paused = true)]
async fn an_end_of_a_service_is_found_at_the_step_of_its_round() {
    let dies = |may_end: &str| {
        format!(
            "
steps:
  - for: {{ each: [1] }}
    steps: [{{ name: asks, request: GET shop /, expect: {{ status: 200 }}{may_end} }}]
"
        )
    };
    let stage = shop(|_, _| (world::ANSWERS_AND_DIES, "{}".into()));
    let found = failures_of(&result(&stage, "", &dies("")).await);
    assert!(
        found[0].starts_with("step 1, for each item, round 1 of 1: asks at 5: process shop"),
        "{found:?}"
    );
    let allowed = result(&stage, "", &dies(", may_end: shop")).await;
    assert_eq!(failures_of(&allowed), [""; 0]);
}
