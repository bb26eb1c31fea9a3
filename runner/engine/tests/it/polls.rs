//! `eventually` that gives up early, `always` and `never`.

use std::time::Duration;

use super::*;

/// The findings of a scenario with one step, against a shop whose replies depend on the number of the request, and how long it
/// took.
async fn run_step(
    step: &str,
    reply: impl Fn(u32) -> (u16, &'static str) + Send + Sync + 'static,
) -> (Vec<String>, Duration) {
    let stage = shop(move |_, number| {
        let (status, body) = reply(number);
        (status, body.into())
    });
    let result = result(&stage, "", &format!("steps:\n  - {step}\n")).await;
    (findings(&result.verdict), result.took)
}

/// Each reply is `pending` until the request with this number, from which on it has another state.
fn state(from: u32, then: &'static str) -> impl Fn(u32) -> (u16, &'static str) + Send + Sync {
    move |number| (200, if number < from { r#"{"status": "pending"}"# } else { then })
}

const FAILED: &str = r#"{"status": "failed"}"#;
const CONFIRMED: &str = r#"{"status": "confirmed"}"#;

#[tokio::test(start_paused = true)]
async fn eventually_gives_up_as_soon_as_it_cannot_succeed_any_more() {
    let step = "eventually: { within: 10s, every: 1s, request: GET shop /, expect: { body: { status: confirmed } }, fail_if: [\"body.status == 'failed'\", status >= 500] }";
    let (found, took) = run_step(step, state(3, FAILED)).await;
    let expected = [
        r#"body.status: "confirmed" / "failed""#,
        r#"fail_if: not body.status == 'failed' / it is true; body.status = "failed""#,
        "eventually: within 10s / given up at the 3rd attempt, after 2s",
    ];
    assert_eq!((found.as_slice(), took), (expected.map(str::to_owned).as_slice(), Duration::from_secs(2)));
    assert_eq!(run_step(step, state(3, CONFIRMED)).await.0, [""; 0]);
    // A condition on a body that isn't there is not true.
    assert_eq!(
        run_step(step, |number| if number < 3 { (404, "[]") } else { (200, CONFIRMED) }).await.0,
        [""; 0]
    );
}

#[tokio::test(start_paused = true)]
async fn always_has_to_hold_all_the_time() {
    let step =
        "always: { for: 2s, every: 500ms, request: GET shop /, expect: { body: { status: pending } } }";
    let (found, took) = run_step(step, state(100, "")).await;
    assert_eq!((found, took), (Vec::new(), Duration::from_secs(2)));
    let (found, took) = run_step(step, state(3, FAILED)).await;
    assert_eq!(
        found,
        [r#"body.status: "pending" / "failed""#, "always: for 2s / it held for 1s, until the 3rd attempt"]
    );
    assert_eq!(took, Duration::from_secs(1));
    let found = run_step(step, state(1, FAILED)).await.0;
    assert_eq!(found[1], "always: for 2s / it didn't hold at the first attempt");
}

#[tokio::test(start_paused = true)]
async fn never_must_not_be_met_once_and_needs_a_reply() {
    let step = "never: { for: 2s, every: 500ms, request: GET shop /, expect: { body: { status: failed } } }";
    let (found, took) = run_step(step, state(100, "")).await;
    assert_eq!((found, took), (Vec::new(), Duration::from_secs(2)));
    let (found, took) = run_step(step, state(4, FAILED)).await;
    assert_eq!(found, ["never: not once for 2s / it was so at the 4th attempt, after 1.5s"]);
    assert_eq!(took, Duration::from_millis(1500));
    let stage = shop(|_, _| (200, String::new()));
    let steps = format!(
        "faults:\n  away: {{ link: client -> shop, outage: reset }}\nsteps:\n  - inject: away\n  - {step}\n"
    );
    let found = findings(&result(&stage, "", &steps).await.verdict);
    assert_eq!(
        found.last().map(String::as_str),
        Some("never: a reply that can be judged / none in 5 attempts")
    );
    // What can't be evaluated once would never be met, whatever the service does.
    let misspelled =
        "never: { for: 2s, every: 1s, request: GET shop /, expect: { that: body.stauts == 'failed' } }";
    let found = run_step(misspelled, state(2, FAILED)).await.0;
    assert_eq!(
        found,
        [
            "that: body.stauts == 'failed' / `body` has `status`; it has no `stauts`",
            "never: a reply that can be judged / none in 3 attempts"
        ]
    );
    let misspelled =
        "never: { for: 2s, every: 1s, request: GET shop /, expect: { body: { stauts: failed } } }";
    let found = run_step(misspelled, state(2, FAILED)).await.0;
    assert_eq!(
        found,
        [r#"body.stauts: "failed" / absent"#, "never: a reply that can be judged / none in 3 attempts"]
    );
    for there in ["${any}", "${string}"] {
        let step = misspelled.replace("failed", &format!("'{there}'"));
        assert_eq!(run_step(&step, state(2, FAILED)).await.0, [""; 0], "{there} asks whether it is there");
    }
}
