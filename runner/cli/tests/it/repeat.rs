//! `--repeat`: each scenario several times, each time with the next seed.

use std::fs;

use crate::project::{Ended, Project, server_with};

const ALICE: &str = "\
scenario: Alice is there
steps:
  - request: GET users /users/1
    expect: { status: 200, body: { name: alice } }
";

/// A project whose service names bob in its replies of these numbers about a user, counted from 0, and alice in all others.
fn erring(wrong: &'static [usize]) -> Project {
    let mut number = 0;
    let server = server_with(move |head| {
        if !head.starts_with(b"GET /users/") {
            return Some("alice");
        }
        number += 1;
        Some(if wrong.contains(&(number - 1)) { "bob" } else { "alice" })
    });
    Project::new(&format!("services:\n  users: {{ base_url: http://{server} }}\n"))
        .with("scenarios/alice.yaml", ALICE)
}

/// Runs the scenario five times, with the seeds from 7 on.
fn run(project: &Project, more: &[&str]) -> Ended {
    project.run(&[&["--repeat", "5", "--jobs", "1", "--seed", "7"], more].concat())
}

#[test]
fn a_scenario_that_fails_sometimes_is_named_flaky_with_the_seeds() {
    let project = erring(&[1, 3]);
    let ended = run(&project, &["--report", "junit=out.xml"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.out.starts_with("e2e.conf  1 service, 0 links, 1 scenario, 5 runs of each, seed 7\n"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("\n✓ Alice is there (1 of 5) ")
            && ended.out.contains("\n✗ Alice is there (4 of 5) ")
    );
    assert_eq!(ended.out.matches("body.name").count(), 1, "the first failure is shown: {}", ended.out);
    let [.., flaky, counts, again] = ended.out.lines().collect::<Vec<_>>()[..] else {
        panic!("{}", ended.out)
    };
    assert_eq!(flaky, "flaky: Alice is there: 2 of 5 failed (seeds 8, 10)");
    assert!(counts.starts_with("5 runs: 3 passed, 2 failed  ("), "{counts}");
    assert_eq!(again, "again: runner scenarios/alice.yaml --jobs 1 --repeat 5 --seed 7");
    let again = project.run(&["--rerun-failed", "--dry-run"]);
    assert_eq!(again.code, Some(0), "of several runs the worst is remembered: {}", again.out);
    let junit = fs::read_to_string(project.folder().join("out.xml")).unwrap();
    assert!(junit.contains("tests=\"5\"") && junit.contains("name=\"Alice is there (2 of 5)\""), "{junit}");
}

#[test]
fn a_single_failure_is_repeated_with_its_seed_alone() {
    let ended = run(&erring(&[2]), &[]);
    let [.., flaky, _, again] = ended.out.lines().collect::<Vec<_>>()[..] else { panic!("{}", ended.out) };
    assert_eq!(flaky, "flaky: Alice is there: 1 of 5 failed (seed 9)");
    assert_eq!(again, "again: runner scenarios/alice.yaml --jobs 1 --seed 9");
}

#[test]
fn a_scenario_that_always_fails_or_passes_is_not_flaky() {
    let ended = run(&erring(&[0, 1, 2, 3, 4]), &[]);
    assert!(
        ended.out.contains("\nfailed: Alice is there: all of 5 failed\n5 runs: 5 failed"),
        "{}",
        ended.out
    );
    let ended = run(&erring(&[]), &["--quiet"]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.out.starts_with("5 runs: 5 passed  (") && ended.out.lines().count() == 1, "{}", ended.out);
    let wrong = erring(&[]).run(&["--repeat", "0"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("it is a number from 1 to 10000"), "{}", wrong.err);
}
