//! `new` and `import`: a project that runs, of what is there already.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use crate::project::{Ended, Project, server, unused_address};

const CONFIGURATION: &str = "services: { shop: { base_url: 'http://localhost:5002' } }\n";
const COMMAND: &str = "curl -X POST http://localhost:5002/orders -H 'X-Tag: a' --json '{\"id\": 1}'";

/// Runs the binary in a folder of a project.
fn run_in(project: &Project, folder: &str, arguments: &[&str]) -> Ended {
    Ended::from(project.command(arguments).current_dir(project.folder().join(folder)).output().unwrap())
}

/// Runs the binary with this text on its stdin.
fn run_with(mut command: Command, text: &str) -> Ended {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Ended::from(child.wait_with_output().unwrap())
}

#[test]
fn a_project_of_what_listens_passes() {
    let project = Project::new(CONFIGURATION);
    let port = server().port().to_string();
    let ended = project.run(&["new", "made", "--ports", &port]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = format!(
        "\
services:
  service-{port}  GET / 200, GET /health 200, GET /healthz 200, GET /livez 200

written:
  made/e2e.conf
  made/scenarios/service-{port}.yaml
  made/scenarios/invariants.yaml

next: runner made/scenarios --config made/e2e.conf
"
    );
    assert_eq!((ended.out.as_str(), ended.err.as_str()), (expected.as_str(), ""));
    let ran = project.run(&["made/scenarios", "--config", "made/e2e.conf", "--strict"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_project_of_a_document_is_read_and_made_for_the_address_that_is_named() {
    let document = "openapi: 3.1.0\ninfo: { title: Items }\npaths: { /users/1: { get: { responses: { '200': {} } } } }\n";
    let project = Project::new(CONFIGURATION).with("items.yaml", document);
    let url = format!("http://{}", server());
    let ended = project.run(&["new", "made", "--openapi", "items.yaml", "--url", &url]);
    assert!(
        ended.out.starts_with("services:\n  items  an OpenAPI document: 1 request in 1 scenario\n"),
        "{ended:?}"
    );
    assert_eq!(run_in(&project, "made", &["scenarios", "--strict"]).code, Some(0));
}

#[test]
fn a_project_without_services_is_read_and_says_what_is_missing() {
    let project = Project::new(CONFIGURATION);
    let ended = project.run(&["new", "made"]);
    assert!(ended.out.ends_with("next: write the address of your service into made/e2e.conf, and then\n      runner made/scenarios --config made/e2e.conf\n"), "{ended:?}");
    assert_eq!(run_in(&project, "made", &["--dry-run"]).code, Some(0));
}

#[test]
fn nothing_is_made_where_something_is_there_or_nothing_listens() {
    let project = Project::new(CONFIGURATION).with("other/scenarios/invariants.yaml", "mine");
    let ended = project.run(&["new"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.starts_with("e2e.conf: it is there already, and isn't overwritten"), "{ended:?}");
    let ended = project.run(&["new", "other"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(fs::read(project.folder().join("other/scenarios/invariants.yaml")).unwrap(), b"mine");
    assert!(!project.folder().join("other/e2e.conf").exists());
    let port = unused_address().port().to_string();
    let ended = project.run(&["new", "made", "--ports", &port]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.err.contains(&format!("http://localhost:{port} refuses connections")), "{ended:?}");
    assert!(ended.err.contains("note: nothing was written; "), "{ended:?}");
    assert!(!project.folder().join("made").exists());
}

#[test]
fn a_document_that_cannot_be_read_is_named_with_the_line() {
    let project = Project::new(CONFIGURATION).with("items.json", "{\n  \"openapi\": 3,\n");
    for arguments in
        [["new", "made", "--openapi", "items.json"].as_slice(), &["import", "openapi", "items.json"]]
    {
        let ended = project.run(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.starts_with("items.json:3:1: not valid JSON at line 3, column 1"), "{ended:?}");
    }
}

#[test]
fn a_command_is_imported_from_its_words_a_file_and_stdin() {
    let project = Project::new(CONFIGURATION).with("commands.sh", COMMAND);
    let expected = "\
scenario: POST /orders
steps:
- request: POST shop /orders
  headers:
    X-Tag: a
    Accept: application/json
  body:
    id: 1
  expect:
    status: 2xx
";
    let words = ["-X", "POST", "http://localhost:5002/orders", "-H", "X-Tag: a", "--json", "{\"id\": 1}"];
    let of_words = project.run(&[["import", "curl"].as_slice(), &words].concat());
    let of_the_file = project.run(&["import", "curl", "commands.sh"]);
    let of_stdin = run_with(project.command(&["import", "curl", "-"]), COMMAND);
    for ended in [of_words, of_the_file, of_stdin] {
        assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), expected, ""));
    }
}

#[test]
fn scenarios_are_written_into_a_folder_and_what_is_lost_is_told() {
    let text = "GET http://localhost:5002/\nHTTP 200\n[Asserts]\nsha256 == hex,00;\n\nGET http://api.test/\nHTTP 200\n";
    let project = Project::new(CONFIGURATION).with("a.hurl", text);
    let arguments = ["import", "hurl", "a.hurl", "--output", "scenarios"];
    let ended = project.run(&arguments);
    let err = "\
not carried over, in 1 of 2 requests:
  a.hurl:4: GET http://localhost:5002/: `sha256 == hex,00;` isn't carried over: the query `sha256` has no counterpart
e2e.conf needs under `services`:
  api.test: { base_url: \"http://api.test\" }
";
    let out = "written:\n  scenarios/a.yaml\n\nnext: add `api.test` to the `services` of e2e.conf, then runner scenarios\n";
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), out, err));
    let again = project.run(&arguments);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.starts_with("scenarios/a.yaml: it is there already"), "{again:?}");
}

#[test]
fn arguments_that_make_no_import_are_mistakes() {
    let project = Project::new(CONFIGURATION).with("commands.sh", COMMAND);
    for (arguments, expected) in [
        (["import", "curl"].as_slice(), "curl: there is no command"),
        (
            &["import", "curl", "commands.sh", "--output", "x"],
            "commands.sh: `--output` has to stand before the file",
        ),
        (&["import", "curl", "commands.sh", "-o", "x"], "commands.sh: `-o` has to stand before the file"),
        (&["import", "curl", "commands.sh", "-c", "x"], "commands.sh: `-c` has to stand before the file"),
        (
            &["import", "curl", "commands.sh", "--output=x"],
            "commands.sh: `--output` has to stand before the file",
        ),
        (&["import", "hurl", "absent.hurl"], "absent.hurl: it can't be read"),
        (&["import", "har", "commands.sh"], "commands.sh:1:1: not valid JSON at line 1, column 1"),
        (&["import", "soap", "x"], "error: unrecognized subcommand 'soap'"),
    ] {
        let ended = project.run(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.err.starts_with(expected), "{ended:?}");
    }
}
