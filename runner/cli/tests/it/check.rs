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
fn a_file_of_steps_without_a_name_is_told_where_it_could_be_a_scenario() {
    let nameless = GOOD.replace("scenario: Good\n", "");
    let project =
        Project::new(CONFIGURATION).with("scenarios/a.yaml", GOOD).with("scenarios/b.yaml", nameless);
    let thin = "thin: no scenario here includes scenarios/b.yaml, which has steps and no `scenario` (give it a name if it is a scenario: `scenario: …`)\n";
    let counted = format!("e2e.conf: no mistakes in 1 scenario, 1 invariant\n{thin}");
    check(&project, &["check"], 0, &counted, "");
    let nothing = format!("Nothing to check: no scenario and no exploration was found.\n{thin}");
    check(&project, &["check", "scenarios/b.yaml"], 4, &nothing, "");
    let ended = project.run(&["scenarios/b.yaml"]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.out.ends_with(&format!("Nothing to run: no scenario was found.\n{thin}")), "{}", ended.out);
}

#[test]
fn what_runs_in_other_tools_and_what_is_no_scenario_is_told_apart() {
    let project = Project::new(CONFIGURATION).with("scenarios/a.yaml", GOOD);
    let one = |mistake: &str| format!("{mistake}\n\n1 mistake in 1 file; nothing was started\n");
    let configuration = "e2e.conf: this is a configuration, and no scenario\n   = name scenarios, or folders of them; `--config FILE` names a configuration";
    for arguments in [&["e2e.conf"][..], &["check", "e2e.conf"], &["check", "./e2e.conf"]] {
        let path = arguments.last().expect("a path");
        check(&project, arguments, 2, "", &one(&configuration.replacen("e2e.conf", path, 1)));
    }
    for word in ["run", "test"] {
        let mistake = format!(
            "{word}: there is no such file, folder or command\n   = scenarios are run without one: `runner`, or `runner FILE`"
        );
        check(&project, &[word, "scenarios"], 2, "", &one(&mistake));
    }
    for (arguments, expected) in [
        (&["--seed", "abc"][..], "a seed is a whole number from 0 to 18446744073709551615"),
        (
            &["new", "--ports", "1-70000"],
            "a port is a number from 1 to 65535; name each: `--ports 5001,5002`",
        ),
        (&["new", "--ports", "0"], "a port is a number from 1 to 65535"),
    ] {
        let ended = project.run(arguments);
        assert!(ended.code == Some(2) && ended.err.contains(expected), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn a_report_is_never_written_over_what_was_read_or_over_another_report() {
    let project = Project::new(CONFIGURATION).with("scenarios/a.yaml", GOOD);
    let read = "a report would be written over this file, which is read here\n   = name another file after `--report`";
    let twice = "two reports would be written into this file\n   = name another file after `--report`";
    for (report, expected) in [
        ("json=e2e.conf", format!("e2e.conf: {read}")),
        ("html=./scenarios/a.yaml", format!("./scenarios/a.yaml: {read}")),
        ("junit=new/a.x,json=./new/a.x", format!("./new/a.x: {twice}")),
    ] {
        let sweep = report.replace("junit", "html");
        for arguments in [&["--report", report][..], &["sweep", "scenarios", "--report", &sweep]] {
            let expected = format!("{expected}\n\n1 mistake in 1 file; nothing was started\n");
            check(&project, arguments, 2, "", &expected);
        }
    }
    let text = std::fs::read_to_string(project.folder().join("e2e.conf"));
    assert_eq!(text.expect("a file"), CONFIGURATION);
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
