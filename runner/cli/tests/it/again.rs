//! The command that repeats a run: it is run as it is printed.

use std::{env, path::Path, process::Command};

use crate::project::{Ended, Project, server};

const ALICE: &str = "\
scenario: Alice is there
steps:
  - request: GET users /users/1
    expect: { status: 200, body: { name: alice } }
";

/// A project in which one scenario passes, and one whose file has a blank in its name fails.
fn project() -> Project {
    let configuration = format!("services:\n  users: {{ base_url: http://{}, required: true }}\n", server());
    Project::new("services: {}\n")
        .with("other.conf", configuration)
        .with("scenarios/alice.yaml", ALICE)
        .with("scenarios/bob b.yaml", ALICE.replace("alice", "bob").replace("Alice", "Bob"))
}

/// The command that a run prints.
fn again(ended: &Ended) -> &str {
    ended
        .out
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("again: "))
        .unwrap_or_else(|| panic!("{}", ended.out))
}

/// Runs a command in a shell that finds the binary by its name.
fn in_shell(project: &Project, command: &str) -> Ended {
    let folder = Path::new(env!("CARGO_BIN_EXE_runner")).parent().unwrap();
    let paths = env::split_paths(&env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let paths = env::join_paths([folder.to_path_buf()].into_iter().chain(paths)).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(project.folder()).env("PATH", paths);
    Ended::from(shell.env_remove("CARGO_MANIFEST_DIR").output().unwrap())
}

#[test]
fn a_run_is_repeated_as_it_was_run() {
    let project = project();
    let typed =
        ["-c", "other.conf", "-j", "3", "--no-build", "--filter", "is there", "--report", "json=a.json"];
    let ended = project.run(&[&typed[..], &["--seed", "7"]].concat());
    let command = again(&ended);
    assert_eq!(command, "runner 'scenarios/bob b.yaml' --config other.conf --no-build --jobs 3 --seed 7");
    let repeated = in_shell(&project, command);
    assert_eq!(repeated.code, Some(1), "{repeated:?}");
    assert!(
        repeated.out.contains("1 scenario: 1 failed") && repeated.out.contains("seed 7"),
        "{}",
        repeated.out
    );
    assert_eq!(again(&repeated), command);
}

#[test]
fn what_is_judged_and_kept_is_repeated_too() {
    for (keep, folder) in [("--keep=kept here", "'--keep=kept here'"), ("--keep", "--keep")] {
        let ended = project().run(&["-c", "other.conf", keep, "--logs", "--strict", "--seed", "7"]);
        let expected =
            format!("runner 'scenarios/bob b.yaml' --config other.conf --strict --logs {folder} --seed 7");
        assert_eq!(again(&ended), expected);
    }
}

#[test]
fn what_a_sweep_keeps_is_run_with_the_same_configuration() {
    let project = project();
    let ended = project.run(&["sweep", "scenarios/bob b.yaml", "-c", "other.conf", "--pairs", "--seed", "7"]);
    let command = again(&ended);
    assert_eq!(command, "runner 'scenarios/regressions/bob b-7.yaml' --config other.conf --seed 7");
    assert_eq!(in_shell(&project, command).code, Some(1));
}

#[test]
fn a_run_by_cargo_is_repeated_by_cargo() {
    let project = project();
    let mut command = project.command(&["-c", "other.conf", "--seed", "7"]);
    command.env("CARGO", "cargo").env("CARGO_MANIFEST_DIR", project.folder());
    let ended = Ended::from(command.output().unwrap());
    let expected = "cargo run --bin runner -- 'scenarios/bob b.yaml' --config other.conf --seed 7";
    assert_eq!(again(&ended), expected);
}

#[test]
fn no_jobs_is_a_mistake_that_says_what_to_write() {
    let ended = project().run(&["-j", "0"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("at least one has to run: write 1 or more"), "{}", ended.err);
}
