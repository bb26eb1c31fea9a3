//! Expectations as they are written in a scenario.

use scenario::{Action, Expectations, File, RequestStep, read_configuration, read_file};

const SERVICES: &str = "
services:
  shop: { base_url: 'http://localhost:1' }
  bank: { command: bank, depends_on: [shop], circuits: /circuits }
";

/// The expectations of a step that is written as `expect: …`.
#[track_caller]
pub(crate) fn expect(text: &str) -> Expectations {
    step(&format!("request: GET shop /\n    expect: {text}")).expect
}

/// The request of a step.
#[track_caller]
pub(crate) fn step(text: &str) -> RequestStep {
    let configuration = read_configuration(SERVICES, "e2e.conf".into()).expect("a configuration");
    let text = format!("scenario: s\nsteps:\n  - {text}\n");
    match read_file(&text, "s.yaml".into(), &configuration) {
        Ok(File::Scenario(scenario)) => match &scenario.steps[0].action {
            Action::Request(request) => request.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:#?}\n{text}"),
    }
}
