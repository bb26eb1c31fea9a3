//! Steps that run while a request is in flight.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use engine::{Rules, ScenarioResult, run_scenario};
use fault::Seed;
use http::{Request, Response};
use scenario::{File, read_configuration, read_file};
use simulation::{HostContext, Running, Services, Simulation, StartError, block_on};
use tokio::time::sleep;
use tower::service_fn;
use verdict::{HistoryEvent, ProcessChange, Verdict};

use crate::fixture::name;

/// Takes two seconds to answer `/slow`.
fn takes_time(_: HostContext) -> Result<Running, StartError> {
    Ok(Running::new(service_fn(async |request: Request<Bytes>| {
        if request.uri().path() == "/slow" {
            sleep(Duration::from_secs(2)).await;
        }
        Ok::<_, Infallible>(Response::new(Bytes::new()))
    })))
}

/// Sends a slow request, with these steps beside it.
fn run(expect: &str, during: &str) -> ScenarioResult {
    let services = "services: { slow: { base_url: 'http://localhost:1' } }";
    let configuration = read_configuration(services, "e2e.conf".into()).expect("a configuration");
    let text = format!(
        "scenario: s\nsteps:\n  - {{ request: GET slow /slow, expect: {expect}, during: [{during}] }}\n  - start: slow\n"
    );
    let read = read_file(&text, "a.yaml".into(), &configuration);
    let Ok(File::Scenario(scenario)) = read else { panic!("{read:#?}\n{text}") };
    let linked = Services::new().with(name("slow"), takes_time);
    let simulation = Simulation::new(&configuration, &linked).expect("it is linked in");
    block_on(run_scenario(&simulation, scenario.into(), &Rules::from(&configuration), Seed(1), |_| {}))
}

/// When the process changed like this, since the world's beginning.
fn when(result: &ScenarioResult, wanted: ProcessChange) -> Option<Duration> {
    result.history.records().iter().find_map(|record| match &record.event {
        HistoryEvent::Process { change, .. } if *change == wanted => Some(record.at),
        _ => None,
    })
}

#[test]
fn a_stop_meets_a_request_in_flight_which_is_still_answered() {
    let stop = "{ wait: 500ms }, { stop: slow }, { request: GET slow /, expect: { no_reply: true } }";
    let result = run("{ status: 200, that: took >= 2 }", stop);
    assert_eq!(result.verdict, Verdict::Passed);
    assert_eq!(when(&result, ProcessChange::Stopped), Some(Duration::from_secs(2)), "once it has answered");
    assert_eq!(result.history, run("{ status: 200, that: took >= 2 }", stop).history, "and so every time");
}

#[test]
fn a_kill_meets_a_request_in_flight_which_gets_no_reply() {
    let result = run("{ no_reply: true }", "{ wait: 500ms }, { kill: slow }");
    assert_eq!(result.verdict, Verdict::Passed);
    assert_eq!(when(&result, ProcessChange::Killed), Some(Duration::from_millis(500)));
}
