//! What a person reads of bodies, calls, circuits, times and polls that aren't as expected.

use engine::ScenarioResult;

use super::failures::{FAULT, Invariants, check_screen, run_with_circuits};

/// Runs a scenario with a shop that tells its circuits.
fn run(scenario: &str) -> ScenarioResult {
    let circuits = vec![("shop".parse().expect("a name"), "/circuits".parse().expect("a path"))];
    run_with_circuits(scenario, Invariants::Left, circuits)
}

#[test]
fn what_differs_in_a_body_in_calls_and_in_a_circuit() {
    let text = format!(
        "scenario: A payment is charged once
{FAULT}
steps:
  - inject: reply-lost
  - name: alice pays
    request: POST shop /payments
    expect:
      status: [4xx, 5xx]
      body: {{ id: '${{uuid}}', amount: '${{number > 300}}' }}
      circuits: {{ shop -> bank: [closed, half-open] }}
      calls:
        - {{ link: shop -> bank, match: POST /charges, count: 1, apart: '>= 1s', different: path }}
        - order: [GET shop -> bank, POST shop -> bank]
"
    );
    check_screen("failure_calls", &run(&text));
}

#[test]
fn the_slowest_of_repeated_requests_is_shown() {
    let text = "scenario: Reads are quick
faults:
  slow: { link: client -> shop, calls: 3, latency: 400ms }
steps:
  - inject: slow
  - name: five reads
    repeat: 5
    request: GET shop /deposits
    expect: { status: 2xx, timing: [p50 < 100ms, p95 < 300ms] }
";
    check_screen("failure_timing", &run(text));
}

#[test]
fn a_poll_that_gave_up_early_and_one_that_did_not_hold() {
    let steps = "scenario: An order is confirmed
steps:
  - eventually:
      within: 10s
      request: GET shop /orders/1
      expect: { body: { status: confirmed } }
      fail_if: body.status in ['failed', 'pending']
";
    check_screen("failure_fail_if", &run(steps));
    let steps = "scenario: The seat stays free
steps:
  - always:
      for: 2s
      every: 500ms
      request: POST shop /reservations
      expect: { status: 200 }
";
    check_screen("failure_always", &run(steps));
}
