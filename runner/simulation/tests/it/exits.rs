//! Services that end by themselves, and starts that don't wait.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use engine::{Rules, ScenarioResult, World, run_scenario};
use fault::Seed;
use http::{Request, Response, StatusCode};
use scenario::{File, Signal, read_configuration, read_file};
use simulation::{HostContext, Running, Services, Simulation, StartError, block_on};
use tokio::time::{Instant, sleep};
use tower::service_fn;
use verdict::{Exit, HistoryEvent, NoReply, ProcessChange, Verdict};

use crate::fixture::{configuration, name, number, post, raise};

/// Answers every request, and is ready a second after its start.
fn answer(began: Instant, request: &Request<Bytes>) -> Result<Response<Bytes>, Infallible> {
    let mut response = Response::new(Bytes::new());
    if request.uri().path() == "/livez" && began.elapsed() < Duration::from_secs(1) {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}

/// Writes 5 to its disk, and a minute after its start its main work ends with exit code 3.
fn leaves(context: HostContext) -> Result<Running, StartError> {
    let disk = context.disk;
    let main = async move {
        disk.write(0, &5_u64.to_le_bytes()).expect("a good disk");
        sleep(Duration::from_mins(1)).await;
        3
    };
    let began = Instant::now();
    let service = service_fn(move |request| async move { answer(began, &request) });
    Ok(Running::new(service).with_main(main))
}

/// Its background work panics a minute after its start.
fn panics(_: HostContext) -> Result<Running, StartError> {
    let background = async {
        sleep(Duration::from_mins(1)).await;
        panic!("requested by the test");
    };
    let began = Instant::now();
    let service = service_fn(move |request| async move { answer(began, &request) });
    Ok(Running::new(service).with_background(background))
}

/// Doesn't start on a disk that has been written to.
fn starts_once(context: HostContext) -> Result<Running, StartError> {
    let HostContext { disk, .. } = context;
    if number(&disk) > 0 {
        return Err("the disk is in use".into());
    }
    disk.write(0, &1_u64.to_le_bytes())?;
    disk.sync_data()?;
    let began = Instant::now();
    Ok(Running::new(service_fn(move |request| async move { answer(began, &request) })))
}

fn services() -> Services {
    Services::new()
        .with(name("leaves"), leaves)
        .with(name("panics"), panics)
        .with(name("starts-once"), starts_once)
}

/// Runs a scenario of these steps. `leaves` has to be ready within two seconds.
fn run(steps: &str) -> ScenarioResult {
    let text = "services:
  leaves: { base_url: http://localhost:1, ready: { path: /livez, within: 2s } }
  panics: { base_url: http://localhost:2 }
  starts-once: { base_url: http://localhost:3 }
";
    let configuration = read_configuration(text, "e2e.conf".into()).expect("a configuration");
    let text = format!("scenario: s\nsteps:\n{steps}");
    let File::Scenario(scenario) = read_file(&text, "a.yaml".into(), &configuration).expect("a scenario")
    else {
        panic!("{text}")
    };
    let simulation = Simulation::new(&configuration, &services()).expect("all are linked in");
    let rules = Rules::from(&configuration);
    block_on(run_scenario(&simulation, scenario.into(), &rules, Seed(1), |_| {}))
}

/// The failures as `location: found`.
fn told(result: &ScenarioResult) -> Vec<String> {
    let Verdict::Failed(failures) = &result.verdict else { panic!("{:?}", result.verdict) };
    let each = failures.iter().map(|failure| (failure.location.to_string(), &failure.findings));
    each.flat_map(|(location, findings)| findings.iter().map(move |f| format!("{location}: {}", f.found)))
        .collect()
}

#[test]
fn main_work_that_ends_and_background_work_that_panics_end_the_process() {
    for (service, exit) in [("leaves", Exit::Code(3)), ("panics", Exit::Code(101))] {
        block_on(async {
            let world = raise(&configuration(&[(service, &[])]), &services(), 1).await;
            sleep(Duration::from_secs(59)).await;
            assert!(post(&world, service, "/").await.is_ok());
            sleep(Duration::from_secs(2)).await;
            assert_eq!(post(&world, service, "/").await, Err(NoReply::Refused), "{service}: nothing listens");
            assert_eq!(world.down(), [name(service)]);
            let last = world.links().read(|history| history.records().last().map(|last| last.event.clone()));
            let change = ProcessChange::Exited(exit);
            assert_eq!(last, Some(HistoryEvent::Process { service: name(service), change }));
            let written = number(&world.disk(&name(service)).expect("it is linked in"));
            assert_eq!(written, if service == "leaves" { 5 } else { 0 }, "what it wrote isn't lost");
            world.signal(&name(service), Signal::Start).await.expect("it can be started again");
            assert!(post(&world, service, "/").await.is_ok());
            world.close().await;
        });
    }
}

#[test]
fn an_end_fails_the_step_during_which_it_happened() {
    let result = run("  - wait: 1s\n  - wait: 61s\n    may_end: panics\n  - wait: 1s\n");
    assert_eq!(told(&result), ["step 2, wait 61s: leaves ended by itself with exit code 3"]);
    let allowed = run("  - wait: 61s\n    may_end: [leaves, panics]\n  - start: leaves\n");
    assert_eq!(allowed.verdict, Verdict::Passed);
}

#[test]
fn a_signal_that_changes_nothing_is_a_finding() {
    for (before, key, found) in [
        ("", "start", "panics runs already: start changes nothing"),
        ("  - pause: panics\n", "start", "panics is paused: start changes nothing"),
        ("  - kill: panics\n", "kill", "panics doesn't run: kill changes nothing"),
        ("  - stop: panics\n", "stop", "panics doesn't run: stop changes nothing"),
        ("  - pause: panics\n", "pause", "panics is paused already: pause changes nothing"),
        ("", "resume", "panics isn't paused: resume changes nothing"),
    ] {
        let step = before.lines().count() + 1;
        let failed = run(&format!("{before}  - {key}: panics\n"));
        assert_eq!(told(&failed), [format!("step {step}, {key} panics: {found}")]);
    }
}

#[test]
fn a_service_that_does_not_start_again_is_a_finding() {
    let found = "starts-once can't be started: the disk is in use";
    let restarted = told(&run("  - restart: starts-once\n"));
    assert_eq!(restarted, [format!("step 1, restart starts-once: {found}")]);
    assert_eq!(told(&run("  - kill: starts-once\n")), [format!("after the last step: {found}")]);
}

#[test]
fn a_start_that_does_not_wait_leaves_readiness_to_later_steps() {
    let steps = |start: &str, status: u16| {
        format!(
            "  - stop: leaves\n  - start: {start}\n  - {{ request: GET leaves /livez, expect: {{ status: {status} }} }}\n"
        )
    };
    assert_eq!(run(&steps("leaves", 200)).verdict, Verdict::Passed);
    let launched = run(&steps("{ service: leaves, ready: no }", 503));
    assert_eq!(launched.verdict, Verdict::Passed);
    let changes = launched.history.records().iter().filter_map(|record| match &record.event {
        HistoryEvent::Process { change, .. } => Some(change.to_string()),
        _ => None,
    });
    assert_eq!(changes.collect::<Vec<_>>(), ["stopped", "started, not waited for"]);
}
