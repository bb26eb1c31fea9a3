//! GitHub Actions: annotations among the output, and the summary of the job.

use std::fs;

use crate::{
    list::project,
    project::{Ended, Project},
};

/// Runs the binary as a step of a job whose repository is the folder above the project's.
fn run(project: &Project, arguments: &[&str]) -> Ended {
    let summary = project.folder().join("summary.md");
    let mut command = project.command(arguments);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", summary);
    Ended::from(command.env("GITHUB_WORKSPACE", project.folder().parent().unwrap()).output().unwrap())
}

#[test]
fn failures_are_annotated_and_summarised() {
    let project = project().with("summary.md", "what an earlier step wrote\n");
    let ended = run(&project, &["--seed", "7"]);
    let folder = project.folder().file_name().unwrap().to_string_lossy();
    let annotation = format!(
        "\n::error file={folder}/scenarios/crashes/bob.yaml,line=4,title=Bob::step 1, GET users /users/1%0Astatus: expected 404, found 200\n"
    );
    assert!(ended.out.ends_with(&annotation), "{}", ended.out);
    let summary = fs::read_to_string(project.folder().join("summary.md")).unwrap();
    let expected = "what an earlier step wrote
### 3 scenarios: 2 passed, 1 failed

seed 7

| | scenario | file | what is wrong |
| --- | --- | --- | --- |
| ✗ failed | Bob | scenarios/crashes/bob.yaml:4 | step 1, GET users /users/1: status: expected 404, found 200 |

again:

    runner scenarios/crashes/bob.yaml --seed 7

";
    assert_eq!(summary, expected);
    assert!(!project.run(&[]).out.contains("::error"), "elsewhere nothing is annotated");
}

#[test]
fn a_failure_of_an_included_step_is_annotated_where_the_step_stands() {
    let project = project()
        .with("steps/look.yaml", "steps:\n  - request: GET users /users/1\n    expect: { status: 404 }\n")
        .with("scenarios/dora.yaml", "scenario: Dora\nsteps:\n\n\n\n  - include: ../steps/look.yaml\n");
    let ended = run(&project, &["scenarios/dora.yaml"]);
    let folder = project.folder().file_name().unwrap().to_string_lossy();
    let annotation = format!("\n::error file={folder}/steps/look.yaml,line=2,title=Dora::step 1, ");
    assert!(ended.out.contains(&annotation), "{}", ended.out);
    let summary = fs::read_to_string(project.folder().join("summary.md")).unwrap();
    assert!(summary.contains(" | steps/look.yaml:2 | "), "{summary}");
}

#[test]
fn mistakes_are_annotated_with_their_help() {
    let project = project().with("scenarios/wrong.yaml", "scenario: Wrong\nsteps:\n  - wait: 5\n");
    let ended = run(&project, &["check"]);
    assert_eq!(ended.code, Some(2));
    let annotation =
        "scenarios/wrong.yaml,line=3,col=11,title=mistake::`5` has no unit%0Awrite `5s` or `5ms`\n";
    assert!(ended.err.ends_with(annotation), "{}", ended.err);
}

#[test]
fn a_summary_that_can_not_be_written_is_said() {
    let project = project();
    let mut command = project.command(&["--filter", "Alice"]);
    let ended = Ended::from(command.env("GITHUB_STEP_SUMMARY", "no/such/folder").output().unwrap());
    assert_eq!(ended.code, Some(3));
    assert!(ended.err.contains("the report can't be written to no/such/folder"), "{}", ended.err);
}
