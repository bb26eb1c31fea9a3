//! However a world ends, nothing of it is left.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use engine::World;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::{
    ROLE,
    fixture::{Harbour, eventually, is_silent, on_a_runtime, ports, service, three},
};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("nothing_is_left_of_a_world_that_was_closed", closed),
    ("nothing_is_left_of_a_world_that_was_dropped", dropped),
    ("nothing_is_left_of_a_world_after_its_runtime", without_a_runtime),
    ("nothing_is_left_of_a_world_after_a_panic", panicked),
    ("nothing_is_left_of_a_world_that_could_not_be_raised", half_raised),
    ("nothing_is_left_of_a_world_whose_raising_was_given_up", given_up),
    ("nothing_is_left_of_a_runner_that_was_killed", killed),
];

/// Nobody listens, nothing lies around. A process that another trial starts at this moment has a copy of every socket
/// of ours until it is what it is to be, so a link's port may take that long to fall silent.
fn assert_gone(harbour: &Harbour, ports: &[u16]) {
    eventually("nobody listens", || ports.iter().all(|port| is_silent(*port)));
    assert_eq!(harbour.world_folders(), [""; 0]);
}

fn closed() {
    on_a_runtime(async {
        let harbour = Harbour::new(&three());
        let world = harbour.ready().await;
        assert_eq!(harbour.world_folders().len(), 1);
        let ports = ports(&world);
        assert_eq!(ports.len(), 4);
        world.close().await;
        assert_gone(&harbour, &ports);
        let folder = harbour.data;
        drop(harbour.fleet);
        assert_eq!(std::fs::read_dir(folder.path()).expect("the test's own").count(), 0);
    });
}

fn dropped() {
    on_a_runtime(async {
        let harbour = Harbour::new(&three());
        let world = harbour.ready().await;
        let ports = ports(&world);
        drop(world);
        assert_gone(&harbour, &ports);
    });
}

fn without_a_runtime() {
    let harbour = Harbour::new(&three());
    let world = on_a_runtime(harbour.ready());
    let ports = ports(&world);
    drop(world);
    assert_gone(&harbour, &ports);
}

fn panicked() {
    on_a_runtime(async {
        let harbour = Harbour::new(&three());
        let world = harbour.ready().await;
        let ports = ports(&world);
        let task = tokio::spawn(async move {
            let _world = world;
            std::panic::resume_unwind(Box::new("a bug of ours"));
        });
        assert!(task.await.is_err_and(|error| error.is_panic()));
        assert_gone(&harbour, &ports);
    });
}

/// The process that a service's `command` names, once it has written its id into a file.
fn written_id(file: &Path) -> Option<Pid> {
    Pid::from_raw(std::fs::read_to_string(file).ok()?.trim().parse().ok()?)
}

fn half_raised() {
    on_a_runtime(async {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("id");
        let others = format!(
            "  fine:\n    command: sh -c 'echo $$ > {0}; exec sleep 100'\n\
             \x20 failing:\n    command: sh -c 'until test -s {0}; do :; done; exit 1'\n",
            file.display()
        );
        let harbour = Harbour::new(&others);
        harbour.refused().await;
        let fine = written_id(&file).expect("it has begun");
        eventually("it has ended", || test_kill_process(fine).is_err());
        assert_gone(&harbour, &[]);
    });
}

fn given_up() {
    on_a_runtime(async {
        let harbour = Harbour::new(&service("unready", &[("UNREADY", "1")], &[]));
        let raising = harbour.raise();
        tokio::select! {
            raised = raising => panic!("it is never ready: {raised:?}"),
            () = async { while harbour.world_folders().is_empty() { tokio::task::yield_now().await } } => {}
        }
        eventually("its folder is gone", || harbour.world_folders().is_empty());
    });
}

/// What [`killed`] starts: it raises a world, says where that is, and waits for its own end.
pub(crate) fn run_until_killed() -> ExitCode {
    on_a_runtime(async {
        let harbour = Harbour::new(&three());
        let world = harbour.ready().await;
        let ports = ports(&world).into_iter().map(|port| port.to_string());
        let words: Vec<_> = std::iter::once(harbour.data.path().display().to_string()).chain(ports).collect();
        writeln!(std::io::stdout(), "{}", words.join(" ")).expect("somebody reads");
        std::future::pending::<()>().await;
    });
    ExitCode::SUCCESS
}

fn killed() {
    let exe = std::env::current_exe().expect("this binary");
    let mut runner =
        Command::new(exe).env(ROLE, "runner").stdout(Stdio::piped()).spawn().expect("this binary starts");
    let mut line = String::new();
    BufReader::new(runner.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let mut words = line.split_whitespace();
    let folder = Path::new(words.next().expect("a folder")).to_owned();
    let ports: Vec<u16> = words.map(|port| port.parse().expect("a port")).collect();
    assert_eq!(ports.len(), 4, "{line}");
    assert!(!is_silent(ports[0]));
    let id = i32::try_from(runner.id()).ok().and_then(Pid::from_raw).expect("an id");
    kill_process(id, Signal::KILL).expect("it runs");
    runner.wait().expect("it has ended");
    eventually("nobody listens", || ports.iter().all(|port| is_silent(*port)));
    eventually("its data are gone", || {
        std::fs::read_dir(&folder).is_ok_and(|mut inside| inside.next().is_none())
    });
    std::fs::remove_dir(folder).expect("it is the test's own, and empty");
}
