//! Calls, circuits and times that are expected of a step, judged as it runs.

use super::*;

const SERVICES: &str = "
services:
  shop: { command: shop, depends_on: [bank], circuits: /circuits }
  bank: { command: bank }
";

/// A scenario with a shop that calls a bank and tells its circuits.
fn banking(steps: &str) -> (Arc<Scenario>, Rules) {
    let configuration = read_configuration(SERVICES, PathBuf::from("e2e.conf")).expect("a configuration");
    let text = format!("scenario: test\nsteps:\n{steps}");
    let scenario = match read_file(&text, PathBuf::from("test.yaml"), &configuration) {
        Ok(File::Scenario(scenario)) => Arc::from(scenario),
        other => panic!("{other:#?}\n{text}"),
    };
    (scenario, Rules { timeout: Duration::from_secs(5), ..Rules::from(&configuration) })
}

#[tokio::test(start_paused = true)]
async fn the_calls_and_times_of_a_step_are_judged() {
    let stage = shop(|_, _| (200, "{}".into()));
    let steps = "
faults:
  slow: { link: client -> shop, calls: 3, latency: 200ms }
steps:
  - inject: slow
  - repeat: 4
    request: GET shop /orders/${index}
    headers: { X-Key: '${index % 2}' }
    expect:
      status: 2xx
      timing: [p50 == 0s, max < 100ms]
      calls:
        - { link: client -> shop, match: /orders/*, count: 4, different: path }
        - { link: client -> shop, count: 5, same: \"headers['x-key']\" }
        - { link: client -> shop, that: path == '/orders/3', count: 1 }
";
    let found = findings(&result(&stage, "", steps).await.verdict);
    let [count, same, timing] = found.as_slice() else { panic!("{found:#?}") };
    assert!(count.starts_with("calls client -> shop: count == 5 / 4 calls\nGET /orders/0 at 0 s"), "{count}");
    assert!(
        same.starts_with("calls client -> shop: same headers['x-key'] / \"0\" in GET /orders/0 at"),
        "{same}"
    );
    assert_eq!(timing, "timing: max < 100ms / 0.2 < 0.1");
}

#[tokio::test(start_paused = true)]
async fn a_circuit_is_asked_for_its_state_once_the_request_has_ended() {
    let stage = shop(|request, number| match request {
        "GET /circuits" if number < 6 => (200, r#"{"circuits": {"bank": "closed"}}"#.into()),
        "GET /circuits" => (200, r#"{"circuits": {"bank": {"state": "OPEN"}}}"#.into()),
        _ => (200, "{}".into()),
    });
    let step = "  - request: GET shop /\n    expect: { circuits: { shop -> bank: open } }\n";
    let (scenario, rules) = banking(step);
    let failed = run_scenario(&stage, scenario, &rules, Seed(1), |_| {}).await;
    assert_eq!(findings(&failed.verdict), ["circuit shop -> bank: open / closed"]);
    let (scenario, rules) = banking(
        "  - eventually: { within: 5s, request: GET shop /, expect: { circuits: { shop -> bank: open } } }\n",
    );
    let passed = run_scenario(&stage, scenario, &rules, Seed(1), |_| {}).await;
    assert_eq!(findings(&passed.verdict), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_meets_the_requests_whose_query_or_body_it_names() {
    let stage = shop(|_, _| (200, "{}".into()));
    let steps = "
faults:
  large: { link: client -> shop, match: POST /pay, body: { amount: '${number > 100}' }, error: 503 }
  second: { link: client -> shop, query: { page: 2 }, error: 504 }
  odd: { link: client -> shop, that: body.amount % 2 == 1 and body.amount < 100, error: 505 }
steps:
  - inject: large
  - inject: second
  - inject: odd
  - { request: POST shop /pay, body: { amount: 150 }, expect: { status: 503 } }
  - { request: POST shop /pay, body: { amount: 50 }, expect: { status: 200 } }
  - { request: POST shop /pay, body: { amount: 51 }, expect: { status: 505 } }
  - { request: GET shop /pay?page=1, expect: { status: 200 } }
  - { request: GET shop /pay?page=2&a=b, expect: { status: 504 } }
";
    assert_eq!(findings(&result(&stage, "", steps).await.verdict), [""; 0]);
}
