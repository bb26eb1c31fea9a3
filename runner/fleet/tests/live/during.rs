//! Steps that run while a request is in flight.

use engine::{Rules, run_scenario};
use fault::Seed;
use scenario::{File, read_file};
use verdict::{ProcessChange, Verdict};

use crate::fixture::{TestFleet, configuration, on_runtime, service};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("a_sigterm_meets_a_request_in_flight", cut_off),
    ("a_service_that_drains_answers_the_request_that_a_sigterm_meets", drained),
];

/// `front` is asked to end while it waits for `back`, over a slow link. It drains if there is this variable.
fn stop_in_flight(env: &[(&str, &str)], expect: &str) {
    on_runtime(async {
        let upstream = ("UPSTREAM", "${url.back}");
        let front = service("front", &[&[upstream], env].concat(), &["depends_on: [back]"]);
        let services = front + &service("back", &[], &[]);
        let fleet = TestFleet::new(&services);
        let configuration = configuration(&services, fleet.data.path());
        let text = format!(
            "scenario: s
faults:
  slow: {{ link: front -> back, latency: 300ms }}
steps:
  - inject: slow
  - request: GET front /call
    expect: {expect}
    during:
      - wait: {{ until: {{ front -> back: calls >= 1 }}, within: 10s }}
      - stop: front
  - start: front
"
        );
        let read = read_file(&text, "s.yaml".into(), &configuration);
        let Ok(File::Scenario(scenario)) = read else { panic!("{read:#?}") };
        let result =
            run_scenario(&fleet.inner, scenario.into(), &Rules::from(&configuration), Seed(1), |_| {}).await;
        assert_eq!(result.verdict, Verdict::Passed);
        let stopped = |record: &verdict::Record| {
            matches!(&record.event, verdict::HistoryEvent::Process { change: ProcessChange::Stopped, .. })
                .then_some(record.step)
        };
        assert_eq!(result.history.records().iter().find_map(stopped), Some(Some(1)));
    });
}

fn cut_off() {
    stop_in_flight(&[], "{ no_reply: true, links: { front -> back: calls == 1 } }");
}

fn drained() {
    stop_in_flight(
        &[("DRAIN", "yes")],
        "{ status: 200, links: { front -> back: calls == 1 and replied == 1 } }",
    );
}
