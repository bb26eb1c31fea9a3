//! Mistakes in files and arguments are shown with their position, all at once, and nothing is started.

use crate::project::Project;

/// A service that creates the file `started`.
const CONFIGURATION: &str = "\
services:
  shop:
    command: sh -c 'touch started'
";

/// Runs a command with mistakes, and checks that the output contains these lines.
fn check(project: &Project, arguments: &[&str], expected: &[&str]) {
    let ended = project.run(arguments);
    for line in expected {
        assert!(ended.err.contains(line), "no `{line}` in:\n{}", ended.err);
    }
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(ended.out, "", "stdout is for results");
    assert!(!project.folder().join("started").exists(), "nothing is started");
}

#[test]
fn all_mistakes_of_all_files_are_shown_with_their_positions() {
    let project = Project::new(CONFIGURATION)
        .with("scenarios/first.yaml", "scenario: First\nsteps:\n  - reqest: GET shop /\n")
        .with(
            "scenarios/second.yaml",
            "scenario: Second\nsteps:\n  - wait: 5\n  - request: GET shopp /${missing}\n    expect: { status: 200 }\n",
        );
    let expected = [
        "scenarios/first.yaml:3:5: unknown key `reqest` in a step",
        " 3 │   - reqest: GET shop /\n   │     ^^^^^^\n   = did you mean `request`?",
        "scenarios/second.yaml:3:11: `5` has no unit",
        "= write `5s` or `5ms`",
        "scenarios/second.yaml:4:18: unknown service `shopp`",
        "= did you mean `shop`?",
        "scenarios/second.yaml:4:27: `missing` is undefined",
        "mistakes in 2 files; nothing was started",
    ];
    check(&project, &["scenarios"], &expected);
    check(&project, &["--dry-run"], &expected);
}

#[test]
fn only_the_named_file_is_read() {
    let project = Project::new(CONFIGURATION)
        .with(
            "scenarios/good.yaml",
            "scenario: Good\nsteps:\n  - request: GET shop /\n    expect: { status: 200 }\n",
        )
        .with("scenarios/bad.yaml", "just text\n");
    check(&project, &["scenarios"], &["scenarios/bad.yaml:1:1: this is a text, and has to be a scenario"]);
    assert_eq!(project.run(&["--dry-run", "scenarios/good.yaml"]).code, Some(0));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let project = Project::new(CONFIGURATION)
        .with("bytes.yaml", [0xff, 0xfe, 0x00])
        .with("torn.yaml", "scenario: Torn\nsteps:\n  - name: one\n   request: GET shop /\n");
    check(&project, &["absent.yaml"], &["absent.yaml: it can't be read", "= name a file that is there"]);
    check(
        &project,
        &["bytes.yaml"],
        &["bytes.yaml: it can't be read", "= what is read here is text, in UTF-8"],
    );
    check(&project, &["torn.yaml"], &["torn.yaml:4:4: not readable as YAML"]);
}

#[test]
fn the_configuration_is_read_strictly() {
    let project = Project::new("services:\n  shop: { base_url: localhost:5002, requird: true }\nsetle: 5s\n");
    let expected = [
        "e2e.conf:2:21: `localhost:5002` is no address of a service",
        "e2e.conf:2:37: unknown key `requird` in a service",
        "e2e.conf:3:1: unknown key `setle` in e2e.conf",
        "3 mistakes in 1 file; nothing was started",
    ];
    check(&project, &["."], &expected);
    check(&project, &["up"], &expected);
    check(&project, &["--config", "absent.conf"], &["absent.conf: it can't be read"]);
}

#[test]
fn what_has_no_effect_in_a_configuration_of_the_python_original_is_told() {
    let text =
        "general: { timeout: 500, verbose: true }\nservices: { shop: { base_url: 'http://localhost:1' } }\n";
    let project = Project::new(text).with(
        "scenarios/a.yaml",
        "scenario: A\nsteps:\n  - { request: GET shop /, expect: { status: 200 } }\n",
    );
    let ended = project.run(&["--dry-run"]);
    assert_eq!(
        (ended.code, ended.err.as_str()),
        (
            Some(0),
            "note: e2e.conf:1:26: `verbose` has no effect (ask for what services write on the command line: `--logs`)\n"
        )
    );
}

#[test]
fn the_command_line_is_read_strictly() {
    let project = Project::new(CONFIGURATION);
    check(&project, &["--nosuch"], &["unexpected argument '--nosuch'"]);
    check(
        &project,
        &["--report", "pdf=x"],
        &["a report is `junit=FILE`, `json=FILE` or `html=FILE`, not `pdf=x`"],
    );
    check(&project, &["--jobs", "0"], &["--jobs"]);
    check(&project, &["explore", "--for", "5"], &["`5` has no unit (write `5s` or `5ms`)"]);
}
