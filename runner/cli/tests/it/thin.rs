//! What a green result doesn't show is said, and fails with `--strict`.

use crate::project::{Ended, Project, server, server_that_refuses, unused_address};

const ALICE: &str =
    "scenario: Alice is there\nsteps:\n  - { request: GET users /users/1, expect: { status: 200 } }\n";
const INVARIANTS: &str = "invariants: { she is rich: { when: settled, observe: { a: GET users /users/1 }, holds: a.balance == 500 } }\n";
const EXPLORATION: &str =
    "exploration: Users\nsteps: 5\noperations: { look: { request: GET users /users/1 } }\n";

fn running(more: &str) -> Project {
    Project::new(&format!("services:\n  users: {{ base_url: http://{} }}\n{more}", server()))
}

/// Checks the line about what is thin, and that it fails with `--strict` only.
#[track_caller]
fn check(project: &Project, arguments: &[&str], expected: &[&str]) {
    let ended = project.run(arguments);
    let thin: Vec<&str> = ended.out.lines().filter(|line| line.starts_with("thin: ")).collect();
    assert_eq!((ended.code, thin.as_slice()), (Some(0), expected), "{}{}", ended.out, ended.err);
    let strict = project.run(&[arguments, &["--strict"]].concat());
    assert_eq!(strict.code, Some(i32::from(!expected.is_empty())), "{}{}", strict.out, strict.err);
}

#[test]
fn invariants_that_hold_are_counted_and_those_elsewhere_are_named() {
    let project = running("").with("a/alice.yaml", ALICE).with("b/invariants.yaml", INVARIANTS);
    let elsewhere = "thin: no invariant holds here: those of b/invariants.yaml hold in that folder only (name b/invariants.yaml, too)";
    check(&project, &["a"], &[elsewhere]);
    check(&project, &["a", "b/invariants.yaml"], &[]);
    let Ended { out, .. } = project.run(&["a", "b/invariants.yaml"]);
    assert!(out.contains("\n  1 invariant holds for every scenario\n"), "{out}");
    check(&running("").with("a/alice.yaml", ALICE), &["a"], &[]);
    check(
        &running(INVARIANTS).with("a/alice.yaml", ALICE).with("b/invariants.yaml", INVARIANTS),
        &["a"],
        &[],
    );
    let project = project.with("a/users.yaml", EXPLORATION);
    check(&project, &["explore", "a/users.yaml", "--cases", "3"], &[elsewhere]);
    let waits = "scenario: Waits\nsteps:\n  - wait: 1ms\n";
    let nothing = "thin: the sweep of `Waits` tried no fault (sweep a scenario whose requests make services call each other)";
    check(&project.with("c/waits.yaml", waits), &["sweep", "c/waits.yaml"], &[elsewhere, nothing]);
}

#[test]
fn invariants_beside_a_scenario_hold_wherever_the_command_is_given() {
    let project = running("").with("a/alice.yaml", ALICE).with("bob.yaml", ALICE.replace("Alice", "Bob"));
    let project = project.with("invariants.yaml", INVARIANTS);
    for arguments in [&["bob.yaml"][..], &["a"], &["a/alice.yaml"], &["a/../bob.yaml"], &["."]] {
        let Ended { out, err, .. } = project.run(arguments);
        assert!(out.contains("\n  1 invariant holds for every scenario\n"), "{arguments:?}: {out}{err}");
    }
    let below = project.command(&["alice.yaml"]).current_dir(project.folder().join("a")).output();
    let Ended { out, err, .. } = Ended::from(below.expect("the runner starts"));
    assert!(out.contains("\n  1 invariant holds for every scenario\n"), "{out}{err}");
}

#[test]
fn an_exploration_without_invariants_is_thin() {
    let project = running("").with("a/users.yaml", EXPLORATION);
    let expected = "thin: `Users` is judged by no invariant (write what must always hold into `invariants.yaml` beside it)";
    check(&project, &["explore", "a", "--cases", "3"], &[expected]);
    let second = EXPLORATION.replace(": Users", ": Others");
    let project = project.with("a/others.yaml", &second);
    check(&project, &["explore", "a", "--cases", "3"], &[&expected.replace("Users", "Others"), expected]);
    check(&project.with("a/invariants.yaml", INVARIANTS), &["explore", "a", "--cases", "3"], &[]);
}

#[test]
fn what_an_exploration_never_did_is_thin() {
    let fault = "faults: { lost: { link: client -> users, match: /no/where, lose: reply } }\n";
    let again = "operations: { look: { request: GET users /users/1 }, gone: { request: GET users /2, expect: { status: [200, 404] } } }\n";
    let project =
        running(INVARIANTS).with("a/users.yaml", format!("exploration: Users\nsteps: 5\n{again}{fault}"));
    let met = "thin: the fault `lost` met nothing (look at its `link` and `match`, or run more sequences)";
    check(&project, &["explore", "a", "--cases", "5", "--seed", "1"], &[met]);
}

#[test]
fn an_exploration_in_which_nothing_was_learned_fails() {
    let configuration = format!("services:\n  users: {{ base_url: http://{} }}\n", server_that_refuses());
    let project = Project::new(&configuration).with("a/users.yaml", EXPLORATION);
    let ended = project.run(&["explore", "a", "--cases", "3", "--jobs", "1"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let expected = "\n  nothing was learned: no operation had the reply that it is there for\n    `look` never succeeded: 15 sent, \
                    15 refused (401: 15) (send its request in a scenario, and look at the reply)\n";
    assert!(ended.out.contains("\n✗ Users") && ended.out.contains(expected), "{}", ended.out);
}

#[test]
fn scenarios_that_do_not_run_or_cannot_fail_are_thin() {
    let away = format!(
        "  away: {{ base_url: http://{}, required: false, ready: {{ path: /, within: 50ms }} }}\n",
        unused_address()
    );
    let skipped = "scenario: Away\nsteps:\n  - { request: GET away /, expect: { status: 200 } }\n";
    let project = running(&away).with("a/alice.yaml", ALICE).with("a/away.yaml", skipped);
    check(&project, &["a"], &["thin: 1 scenario was skipped (start the services that are away)"]);
    let waits = "scenario: Waits\nsteps:\n  - wait: 1ms\n";
    let project = running("").with("a/waits.yaml", waits);
    check(
        &project,
        &["a"],
        &["thin: no step of `Waits` can fail (say what must come of it: `expect: { status: 200 }`)"],
    );
    let waits = "thin: no step of `Waits` can fail (say what must come of it: `expect: { status: 200 }`)";
    for step in [
        "{ request: GET users /nowhere, expect: { status: 500, lenient: true } }",
        "{ request: GET users /nowhere, expect: { no_reply: allowed } }",
        "{ eventually: { within: 1s, request: GET users /nowhere, expect: { no_reply: allowed } } }",
        "{ run: 'false', expect: { lenient: true } }",
    ] {
        let project = running("").with("a/waits.yaml", format!("scenario: Waits\nsteps:\n  - {step}\n"));
        check(&project, &["a"], &[waits]);
    }
    check(&project.with("a/invariants.yaml", INVARIANTS), &["a"], &[]);
}

#[test]
fn a_find_kept_elsewhere_is_repeated_with_the_invariants_that_it_failed() {
    let poor = INVARIANTS.replace("500", "0").replace("settled", "always");
    let project = running("settle: 10ms\n").with("a/users.yaml", EXPLORATION).with("a/invariants.yaml", poor);
    let ended = project.run(&["explore", "a", "--cases", "1", "--seed", "1", "--regressions", "finds"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let kept = "kept as finds/users-1-0.yaml\nthe invariants of a/invariants.yaml don't hold in that folder: name them, too\n\
                again: runner finds/users-1-0.yaml a/invariants.yaml --seed 1\n";
    assert!(ended.out.ends_with(kept), "{}", ended.out);
    let again = project.run(&["finds/users-1-0.yaml", "a/invariants.yaml", "--seed", "1"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    let ended = project.run(&["explore", "a", "--cases", "1", "--seed", "1", "--regressions", "a/finds"]);
    assert!(ended.out.ends_with("again: runner a/finds/users-1-0.yaml --seed 1\n"), "{}", ended.out);
}
