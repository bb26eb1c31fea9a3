//! `check`, words that are no command, and completions.

use crate::project::Project;

const CONFIGURATION: &str = "\
services:
  shop: { command: sh -c 'touch started' }
invariants:
  it is open: { when: settled, observe: { shop: GET shop / }, holds: shop.open == true }
";
const GOOD: &str = "scenario: Good\nsteps:\n  - { request: GET shop /, expect: { status: 200 } }\n";

/// Runs a command, and checks its exit code and all that it prints.
#[track_caller]
fn check(project: &Project, arguments: &[&str], code: i32, out: &str, err: &str) {
    let ended = project.run(arguments);
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(code), out, err));
    assert!(!project.folder().join("started").exists(), "nothing is started");
}

#[test]
fn check_reads_everything_and_starts_nothing() {
    let exploration = "exploration: Shop\nsteps: 1\noperations: { look: { request: GET shop / } }\n";
    let project = Project::new(CONFIGURATION)
        .with("scenarios/a.yaml", GOOD)
        .with("scenarios/b.yaml", exploration)
        .with("empty/readme.txt", "");
    check(&project, &["check"], 0, "e2e.conf: no mistakes in 1 scenario, 1 exploration, 1 invariant\n", "");
    check(
        &project,
        &["check", "empty"],
        4,
        "Nothing to check: no scenario and no exploration was found.\n",
        "",
    );
    let project = project.with("scenarios/c.yaml", "scenario: C\nsteps:\n  - wait: 5\n");
    let mistakes = "scenarios/c.yaml:3:11: `5` has no unit\n   │\n 3 │   - wait: 5\n   │           ^\n   = write `5s` or `5ms`\n\n\
                    1 mistake in 1 file; nothing was started\n";
    check(&project, &["check"], 2, "", mistakes);
    check(
        &project,
        &["check", "scenarios/a.yaml"],
        0,
        "e2e.conf: no mistakes in 1 scenario, 1 invariant\n",
        "",
    );
}

#[test]
fn a_word_that_is_nearly_a_command_is_taken_for_one() {
    let project = Project::new(CONFIGURATION).with("scenarios/a.yaml", GOOD);
    let mistake = |word: &str, help: &str| {
        format!(
            "{word}: there is no such file, folder or command\n   = {help}\n\n1 mistake in 1 file; nothing was started\n"
        )
    };
    for (word, meant) in [("chek", "check"), ("lst", "list"), ("exlpore", "explore"), ("reveiw", "review")] {
        check(&project, &[word], 2, "", &mistake(word, &format!("did you mean the command `{meant}`?")));
    }
    let before = "write the command before its options: `list …`";
    check(&project, &["--color", "never", "list"], 2, "", &mistake("list", before));
    let file = "nosuch: it can't be read: No such file or directory (os error 2)\n   = name a file that is there\n\n1 mistake in 1 file; nothing was started\n";
    check(&project, &["nosuch"], 2, "", file);
    let project = project.with("chek/a.yaml", GOOD.replace("Good", "Better"));
    assert_eq!(project.run(&["chek", "--dry-run"]).code, Some(0), "a folder of that name is one");
}

#[test]
fn completions_are_scripts_for_every_shell() {
    let project = Project::new(CONFIGURATION);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = project.run(&["completions", shell]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        for word in ["runner", "rerun-failed", "review"] {
            assert!(ended.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(project.run(&["completions", "nosuch"]).code, Some(2));
}
