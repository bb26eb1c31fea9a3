//! `--watch`: what runs when files are saved, read from the output as it comes.

use std::{
    fs,
    io::{self, BufRead, BufReader, PipeReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use crate::project::{Project, server, server_with};

/// A run that watches. Its results and its mistakes are one stream.
struct Watching {
    child: Child,
    out: BufReader<PipeReader>,
}

impl Watching {
    fn start(project: &Project, arguments: &[&str]) -> Self {
        let (out, writer) = io::pipe().unwrap();
        let mut command = project.command(&[&["--watch"], arguments].concat());
        command.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
        Self { child: command.spawn().unwrap(), out: BufReader::new(out) }
    }

    /// What it tells up to a line with this text.
    fn until(&mut self, text: &str) -> String {
        let mut read = String::new();
        while !read.lines().last().is_some_and(|line| line.contains(text)) {
            assert!(self.out.read_line(&mut read).unwrap() > 0, "no `{text}` in:\n{read}");
        }
        read
    }

    /// What it tells until it waits for files to be saved.
    fn told(&mut self) -> String {
        self.until("Ctrl-C ends it")
    }

    /// Interrupts it, and returns its exit code.
    fn interrupt(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    /// Also when a test fails, it doesn't watch on.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scenario(name: &str, expected: &str) -> String {
    format!(
        "scenario: {name}\nsteps:\n  - request: GET users /users/1\n    expect: {{ status: 200, body: {{ name: {expected} }} }}\n"
    )
}

fn project(address: SocketAddr) -> Project {
    Project::new(&format!(
        "settle: 10ms\nservices:\n  users: {{ base_url: http://{address}, required: true }}\n"
    ))
    .with("scenarios/alice.yaml", scenario("Alice is there", "alice"))
    .with("scenarios/bob.yaml", scenario("Bob is there", "bob"))
}

fn save(project: &Project, file: &str, text: &str) {
    fs::write(project.folder().join(file), text).unwrap();
}

/// Saves as many editors do: they write another file, and give it the name.
fn replace(project: &Project, file: &str, text: &str) {
    let temporary = project.folder().join("scenarios/.tmp-1");
    fs::write(&temporary, text).unwrap();
    fs::rename(temporary, project.folder().join(file)).unwrap();
}

fn check(told: &str, expected: &[&str], not: &[&str]) {
    for text in expected {
        assert!(told.contains(text), "no `{text}` in:\n{told}");
    }
    for text in not {
        assert!(!told.contains(text), "`{text}` in:\n{told}");
    }
}

#[test]
fn a_scenario_that_is_saved_runs_and_no_other() {
    let project = project(server());
    let mut watching = Watching::start(&project, &[]);
    check(
        &watching.told(),
        &["2 scenarios: 1 passed, 1 failed", "\nwatching 2 scenarios; Ctrl-C ends it\n"],
        &[],
    );
    // The first save changes nothing.
    save(&project, "scenarios/alice.yaml", &scenario("Alice is there", "alice"));
    save(&project, "scenarios/carol.yaml", &scenario("Carol is there", "carol"));
    let told = watching.told();
    check(&told, &["Z  saved: scenarios/carol.yaml\n", "✗ Carol is there", "watching 3 "], &["Alice", "Bob"]);
    replace(&project, "scenarios/carol.yaml", &scenario("Carol is there", "alice"));
    let told = watching.told();
    check(
        &told,
        &["saved: scenarios/carol.yaml\n", "✓ Carol", "1 scenario: 1 passed"],
        &["Alice", "runs at"],
    );
    fs::create_dir(project.folder().join("scenarios/new")).unwrap();
    save(&project, "scenarios/new/dora.yaml", &scenario("Dora is there", "dora"));
    check(&watching.told(), &["saved: scenarios/new/dora.yaml\n", "✗ Dora is there"], &["Carol"]);
    assert_eq!(watching.interrupt(), Some(1), "as the last run");
    assert_eq!(project.left_behind(), [""; 0]);
}

#[test]
fn mistakes_are_shown_and_the_watch_goes_on() {
    let project = project(server()).with("scenarios/bob.yaml", "scenaro: Bob\n");
    let mut watching = Watching::start(&project, &["--jobs", "1"]);
    let waits = "\nwatching until that is mended; Ctrl-C ends it\n";
    check(&watching.told(), &["scenarios/bob.yaml:1:1", "did you mean `scenario`?", waits], &["✓"]);
    save(&project, "scenarios/bob.yaml", &scenario("Bob is there", "alice"));
    check(&watching.told(), &["2 scenarios: 2 passed"], &["saved"]);
    let mistaken = scenario("Bob is there", "alice").replace("expect", "expct");
    replace(&project, "scenarios/bob.yaml", &mistaken);
    check(&watching.told(), &["unknown key `expct`", waits], &["✓"]);
    replace(&project, "scenarios/bob.yaml", &scenario("Bob is there", "alice"));
    check(&watching.told(), &["\nwatching 2 scenarios"], &["✓", "saved"]);
    replace(&project, "scenarios/bob.yaml", &scenario("Bob is there", "bob"));
    check(&watching.told(), &["✗ Bob is there"], &["Alice"]);
    save(&project, "scenarios/alice.yaml", &scenario("Bob is there", "alice"));
    check(&watching.told(), &["is also the name of", waits], &[]);
    assert_eq!(watching.interrupt(), Some(2), "as a run of these files");
}

#[test]
fn what_holds_for_all_scenarios_runs_them_anew_and_the_failed_ones_first() {
    let project = project(server());
    let mut watching = Watching::start(&project, &["--jobs", "1"]);
    let told = watching.told();
    assert!(told.find("✓ Alice").unwrap() < told.find("✗ Bob").unwrap(), "{told}");
    let configuration = fs::read_to_string(project.folder().join("e2e.conf")).unwrap();
    save(&project, "e2e.conf", &format!("{configuration}timeout: 7s\n"));
    let told = watching.told();
    check(&told, &["saved: e2e.conf\n", "runs at http", "2 scenarios: 1 passed, 1 failed"], &[]);
    assert!(told.find("✗ Bob").unwrap() < told.find("✓ Alice").unwrap(), "{told}");
    let invariants = "invariants:\n  she is poor: { when: always, observe: { user: GET users /users/1 }, holds: user.balance == 0 }\n";
    save(&project, "scenarios/invariants.yaml", invariants);
    check(&watching.told(), &["saved: scenarios/invariants.yaml\n", "she is poor", "2 failed"], &[]);
    fs::remove_file(project.folder().join("scenarios/invariants.yaml")).unwrap();
    check(&watching.told(), &["saved: scenarios/invariants.yaml\n", "1 passed, 1 failed"], &["she is poor"]);
    save(&project, "e2e.conf", "services: { others: { base_url: http://127.0.0.1:1 } }\n");
    check(&watching.told(), &["unknown service `users`", "until that is mended"], &[]);
    save(&project, "e2e.conf", &configuration);
    check(&watching.told(), &["saved: e2e.conf\n", "1 passed, 1 failed"], &[]);
    save(&project, "e2e.conf", "srvices: {}\n");
    check(&watching.told(), &["until that is mended"], &[]);
    save(&project, "e2e.conf", &configuration);
    check(&watching.told(), &["saved: e2e.conf\n", "1 passed, 1 failed"], &[]);
    assert_eq!(watching.interrupt(), Some(1));
}

#[test]
fn why_no_service_is_started_in_advance_is_told() {
    let address = server();
    let stub = "  mail: { stub: [{ match: GET /, reply: { status: 200 } }] }\n";
    for (more, argument, why) in [
        ("", "--jobs=1", ";"),
        ("", "--logs", " (with --logs, services are started once a scenario is saved);"),
        (stub, "--jobs=1", " (with stubs in e2e.conf, services are started once a scenario is saved);"),
    ] {
        let project = Project::new(&format!(
            "services:\n  users: {{ base_url: http://{address} }}\n  ends: {{ command: sh -c 'exit 7' }}\n{more}"
        ))
        .with("scenarios/alice.yaml", scenario("Alice is there", "alice"));
        let mut watching = Watching::start(&project, &[argument]);
        check(&watching.told(), &[&format!("\nwatching 1 scenario{why} Ctrl-C ends it\n")], &[]);
        watching.interrupt();
    }
}

#[test]
fn a_run_under_way_is_interrupted_with_its_own_exit_code() {
    let address = server_with(|head| (!head.starts_with(b"GET /users/")).then_some("nobody"));
    let project = project(address).with("scenarios/bob.yaml", scenario("Bob is there", "bob"));
    let mut watching = Watching::start(&project, &["scenarios/bob.yaml"]);
    watching.until("runs at");
    assert_eq!(watching.interrupt(), Some(130));
}
