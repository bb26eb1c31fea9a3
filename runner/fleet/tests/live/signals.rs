//! Signals to services, crashes by faults, and ends that a scenario didn't ask for.

use std::time::Duration;

use bytes::Bytes;
use engine::World;
use fault::{CrashPoint, Damage, Fault, Selector};
use http::{Request, StatusCode};
use scenario::Signal;
use tower::ServiceExt;
use verdict::{NoReply, ProcessChange};

use crate::fixture::{
    TestFleet, changes, eventually, get, name, on_runtime, port, read, refuses_connections, service,
    three_services,
};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("a_killed_service_starts_again_on_its_port_and_data", kill_and_start),
    ("a_kill_ends_the_whole_command", whole_command),
    ("a_service_that_is_stopped_can_finish_its_work", stop),
    ("a_service_that_does_not_stop_is_killed_after_its_grace", stubborn),
    ("a_halted_service_answers_once_it_is_resumed", pause),
    ("a_halted_service_can_be_restarted", restart_halted),
    ("an_end_without_a_signal_is_recorded", unexpected),
    ("a_crash_fault_kills_before_the_caller_gets_a_reply", crash),
    ("a_link_to_a_service_that_ended_refuses_until_it_listens_again", absent_callee),
    ("a_service_that_finishes_its_work_accepts_no_more_over_its_link", stopping_callee),
    ("an_error_fault_answers_instead_of_the_service", error),
];

async fn signal(world: &fleet::LiveWorld, service: &str, signal: Signal) {
    let done = world.signal(&name(service), signal).await;
    done.unwrap_or_else(|error| panic!("{error:#?}"));
}

fn kill_and_start() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        let at = port(&world, "back");
        assert_eq!(read(&world, "back", "/starts").await, "1");
        signal(&world, "back", Signal::Kill).await;
        assert_eq!(get(&world, "back", "/starts").await, Err(NoReply::Refused));
        assert_eq!(world.down(), [name("back")]);
        signal(&world, "back", Signal::Kill).await;
        signal(&world, "back", Signal::Start).await;
        signal(&world, "back", Signal::Start).await;
        assert_eq!(port(&world, "back"), at);
        assert_eq!(read(&world, "front", "/call").await, "2", "the link leads to its new process");
        assert_eq!(world.down(), []);
        let back = |change| ("back".to_owned(), change);
        assert_eq!(changes(&world), [back(ProcessChange::Killed), back(ProcessChange::Started)]);
    });
}

/// A service that is the child of a shell, rather than the group's leader.
fn below_a_shell(name: &str) -> String {
    let text = service(name, &[], &[]);
    let exe = std::env::current_exe().expect("this binary");
    text.replace(&format!("command: {}", exe.display()), &format!("command: sh -c '{}; true'", exe.display()))
}

fn whole_command() {
    on_runtime(async {
        let fleet = TestFleet::new(&below_a_shell("deep"));
        let world = fleet.ready().await;
        let at = port(&world, "deep");
        signal(&world, "deep", Signal::Kill).await;
        eventually("no process listens", || refuses_connections(at));
        signal(&world, "deep", Signal::Start).await;
        assert_eq!(read(&world, "deep", "/starts").await, "2");
        world.close().await;
        eventually("no process listens", || refuses_connections(at));
    });
}

fn stop() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        signal(&world, "aside", Signal::Stop).await;
        assert_eq!(get(&world, "aside", "/health").await, Err(NoReply::Refused));
        signal(&world, "aside", Signal::Start).await;
        assert_eq!(read(&world, "aside", "/goodbye").await, "true");
        let aside = |change| ("aside".to_owned(), change);
        assert_eq!(changes(&world), [aside(ProcessChange::Stopped), aside(ProcessChange::Started)]);
    });
}

fn stubborn() {
    on_runtime(async {
        let fleet = TestFleet::new(&service("stubborn", &[("IGNORE_TERM", "1")], &["stop: 50ms"]));
        let world = fleet.ready().await;
        signal(&world, "stubborn", Signal::Stop).await;
        assert!(refuses_connections(port(&world, "stubborn")));
        assert_eq!(changes(&world), [("stubborn".to_owned(), ProcessChange::Stopped)]);
    });
}

fn pause() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        signal(&world, "aside", Signal::Pause).await;
        assert_eq!(world.down(), [name("aside")]);
        let mut answer = std::pin::pin!(read(&world, "aside", "/starts"));
        let early = tokio::time::timeout(Duration::from_millis(100), &mut answer).await;
        assert!(early.is_err(), "a halted process can't answer");
        signal(&world, "aside", Signal::Resume).await;
        assert_eq!(answer.await, "1", "it was resumed, not restarted");
        let aside = |change| ("aside".to_owned(), change);
        assert_eq!(changes(&world), [aside(ProcessChange::Paused), aside(ProcessChange::Resumed)]);
        signal(&world, "aside", Signal::Kill).await;
        let paused = world.signal(&name("aside"), Signal::Pause).await;
        assert_eq!(paused.expect_err("it doesn't run").to_string(), "can't pause aside: it isn't running");
    });
}

fn restart_halted() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        signal(&world, "aside", Signal::Pause).await;
        signal(&world, "aside", Signal::Restart).await;
        assert_eq!(
            read(&world, "aside", "/goodbye").await,
            "true",
            "it was resumed, so that it could handle SIGTERM"
        );
        assert_eq!(world.down(), []);
    });
}

fn unexpected() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        assert_eq!(get(&world, "aside", "/exit").await, Err(NoReply::Reset));
        eventually("it is down", || world.down() == [name("aside")]);
        let exited = ("aside".to_owned(), ProcessChange::Exited(verdict::Exit::Code(7)));
        assert_eq!(changes(&world), [exited]);
        signal(&world, "aside", Signal::Restart).await;
        assert_eq!(read(&world, "aside", "/starts").await, "2");
    });
}

fn fault_on(link: &str, damage: Damage) -> Fault {
    let (name, link) = ("fault".parse().expect("a name"), link.parse().expect("a link"));
    Fault { name, link, selector: Selector::default(), damage }
}

fn crash() {
    on_runtime(async {
        for (point, expected) in
            [(CrashPoint::BeforeRequest, StatusCode::BAD_GATEWAY), (CrashPoint::AfterReply, StatusCode::OK)]
        {
            let fleet = TestFleet::new(&three_services());
            let world = fleet.ready().await;
            let crash = fault_on("front -> back", Damage::Crash { service: name("back"), point });
            world.links().inject(crash, Duration::ZERO, None).keep();
            let (status, text) = get(&world, "front", "/call").await.expect("front runs");
            assert_eq!(status, expected, "{point:?}: {text}");
            assert!(refuses_connections(port(&world, "back")), "{point:?}");
            assert_eq!(changes(&world), [("back".to_owned(), ProcessChange::Crashed)], "{point:?}");
            world.links().heal_all();
            signal(&world, "back", Signal::Restart).await;
            assert_eq!(read(&world, "front", "/call").await, "2");
        }
    });
}

fn absent_callee() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        let link = world.link_addresses()[0].1.port();
        for (number, end) in ["killed", "stopped", "exited"].into_iter().enumerate() {
            assert!(!refuses_connections(link), "{end}");
            match end {
                "killed" => signal(&world, "back", Signal::Kill).await,
                "stopped" => signal(&world, "back", Signal::Stop).await,
                _ => {
                    assert_eq!(get(&world, "back", "/exit").await, Err(NoReply::Reset));
                    eventually("it is down", || world.down() == [name("back")]);
                }
            }
            assert!(refuses_connections(link), "{end}");
            let (status, text) = get(&world, "front", "/call").await.expect("front runs");
            assert_eq!(status, StatusCode::BAD_GATEWAY, "{end}");
            assert!(text.contains("Connection refused"), "{end}: {text}");
            signal(&world, "back", Signal::Start).await;
            assert_eq!(read(&world, "front", "/call").await, (number + 2).to_string(), "{end}");
        }
        let calls = world.links().read(|history| history.exchanges().count());
        assert_eq!(calls, 3, "a link doesn't see the callers that it refuses");
    });
}

fn stopping_callee() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display().to_string();
        let upstream = ("UPSTREAM", "${url.back}");
        let services = service("front", &[upstream], &["depends_on: [back]"])
            + &service("back", &[("IGNORE_TERM", "1"), ("MUTE", &path)], &["stop: 20s"]);
        let fleet = TestFleet::new(&services);
        std::fs::write(folder.path().join("answer"), "").expect("it can be written");
        let world = fleet.ready().await;
        std::fs::remove_file(folder.path().join("answer")).expect("it was written");
        std::fs::remove_file(folder.path().join("asked")).expect("it was written");
        let link = world.link_addresses()[0].1.port();

        let call = Request::get("/call").body(Bytes::new()).expect("a request");
        let calling = tokio::spawn(world.client(&name("front")).oneshot(call));
        eventually("back has the request", || folder.path().join("asked").exists());
        tokio::select! {
            biased;
            () = signal(&world, "back", Signal::Stop) => panic!("it ignores SIGTERM"),
            reply = async {
                assert!(refuses_connections(link), "it was asked to end");
                std::fs::write(folder.path().join("answer"), "").expect("it can be written");
                calling.await.expect("no panic")
            } => assert_eq!(reply.expect("front runs").body(), "1"),
        }
    });
}

fn error() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        let reply = fault::ErrorReply {
            status: StatusCode::IM_A_TEAPOT,
            headers: Vec::new(),
            body: "short and stout".into(),
        };
        world.links().inject(fault_on("front -> back", Damage::Error(reply)), Duration::ZERO, None).keep();
        let answered = get(&world, "front", "/call").await.expect("front runs");
        assert_eq!(answered, (StatusCode::IM_A_TEAPOT, "short and stout".to_owned()));
        assert_eq!(read(&world, "back", "/starts").await, "1", "past the links it still answers");
        let fired = world.links().fired().into_values().map(|count| count.damaged).collect::<Vec<_>>();
        assert_eq!(fired, [1]);
    });
}
