//! Processes that left the process group of their service end with it.

use std::{
    os::unix::process::CommandExt,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use engine::World;
use fault::{CrashPoint, Damage, Fault, Selector, ServiceName};
use fleet::{LiveWorld, Notice};
use rustix::process::{Pid, Signal, kill_process};
use verdict::NoReply;

use crate::{
    ROLE,
    fixture::{
        TestFleet, changes, eventually, get, name, on_runtime, port, read, refuses_connections, service,
        written_id,
    },
};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("a_daemon_ends_when_its_service_is_killed_or_stopped", || signalled("marked")),
    ("a_daemon_without_a_mark_ends_when_its_service_is_killed_or_stopped", || signalled("unmarked")),
    ("a_daemon_is_halted_and_resumed_with_its_service", halted),
    ("a_daemon_ends_when_a_fault_crashes_its_service", || crashed("marked")),
    ("a_daemon_without_a_mark_ends_when_a_fault_crashes_its_service", || crashed("unmarked")),
    ("a_daemon_ends_when_its_service_ends_by_itself", ended),
    ("a_daemon_ends_with_its_world", || closed("marked")),
    ("a_daemon_without_a_mark_ends_with_its_world", || closed("unmarked")),
    ("an_orphan_of_unknown_parents_ends_once_no_world_is_open", alone),
];

fn daemon(kind: &str) -> TestFleet {
    TestFleet::new(&(service("daemon", &[("DAEMON", kind)], &[]) + &service("other", &[], &[])))
}

/// How many processes services have left behind since the last call, each with the service if it is known.
fn escaped(fleet: &TestFleet) -> Vec<Option<ServiceName>> {
    let notices = fleet.take_notices().into_iter();
    let escaped = notices.map(|notice| match notice {
        Notice::Escaped { service, process } => {
            let exe = std::env::current_exe().expect("this binary").display().to_string();
            assert_eq!(process.command, exe);
            service
        }
        other => panic!("{other:?}"),
    });
    escaped.collect()
}

/// The services that have left a process behind if each of so many ends with one of this kind.
fn expected(kind: &str, ends: usize) -> Vec<Option<ServiceName>> {
    if kind == "marked" { Vec::new() } else { vec![Some(name("daemon")); ends] }
}

fn leader(world: &LiveWorld) -> Pid {
    let status = world.services().into_iter().find(|service| service.name.as_str() == "daemon");
    match status.map(|service| service.state) {
        Some(fleet::ServiceState::Running(id)) => {
            i32::try_from(id).ok().and_then(Pid::from_raw).expect("an id")
        }
        other => panic!("{other:?}"),
    }
}

fn signalled(kind: &'static str) {
    on_runtime(async {
        let fleet = daemon(kind);
        let world = fleet.ready().await;
        for signal in [scenario::Signal::Kill, scenario::Signal::Stop] {
            world.signal(&name("daemon"), signal).await.expect("it ends");
            assert_eq!(get(&world, "daemon", "/starts").await, Err(NoReply::Refused), "{signal}");
            world.signal(&name("daemon"), scenario::Signal::Start).await.expect("it starts again");
        }
        assert_eq!(read(&world, "daemon", "/starts").await, "...".len().to_string());
        assert_eq!(read(&world, "other", "/starts").await, "1", "another service's processes stay");
        world.close().await;
        assert_eq!(escaped(&fleet), expected(kind, 3));
    });
}

fn halted() {
    on_runtime(async {
        let fleet = daemon("marked");
        let world = fleet.ready().await;
        for end in [scenario::Signal::Resume, scenario::Signal::Stop] {
            world.signal(&name("daemon"), scenario::Signal::Pause).await.expect("it is halted");
            let early = get(&world, "daemon", "/starts");
            let early = tokio::time::timeout(Duration::from_millis(100), early).await;
            assert!(early.is_err(), "a halted process can't answer");
            world.signal(&name("daemon"), end).await.expect("it is resumed or ends");
            match end {
                scenario::Signal::Resume => assert_eq!(read(&world, "daemon", "/starts").await, "1"),
                _ => assert_eq!(get(&world, "daemon", "/starts").await, Err(NoReply::Refused)),
            }
        }
    });
}

fn crashed(kind: &'static str) {
    on_runtime(async {
        let fleet = daemon(kind);
        let world = fleet.ready().await;
        let link: fault::Link = "client -> other".parse().expect("a link");
        let fault = Fault {
            name: "crash".parse().expect("a name"),
            link: link.clone(),
            selector: Selector::default(),
            damage: Damage::Crash { service: name("daemon"), point: CrashPoint::AfterReply },
        };
        world.links().inject(fault, Duration::ZERO, None).keep();
        let client = tower::Layer::layer(&world.links().layer(link), world.client(&name("other")));
        let request = http::Request::get("/starts").body(bytes::Bytes::new()).expect("a request");
        let _ = tower::ServiceExt::oneshot(client, request).await;
        assert_eq!(get(&world, "daemon", "/starts").await, Err(NoReply::Refused));
        world.close().await;
        assert_eq!(escaped(&fleet), expected(kind, 1));
    });
}

fn ended() {
    on_runtime(async {
        let fleet = daemon("marked");
        let world = fleet.ready().await;
        let port = port(&world, "daemon");
        kill_process(leader(&world), Signal::KILL).expect("it runs");
        eventually("the daemon has ended", || refuses_connections(port));
        world.close().await;
    });
}

fn closed(kind: &'static str) {
    on_runtime(async {
        let fleet = daemon(kind);
        let (closed, dropped) = (fleet.ready().await, fleet.ready().await);
        let ports = [port(&closed, "daemon"), port(&dropped, "daemon")];
        closed.close().await;
        eventually("the daemon of a closed world has ended", || refuses_connections(ports[0]));
        assert!(!refuses_connections(ports[1]), "that of another world stays");
        drop(dropped);
        eventually("the daemon of a dropped world has ended", || refuses_connections(ports[1]));
        assert_eq!(escaped(&fleet), expected(kind, 2));
    });
}

fn alone() {
    let exe = std::env::current_exe().expect("this binary");
    let ended = Command::new(exe).env(ROLE, "alone").output().expect("this binary starts");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// A build that leaves a process, and its id in the file `build`.
pub(crate) fn leave_process() -> ExitCode {
    let left =
        Command::new("sleep").arg("100").process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    std::fs::write("build", left.expect("it starts").id().to_string()).expect("it can be written");
    ExitCode::SUCCESS
}

/// How many children this process has, also ended ones that it hasn't waited for.
fn children() -> usize {
    let own = format!(" {} ", std::process::id());
    let processes = std::fs::read_dir("/proc").expect("Linux").flatten();
    let stats = processes.filter_map(|process| std::fs::read_to_string(process.path().join("stat")).ok());
    // After the name in parentheses: the state, a letter, then the parent.
    stats.filter(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest[1..].starts_with(&own))).count()
}

/// The program that [`alone`] starts: in its process no worlds are open but its own.
pub(crate) fn run_alone() -> ExitCode {
    on_runtime(async {
        let exe = std::env::current_exe().expect("this binary").display().to_string();
        let build = format!("build: env {ROLE}=build {exe}\n");
        let fleet = TestFleet::new(&(service("daemon", &[("DAEMON", "orphan")], &[]) + &build));
        fleet.inner.build().await.expect("it builds");
        let (first, second) = (fleet.ready().await, fleet.ready().await);
        let ports = [port(&first, "daemon"), port(&second, "daemon")];
        first.close().await;
        assert!(!refuses_connections(ports[1]), "a world that is open keeps its daemon");
        assert_eq!(escaped(&fleet), []);
        let before = children();
        assert!(get(&second, "daemon", "/exit").await.is_err());
        eventually("an orphan that has ended is reaped", || children() < before);
        second.close().await;
        assert!(ports.into_iter().all(refuses_connections));
        assert_eq!(escaped(&fleet), [None]);

        let unmarked = daemon("unmarked");
        let world = unmarked.ready().await;
        let port = port(&world, "daemon");
        kill_process(leader(&world), Signal::KILL).expect("it runs");
        eventually("its end is known", || !changes(&world).is_empty());
        world.close().await;
        assert!(refuses_connections(port));
        assert_eq!(escaped(&unmarked), [None]);

        let built = written_id(&fleet.data.path().join("build")).expect("it was started");
        kill_process(built, Signal::KILL).expect("what a build left stays");
    });
    ExitCode::SUCCESS
}
