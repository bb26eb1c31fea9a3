//! Nothing of a world is left after its end, whatever ends it.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use engine::World;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::{
    ROLE,
    fixture::{
        TestFleet, eventually, on_runtime, ports, refuses_connections, service, three_services, written_id,
    },
};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("nothing_is_left_of_a_world_that_was_closed", closed),
    ("nothing_is_left_of_a_world_that_was_dropped", dropped),
    ("nothing_is_left_of_a_world_whose_runtime_has_ended", without_a_runtime),
    ("nothing_is_left_of_a_world_after_a_panic", panicked),
    ("nothing_is_left_of_a_world_that_failed_to_start", half_started),
    ("nothing_is_left_of_a_world_whose_start_was_cancelled", cancelled),
    ("nothing_is_left_of_a_runner_that_was_killed", killed),
];

/// Checks that no port has a listener and no folder is left. The ports are polled: a process that another trial is
/// starting has a copy of every socket of this one between its fork and its exec.
fn assert_gone(fleet: &TestFleet, ports: &[u16]) {
    eventually("no port has a listener", || ports.iter().all(|port| refuses_connections(*port)));
    assert_eq!(fleet.world_folders(), [""; 0]);
}

fn closed() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        assert_eq!(fleet.world_folders().len(), 1);
        let ports = ports(&world);
        assert_eq!(ports.len(), 4);
        world.close().await;
        assert_gone(&fleet, &ports);
        let folder = fleet.data;
        drop(fleet.inner);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    });
}

fn dropped() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        let ports = ports(&world);
        drop(world);
        assert_gone(&fleet, &ports);
    });
}

fn without_a_runtime() {
    let fleet = TestFleet::new(&three_services());
    let world = on_runtime(fleet.ready());
    let ports = ports(&world);
    drop(world);
    assert_gone(&fleet, &ports);
}

fn panicked() {
    on_runtime(async {
        let fleet = TestFleet::new(&three_services());
        let world = fleet.ready().await;
        let ports = ports(&world);
        let task = tokio::spawn(async move {
            let _world = world;
            std::panic::resume_unwind(Box::new("a bug in the runner"));
        });
        assert!(task.await.is_err_and(|error| error.is_panic()));
        assert_gone(&fleet, &ports);
    });
}

fn half_started() {
    on_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("id");
        let others = format!(
            "  fine:\n    command: sh -c 'echo $$ > {0}; exec sleep 100'\n\
             \x20 failing:\n    command: sh -c 'until test -s {0}; do :; done; exit 1'\n",
            file.display()
        );
        let fleet = TestFleet::new(&others);
        fleet.refused().await;
        let fine = written_id(&file).expect("it was started");
        eventually("it has ended", || test_kill_process(fine).is_err());
        assert_gone(&fleet, &[]);
    });
}

fn cancelled() {
    on_runtime(async {
        let fleet = TestFleet::new(&service("unready", &[("UNREADY", "1")], &[]));
        let starting = fleet.start();
        tokio::select! {
            started = starting => panic!("it is never ready: {started:?}"),
            () = async { while fleet.world_folders().is_empty() { tokio::task::yield_now().await } } => {}
        }
        eventually("its folder is removed", || fleet.world_folders().is_empty());
    });
}

/// The program that [`killed`] starts: it starts a world, prints the world's folder and ports, and waits to be killed.
pub(crate) fn run_until_killed() -> ExitCode {
    on_runtime(async {
        let daemon = service("daemon", &[("DAEMON", "marked")], &[]);
        let fleet = TestFleet::new(&(three_services() + &daemon));
        let world = fleet.ready().await;
        let ports = ports(&world).into_iter().map(|port| port.to_string());
        let words: Vec<_> = std::iter::once(fleet.data.path().display().to_string()).chain(ports).collect();
        writeln!(std::io::stdout(), "{}", words.join(" ")).expect("the test reads it");
        std::future::pending::<()>().await;
    });
    ExitCode::SUCCESS
}

fn killed() {
    // As long as a world is open, what the killed runner leaves isn't taken for an orphan of a service of this process.
    let _open = on_runtime(TestFleet::new(&service("app", &[], &[])).ready());
    let exe = std::env::current_exe().expect("this binary");
    let mut runner =
        Command::new(exe).env(ROLE, "runner").stdout(Stdio::piped()).spawn().expect("this binary starts");
    let mut line = String::new();
    BufReader::new(runner.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let mut words = line.split_whitespace();
    let folder = Path::new(words.next().expect("a folder")).to_owned();
    let ports: Vec<u16> = words.map(|port| port.parse().expect("a port")).collect();
    assert_eq!(ports.len(), 5, "{line}");
    assert!(!refuses_connections(ports[0]));
    let id = i32::try_from(runner.id()).ok().and_then(Pid::from_raw).expect("an id");
    kill_process(id, Signal::KILL).expect("it runs");
    runner.wait().expect("it has ended");
    eventually("no port has a listener", || ports.iter().all(|port| refuses_connections(*port)));
    eventually("its data is removed", || {
        std::fs::read_dir(&folder).is_ok_and(|mut inside| inside.next().is_none())
    });
    std::fs::remove_dir(folder).expect("the folder is empty");
}
