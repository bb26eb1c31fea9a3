//! Snapshots: the first ones are written by a run, later ones are reviewed.

use std::fs;

use crate::project::{Ended, Project, server, server_with};

fn scenario(path: &str) -> String {
    format!(
        "scenario: Alice\nsteps:\n  - {{ request: GET users {path}, expect: {{ status: 200, body: {{ name: alice }} }} }}\n"
    )
}

const SNAPSHOT: &str = "snapshots/scenarios__alice.snap";

fn project() -> Project {
    let services = format!("services:\n  users: {{ base_url: http://{} }}\n", server());
    Project::new(&format!("snapshots: snapshots\n{services}"))
        .with("scenarios/alice.yaml", scenario("/users/1"))
}

/// A project whose scenario has changed since it was accepted.
fn changed() -> Project {
    let project = project();
    assert_eq!(project.run(&[]).code, Some(0));
    let project = project.with("scenarios/alice.yaml", scenario("/users/2"));
    assert_eq!(project.run(&[]).code, Some(1));
    project
}

fn snapshot(project: &Project) -> Option<String> {
    fs::read_to_string(project.folder().join(SNAPSHOT)).ok()
}

#[test]
fn a_first_run_writes_snapshots_and_says_so() {
    let project = project();
    let ended = project.run(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told = "\n1 snapshot written to snapshots: from now on these scenarios have to go the same way\n";
    assert!(ended.out.ends_with(told), "{}", ended.out);
    assert!(snapshot(&project).unwrap().contains("1. GET users /users/1"));
    assert!(!project.run(&[]).out.contains("written"), "it is there now");
}

#[test]
fn drawn_values_are_compared_in_runs_with_the_seed_of_the_snapshots() {
    let drawn =
        scenario("/users/1").replace("GET users /users/1", "'GET users /users/${random(1, 1000000)}'");
    let project = project().with("scenarios/alice.yaml", drawn);
    let run = |seed: &str| {
        let ended = project.run(&["--seed", seed]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.out
    };
    let not_compared = "\n1 snapshot not compared: the values that `random` and `choice` draw are those of the snapshots with --seed 1 only\n";
    assert!(run("7").ends_with(not_compared));
    assert_eq!(snapshot(&project), None, "one with the values of any run would hold in no other");
    assert!(run("1").contains("1 snapshot written"));
    assert!(run("1").ends_with(", seed 1)\n"), "it is as accepted");
    assert!(run("7").ends_with(not_compared));
}

#[test]
fn how_often_a_loop_waits_is_no_part_of_a_snapshot() {
    let mut names = ["alice", "bob", "alice", "alice", "alice", "bob"].into_iter();
    let server =
        server_with(move |head| if head.starts_with(b"GET /users/") { names.next() } else { Some("alice") });
    let project = Project::new(&format!("snapshots: snapshots\nservices:\n  users: {{ base_url: http://{server} }}\n"))
        .with(
            "scenarios/alice.yaml",
            "scenario: Alice\nsteps:\n  - for: { until: name == 'bob', at_most: 9 }\n    steps:\n      - { request: GET users /users/1, expect: { status: 200 }, capture: { name: body.name } }\n",
        );
    assert_eq!(project.run(&[]).code, Some(0));
    let again = project.run(&[]);
    assert_eq!(again.code, Some(0), "four rounds go the same way as two: {}", again.out);
}

#[test]
fn under_ci_and_where_a_review_is_asked_for_a_missing_snapshot_fails() {
    for (variable, value, says) in [
        (
            "CI",
            "true",
            "there is no snapshot yet, and none is written here (CI is set, or INSTA_UPDATE is `no`)",
        ),
        ("INSTA_UPDATE", "no", "there is no snapshot yet, and none is written here"),
        (
            "INSTA_UPDATE",
            "new",
            "there is no snapshot yet; if this is right, run again with INSTA_UPDATE=always",
        ),
    ] {
        let project = project();
        let ended = Ended::from(project.command(&[]).env(variable, value).output().unwrap());
        assert_eq!(ended.code, Some(1), "{variable}={value}: {ended:?}");
        assert!(ended.out.contains(says), "{}", ended.out);
        assert_eq!(snapshot(&project), None);
        let review = project.run(&["review"]);
        let missing = "Nothing to review, but there is no snapshot yet of 1 scenario: `runner` writes the first ones where it doesn't run in CI (`CI` isn't set).\n";
        if value == "new" {
            assert!(review.out.contains("1 snapshot: 1 left to review"), "{}", review.out);
        } else {
            assert_eq!((review.code, review.out.as_str()), (Some(0), missing));
        }
    }
}

#[test]
fn a_review_shows_what_differs_and_leaves_it_without_a_terminal() {
    let ended = changed().run(&["review"]);
    let expected = "\
snapshots/scenarios__alice.snap  Alice
@@ -1,6 +1,6 @@
 Alice: passed
 
-1. GET users /users/1
-   GET users /users/1
+1. GET users /users/2
+   GET users /users/2
    200
    body: {\"name\":\"alice\"}
 

1 snapshot: 1 left to review (accept or reject them with --accept or --reject)
";
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""));
    let trimmed = |text: &str| {
        text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(trimmed(&ended.out), trimmed(expected));
}

#[test]
fn accepted_snapshots_count_and_rejected_ones_are_forgotten() {
    let project = changed();
    let none = project.run(&["review", "--accept", "--filter", "nosuch"]);
    assert_eq!(
        (none.code, none.out.as_str()),
        (Some(4), "Nothing is selected: --filter leaves out all of 1 snapshot.\n")
    );
    let ended = project.run(&["review", "--reject"]);
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (Some(0), "rejected snapshots/scenarios__alice.snap\n\n1 snapshot: 1 rejected\n")
    );
    assert_eq!(project.run(&["review"]).out, "Nothing to review: every snapshot is as accepted.\n");
    assert_eq!(project.run(&[]).code, Some(1), "it still differs");
    let ended = project.run(&["review", "--accept"]);
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (Some(0), "accepted snapshots/scenarios__alice.snap\n\n1 snapshot: 1 accepted\n")
    );
    assert!(snapshot(&project).unwrap().contains("/users/2"));
    assert_eq!(project.run(&[]).code, Some(0));
    assert_eq!(project.run(&["review", "--accept", "--reject"]).code, Some(2));
}

#[test]
fn what_can_not_be_reviewed_is_a_mistake() {
    let none = Project::new("services: { shop: { base_url: 'http://localhost:1' } }\n").run(&["review"]);
    assert!(
        none.code == Some(2) && none.err.contains("e2e.conf: it names no folder of snapshots"),
        "{}",
        none.err
    );
    let torn = project().with("snapshots/torn.snap.new", "---\ntorn: [\n---\n").run(&["review"]);
    assert!(torn.code == Some(2) && torn.err.contains("torn.snap.new"), "{}", torn.err);
    assert_eq!(project().run(&["review"]).code, Some(0), "no folder is no snapshot");
}
