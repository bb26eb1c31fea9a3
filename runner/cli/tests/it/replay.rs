//! `replay`: the scenarios of a report run again.

use std::fs;

use serde_json::Value;

use crate::{list::project, project::Project};

/// A project with the report of a run of it.
fn reported() -> Project {
    let project = project();
    let ended = project.run(&["--seed", "7", "--sort", "name", "--jobs", "1", "--report", "json=run.json"]);
    assert_eq!(ended.code, Some(1));
    project
}

/// Checks what `replay` says instead of running.
#[track_caller]
fn check_mistake(project: &Project, arguments: &[&str], expected: &str) {
    let ended = project.run(&[&["replay"], arguments].concat());
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
    assert!(ended.err.starts_with(expected), "{}", ended.err);
}

#[test]
fn a_run_is_replayed_with_its_seed_and_options() {
    let project = reported();
    let ended = project.run(&["replay", "run.json", "--report", "json=again.json"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.out.contains("3 scenarios: 2 passed, 1 failed  (") && ended.out.contains(", seed 7)"),
        "{}",
        ended.out
    );
    let again =
        "\nagain: runner scenarios/crashes/bob.yaml --config e2e.conf --sort name --jobs 1 --seed 7\n";
    assert!(ended.out.ends_with(again), "{}", ended.out);
    let names = |file: &str| {
        let report: Value = serde_json::from_slice(&fs::read(project.folder().join(file)).unwrap()).unwrap();
        let scenarios = report["scenarios"].as_array().unwrap().iter();
        let named = scenarios.map(|scenario| (scenario["name"].clone(), scenario["seed"].clone()));
        (named.collect::<Vec<_>>(), report["started"]["world"].clone())
    };
    assert_eq!(names("again.json"), names("run.json"));
}

#[test]
fn only_what_failed_is_replayed_if_that_is_asked_for() {
    let project = reported();
    let ended = project.run(&["replay", "run.json", "--failed"]);
    assert!(ended.out.contains("1 scenario: 1 failed  ("), "{}", ended.out);
    project.run(&["--filter", "Alice", "--report", "json=passed.json"]);
    check_mistake(
        &project,
        &["passed.json", "--failed"],
        "passed.json: no scenario of it failed\n   = without --failed",
    );
}

#[test]
fn invariants_of_another_folder_hold_in_a_replay() {
    let poor = "invariants:\n  she is poor: { when: always, observe: { user: GET users /users/1 }, holds: user.balance == 0 }\n";
    let project = project().with("scenarios/others/invariants.yaml", poor);
    let run = project.run(&["--filter", "Alice", "--report", "json=run.json"]);
    assert!(run.code == Some(1) && run.out.contains("she is poor"), "{run:?}");
    let again = "again: runner scenarios/flows/alice.yaml scenarios/others/invariants.yaml --seed";
    assert!(run.out.contains(again), "{}", run.out);
    let ended = project.run(&["replay", "run.json"]);
    assert!(ended.code == Some(1) && ended.out.contains("she is poor"), "{ended:?}");
}

#[test]
fn files_that_are_gone_or_have_changed_are_named() {
    let alice = "scenarios/flows/alice.yaml";
    let project = reported();
    let text = fs::read_to_string(project.folder().join(alice)).unwrap();
    let project = project.with(alice, text + "# more\n");
    let changed = "scenarios/flows/alice.yaml: this file has changed since the run\n   = `--changed` runs it as it is now";
    check_mistake(&project, &["run.json"], changed);
    assert_eq!(project.run(&["replay", "run.json", "--changed"]).code, Some(1), "it runs");
    fs::remove_file(project.folder().join(alice)).unwrap();
    let gone = "scenarios/flows/alice.yaml: the run has read this file, and it is gone\n   = replay it in the folder";
    check_mistake(&project, &["run.json"], gone);
    check_mistake(&project, &["run.json", "--changed"], gone);
}

#[test]
fn a_file_that_is_no_report_of_such_a_run_says_so() {
    let project = reported();
    let report = fs::read_to_string(project.folder().join("run.json")).unwrap();
    let project = project
        .with("torn.json", &report[..100])
        .with("other.json", "{\"format\": 2}")
        .with("list.json", "[]")
        .with("newer.json", report.replace("\"format\": 2", "\"format\": 9"))
        .with("simulated.json", report.replace("\"world\": \"live\"", "\"world\": \"simulated\""))
        .with("options.json", report.replace("\"--sort\"", "\"--nosuch\""));
    for (file, expected) in [
        ("absent.json", "absent.json: it can't be read: No such file"),
        ("torn.json", "torn.json: it is no report of a run: EOF while parsing"),
        ("other.json", "other.json: it is no report of a run: missing field `seed`"),
        (
            "list.json",
            "list.json: it is no report of a run\n   = name a file that `--report json=FILE` has written",
        ),
        ("newer.json", "newer.json: it has the format 9, and this program reads format 2"),
        (
            "simulated.json",
            "simulated.json: its run was one of simulated worlds\n   = replay it with the program that simulates",
        ),
        (
            "options.json",
            "options.json: its run had options that this program hasn't: unexpected argument '--nosuch'",
        ),
    ] {
        check_mistake(&project, &[file], expected);
    }
    // The fault that crashes the service can't be tried, since it runs already. There is a report all the same.
    project.run(&["sweep", "scenarios/flows/carol.yaml", "--seed", "1", "--report", "json=sweep.json"]);
    check_mistake(
        &project,
        &["sweep.json"],
        "sweep.json: it is the report of a sweep\n   = sweep its scenarios again with `sweep … --seed 1`",
    );
}
