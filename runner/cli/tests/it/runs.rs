//! Runs of the binary: their output, exit codes, and what they leave behind.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::Command,
};

use crate::project::{Ended, Project, server, server_at, server_for, server_that_errs_once, unused_address};

/// The smallest e2e.conf: a service that runs already.
fn running(address: SocketAddr) -> Project {
    Project::new(&format!("services:\n  users: {{ base_url: http://{address}, required: true }}\n"))
}

const ALICE: &str = "\
scenario: Alice is there
tags: [people]
steps:
  - name: a look
    request: GET users /users/1
    expect: { status: 200, body: { name: alice } }
";
const BOB: &str = "\
scenario: Bob is there
steps:
  - name: a look
    request: GET users /users/2?all=yes
    expect: { status: 201, body: { name: bob } }
";

#[test]
fn passed_is_exit_code_0() {
    let ended = running(server()).with("scenarios/alice.yaml", ALICE).run(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("✓ Alice is there"), "{}", ended.out);
    assert!(ended.out.contains("1 scenario: 1 passed"), "{}", ended.out);
    assert!(!ended.out.contains('\u{1b}'), "no colours without a terminal");
    assert_eq!(ended.err, "");
}

#[test]
fn failed_is_exit_code_1_with_the_exchange_and_how_to_repeat_it() {
    let address = server();
    let project = running(address).with("scenarios/alice.yaml", ALICE).with("scenarios/bob.yaml", BOB);
    let ended = project.run(&["--seed", "7", "--report", "junit=out/report.xml,html=out/report.html"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let again = format!("again: curl -sS -i 'http://{address}/users/2?all=yes'");
    let expected = [
        "✗ Bob is there\n  scenarios/bob.yaml:3:5  step 1, a look\n",
        "    status\n      - 201\n      + 200\n    body.name\n      - \"bob\"\n      + \"alice\"\n",
        "    GET users /users/2?all=yes at ",
        "\n    200 OK after ",
        "\"balance\": 500.0",
        &again,
        "2 scenarios: 1 passed, 1 failed",
        "again: runner scenarios/bob.yaml --seed 7",
    ];
    for text in expected {
        assert!(ended.out.contains(text), "no `{text}` in:\n{}", ended.out);
    }
    let junit = fs::read_to_string(project.folder().join("out/report.xml")).unwrap();
    assert!(junit.contains(&format!("http://{address}/users/2")), "{junit}");
    assert!(project.folder().join("out/report.html").exists());
}

#[test]
fn an_absent_required_service_is_exit_code_3() {
    let address = unused_address();
    let configuration = format!(
        "services:\n  users:\n    base_url: http://{address}\n    required: true\n    ready: {{ path: /, within: 50ms }}\n"
    );
    let ended = Project::new(&configuration).with("scenarios/alice.yaml", ALICE).run(&[]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.err.contains("broken off: users wasn't ready within 50ms"), "{}", ended.err);
    assert!(ended.err.contains(&format!("start it at http://{address}")), "{}", ended.err);
}

#[test]
fn a_sweep_that_breaks_off_reports_its_results_so_far() {
    let address = server_for(6);
    let configuration = format!(
        "services:\n  users:\n    base_url: http://{address}\n    required: true\n    ready: {{ path: /, within: 50ms }}\n"
    );
    let project = Project::new(&configuration).with("scenarios/alice.yaml", ALICE);
    let ended = project.run(&["sweep", "scenarios/alice.yaml", "--report", "json=out.json"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let report = fs::read_to_string(project.folder().join("out.json")).unwrap();
    assert!(report.contains("held") && report.contains("broken_off"), "{report}");
}

/// What a command tells, and the first lines of the file that it kept, when it found a failure that doesn't repeat.
fn check_unrepeated(command: &[&str], file: &str, kept: &str, tried: u32) {
    let project = running(server_that_errs_once()).with("scenarios/alice.yaml", file);
    let ended = project.run(&[command, &["scenarios/alice.yaml", "--seed", "7"]].concat());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("again: curl -sS -i http://127.0.0.1:"), "{}", ended.out);
    let told = format!("it did not fail again with {tried} seeds tried\nrun it: runner {kept} --seed 7\n");
    assert!(ended.out.ends_with(&format!("kept as {kept}\n{told}")), "{}", ended.out);
    let text = fs::read_to_string(project.folder().join(kept)).unwrap();
    let mut lines = text.lines();
    if file.contains("$schema=../schema/") {
        let schema = "# yaml-language-server: $schema=../../schema/scenario.json";
        assert_eq!(lines.next(), Some(schema), "the schema as it is found from there");
    }
    let origin = lines.next().unwrap();
    assert!(origin.ends_with(&format!(" It did not fail again with {tried} seeds tried.")), "{origin}");
}

#[test]
fn a_failure_that_does_not_repeat_is_kept_without_a_claim() {
    check_unrepeated(&["sweep"], ALICE, "scenarios/regressions/alice-7.yaml", 6);
    let exploration = "\
# yaml-language-server: $schema=../schema/exploration.json
exploration: Alice is there
steps: 1
operations:
  look: { request: GET users /users/1, expect: { status: 200, body: { name: alice } } }
";
    // Side by side, the second sequence may be the one that is answered first.
    check_unrepeated(&["explore", "--jobs", "1"], exploration, "scenarios/regressions/alice-7-0.yaml", 10);
}

#[test]
fn nothing_ran_is_exit_code_4() {
    let project = running(server()).with("scenarios/alice.yaml", ALICE).with("empty/readme.txt", "");
    let check = |arguments: &[&str], expected: &str| {
        let ended = project.run(arguments);
        assert_eq!(ended.code, Some(4), "{ended:?}");
        assert!(ended.out.contains(expected), "{}", ended.out);
    };
    check(&["--filter", "no such text"], "Nothing to run: of 1 scenario none is selected.");
    check(&["empty"], "Nothing to run: no scenario was found.");
    let address = unused_address();
    let optional = format!(
        "services:\n  users:\n    base_url: http://{address}\n    required: false\n    ready: {{ path: /, within: 50ms }}\n"
    );
    let ended = Project::new(&optional).with("scenarios/alice.yaml", ALICE).run(&[]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.out.contains("– Alice is there  skipped: users isn't there"), "{}", ended.out);
}

#[test]
fn a_filter_matches_names_paths_and_tags() {
    let project = running(server()).with("scenarios/alice.yaml", ALICE).with("scenarios/bob.yaml", BOB);
    for filter in ["ALICE is", "alice.yaml", "people"] {
        let Ended { code, out, .. } = project.run(&["--filter", filter, "--dry-run"]);
        assert_eq!(code, Some(0), "{out}");
        assert!(out.contains("Alice is there") && !out.contains("Bob is there"), "{filter}: {out}");
        let expected = "Alice is there  scenarios/alice.yaml  1 step\n\nNo mistakes; nothing was started.\n";
        assert!(out.ends_with(expected), "{out}");
    }
}

#[test]
fn with_fail_fast_no_scenario_starts_after_a_failure() {
    let project = running(server()).with("scenarios/1.yaml", BOB).with("scenarios/2.yaml", ALICE);
    let ended = project.run(&["--fail-fast", "--jobs", "1"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("2 scenarios: 1 failed, 1 not run"), "{}", ended.out);
}

/// A project with a service that runs already, and with this build.
fn built_by(build: &str) -> Project {
    let services = format!("services:\n  users: {{ base_url: http://{}, required: true }}\n", server());
    Project::new(&format!("build: {build}\n{services}")).with("scenarios/alice.yaml", ALICE)
}

#[test]
fn a_build_is_shown_beside_the_results() {
    let ended = built_by("sh -c 'echo compiling'").run(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<&str> = ended.err.lines().collect();
    let [started, took] = lines[..] else { panic!("{}", ended.err) };
    assert_eq!(started, "building: sh -c 'echo compiling'");
    assert!(took.starts_with("built in "), "{took}");
}

#[test]
fn a_build_that_fails_is_3_with_its_last_lines() {
    let ended = built_by("sh -c 'echo no such crate; exit 101'").run(&[]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.err.contains("broken off: the build command failed with exit code 101"), "{}", ended.err);
    assert!(ended.err.contains("no such crate"), "{}", ended.err);
    assert!(!ended.err.contains("built in"), "{}", ended.err);
}

#[test]
fn a_run_that_can_not_begin_replaces_the_reports_of_an_earlier_one() {
    let reports = ["junit=out.xml", "json=out.json", "html=out.html"].map(|report| ["--report", report]);
    for command in [&["scenarios/alice.yaml"][..], &["sweep", "scenarios/alice.yaml"]] {
        let project = built_by("sh -c 'exit 101'");
        fs::write(project.folder().join("out.xml"), "all passed").unwrap();
        let ended = project.run(&[command, reports.as_flattened()].concat());
        assert_eq!(ended.code, Some(3), "{ended:?}");
        let report = |file| fs::read_to_string(project.folder().join(file)).unwrap();
        let why = "the build command failed with exit code 101";
        let error = format!("<error message=\"broken off: {why}; 1 not run\" type=\"broken off\"");
        assert!(report("out.xml").contains(&error), "{}", report("out.xml"));
        let json: serde_json::Value = serde_json::from_str(&report("out.json")).unwrap();
        assert_eq!((&json["broken_off"], &json["summary"]["not_run"]), (&why.into(), &1.into()));
        assert!(report("out.html").contains(&format!("broken off: {why}")));
    }
}

#[test]
fn up_tells_that_a_service_ended_and_which_are_not_there() {
    let (ends, absent) = (unused_address(), unused_address());
    let project = Project::new(&format!(
        "services:\n  ends:\n    base_url: http://{ends}\n    command: sh -c 'echo > started; echo bye; read go < go; exit 7'\n\
         \x20 mail: {{ base_url: http://{absent}, required: false }}\n"
    ));
    // Opening a named pipe blocks until the other side has opened it too.
    let [started, go] = ["started", "go"].map(|name| project.folder().join(name));
    assert!(Command::new("mkfifo").args([&started, &go]).status().unwrap().success());
    let mut child = project.start(&["up"]);
    fs::read(started).unwrap();
    // It answers in place of the process.
    server_at(ends, |_| Some("alice"));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<String> = lines.by_ref().take_while(|line| line != "Up until Ctrl-C.").collect();
    let absent = format!("{:<20} isn't there (it is optional): expected at http://{absent}", "mail");
    assert!(said.contains(&absent), "{said:?}");
    fs::write(go, "go\n").unwrap();
    assert_eq!(lines.next().unwrap(), "ends ended by itself: exit code 7");
    assert_eq!(lines.next().unwrap(), "  bye");
    // A closed pipe doesn't end it.
    drop(lines);
    assert_eq!(child.try_wait().unwrap(), None);
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn up_keeps_services_running_until_it_is_interrupted() {
    let address = server();
    let project = running(address);
    let mut child = project.start(&["up"]);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    // The last line before the wait.
    let said: Vec<String> = lines.take_while(|line| line != "Up until Ctrl-C.").collect();
    let kill = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(said, [format!("{:<20} http://{address}", "users"), String::new()]);
}

#[test]
fn a_schema_is_printed_for_each_kind_of_file() {
    let project = Project::new("services: {}\n");
    for (kind, title) in [("scenario", "a scenario"), ("exploration", "an exploration"), ("conf", "e2e.conf")]
    {
        let ended = project.run(&["schema", kind]);
        let schema: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!((ended.code, &schema["title"]), (Some(0), &title.into()), "{}", ended.err);
    }
    let ended = project.run(&["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(schema["then"]["title"], "a scenario");
    assert_eq!(schema["else"]["if"]["required"], serde_json::json!(["invariants"]));
    let ended = project.run(&["schema", "scenarios"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("a similar value exists: 'scenario'"), "{}", ended.err);
}
