//! Scenarios that do nothing that could fail.

use super::*;

/// The findings of a scenario, with a shop that always answers 200.
async fn findings_of(invariants: &str, steps: &str) -> Vec<String> {
    let stage = shop(|_, _| (200, "{\"n\": 1}".into()));
    findings(&result(&stage, invariants, steps).await.verdict)
}

const LEFT_OUT: &str = "
vars: { n: 1 }
steps:
  - { request: GET shop /, name: first, if: n == 2, expect: { status: 500 } }
  - { check: n == 3, if: n > 1 }
  - together:
      - { request: GET shop /, name: one, if: n == 4, expect: { status: 500 } }
      - { request: GET shop /, name: other, if: n == 5, expect: { status: 500 } }
  - wait: 1s
  - { request: GET shop /, capture: { m: body.n } }
  - { kill: shop, if: m == 2 }
";

#[tokio::test(start_paused = true)]
async fn a_scenario_of_which_every_step_is_left_out_fails() {
    let expected = "nothing was judged: a step that expects or checks something, or does something to a service / \
                    conditions left out\n  first (if: n == 2)\n  check n == 3 (if: n > 1)\n  one (if: n == 4)\n  \
                    other (if: n == 5)\n  kill shop (if: m == 2)";
    assert_eq!(findings_of("", LEFT_OUT).await, [expected]);
    let invariant = "invariants: { i: { when: always, observe: { a: GET shop / }, holds: a.n == 1 } }";
    assert_eq!(findings_of(invariant, LEFT_OUT).await, [expected], "though an invariant holds");
}

#[tokio::test(start_paused = true)]
async fn one_step_that_could_fail_is_enough() {
    for (from, to) in [("n == 2", "n == 1"), ("n > 1", "n > 0"), ("n == 5", "n == 1"), ("m == 2", "m == 1")] {
        let steps = LEFT_OUT.replace(from, to).replace("n == 3", "n == 1").replace("500", "200");
        assert_eq!(findings_of("", &steps).await, [""; 0], "{steps}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_scenario_that_leaves_out_no_step_that_could_fail_needs_none() {
    assert_eq!(findings_of("", "\nsteps:\n  - wait: 1s\n").await, [""; 0]);
    let left_out = "\nvars: { n: 1 }\nsteps:\n  - wait: 1s\n  - { wait: 2s, if: n == 2 }\n";
    assert_eq!(findings_of("", left_out).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_a_repeated_request_expects_can_depend_on_its_index() {
    let stage = shop(|request, _| (if request.ends_with('1') { 404 } else { 200 }, "{}".into()));
    for times in ["repeat: 3", "parallel: 3"] {
        let steps = |rows: &str| {
            format!(
                "\nvars: {{ rows: {rows} }}\nsteps:\n  - {{ request: 'GET shop /${{index}}', {times}, expect: {{ that: 'status == rows[index]' }} }}\n"
            )
        };
        assert_eq!(findings(&result(&stage, "", &steps("[200, 404, 200]")).await.verdict), [""; 0]);
        let verdict = result(&stage, "", &steps("[404, 200, 200]")).await.verdict;
        let Verdict::Failed(failures) = verdict else { panic!("{verdict:?}") };
        assert_eq!(failures[0].findings.len(), 1, "the first one's");
        assert_eq!(failures[0].failed.iter().map(|request| request.number.0).collect::<Vec<_>>(), [1, 2]);
    }
}
