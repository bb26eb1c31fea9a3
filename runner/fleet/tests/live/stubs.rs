//! Stubs in place of services, on real sockets.

use engine::{Rules, ScenarioResult, run_scenario};
use fault::Seed;
use fleet::{ServiceState, ServiceStatus};
use scenario::{File, read_file};
use verdict::Verdict;

use crate::fixture::{TestFleet, configuration, on_runtime, refuses_connections, service};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("a_stub_answers_in_place_of_a_service", answers),
    ("a_scenario_stubs_a_service_that_would_be_started", replaces),
    ("a_stub_is_killed_paused_and_started_as_a_service_is", is_signalled),
    ("a_stub_is_gone_with_its_world", is_gone),
];

const STUB: &str = "  back:\n    stub:\n      - { match: GET /starts, reply: { status: 201, body: { n: \"${request.index}\" } } }\n      - { match: GET /slow, reply: { after: 30ms } }\n";

fn front() -> String {
    service("front", &[("UPSTREAM", "${url.back}")], &["depends_on: [back]"])
}

async fn run(services: &str, scenario: &str) -> ScenarioResult {
    let fleet = TestFleet::new(services);
    let configuration = configuration(services, fleet.data.path());
    let text = format!("scenario: s\n{scenario}");
    let File::Scenario(scenario) = read_file(&text, "a.yaml".into(), &configuration)
        .unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{text}"))
    else {
        panic!("{text}")
    };
    run_scenario(&fleet.inner, scenario.into(), &Rules::from(&configuration), Seed(1), |_| {}).await
}

fn answers() {
    let result = on_runtime(run(
        &(front() + STUB),
        "
faults: { lost: { link: front -> back, lose: reply, calls: 1 } }
steps:
  - { request: GET front /call, repeat: 2, expect: { status: 201, body: { n: '${index}' }, links: { front -> back: calls == 2 } } }
  - inject: lost
  - { request: GET front /call, expect: { status: 502, links: { front -> back: delivered == 1 } } }
  - { request: GET front /call, expect: { status: 201, body: { n: 3 } } }
  - { request: GET back /slow, expect: { status: 200, that: took >= 0.03 } }
",
    ));
    assert_eq!(result.verdict, Verdict::Passed);
    let unknown =
        on_runtime(run(&(front() + STUB), "steps: [{ request: GET back /x, expect: { status: 404 } }]"));
    assert!(format!("{:?}", unknown.verdict).contains("an entry for every request"), "{:?}", unknown.verdict);
}

fn replaces() {
    // It would never be ready.
    let back = "  back: { command: sh -c 'exit 3', after: front }\n";
    let result = on_runtime(run(
        &(front() + back),
        "
stubs: { back: [{ match: GET /starts, reply: { text: a stub } }] }
steps: [{ request: GET front /call, expect: { body: a stub } }]
",
    ));
    assert_eq!(result.verdict, Verdict::Passed);
}

fn is_signalled() {
    let result = on_runtime(run(
        &(front() + STUB),
        "
faults: { dies: { link: front -> back, crash: back, calls: 1 } }
steps:
  - { request: GET back /starts, expect: { status: 201 } }
  - kill: back
  - { request: GET front /call, expect: { status: 502 } }
  - { request: GET back /starts, expect: { no_reply: true } }
  - start: back
  - { request: GET front /call, expect: { status: 201, body: { n: 1 } } }
  - pause: back
  - { request: GET back /starts, timeout: 50ms, expect: { no_reply: true } }
  - resume: back
  - { request: GET back /starts, expect: { status: 201 } }
  - restart: back
  - inject: dies
  - { request: GET front /call, expect: { status: 502 } }
",
    ));
    assert_eq!(result.verdict, Verdict::Passed);
}

fn is_gone() {
    on_runtime(async {
        let fleet = TestFleet::new(&(front() + STUB));
        let world = fleet.ready().await;
        let services = world.services();
        let is_stub = |service: &&ServiceStatus| service.state == ServiceState::Stub;
        let port = services.iter().find(is_stub).expect("the stub").address.port();
        assert!(!refuses_connections(port));
        drop(world);
        assert!(refuses_connections(port));
    });
}
