//! Runs that end early, in each of their phases: what they tell, report and keep, and that they leave nothing behind.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::Value;

use crate::project::{Ended, Project, server, server_with};

/// A scenario with a request about a user, and then these steps.
fn scenario(name: &str, then: &str) -> String {
    format!(
        "scenario: {name}\nsteps:\n  - request: GET users /users/1\n    expect: {{ status: 200, body: {{ name: alice }} }}\n{then}"
    )
}

/// A project whose requests about users may take long.
fn patient(address: SocketAddr) -> Project {
    Project::new(&format!(
        "timeout: 600s\nservices:\n  users: {{ base_url: http://{address}, required: true }}\n"
    ))
}

/// A server that replies to this many requests about users, and tells of each before it replies or doesn't.
fn server_that_tells(replies: usize, name: &'static str) -> (SocketAddr, Receiver<()>) {
    let (asked, was_asked) = channel();
    let mut count = 0;
    let address = server_with(move |head| {
        let is_counted =
            head.split(|byte| *byte == b' ').nth(1).is_some_and(|path| path.starts_with(b"/users/"));
        if is_counted {
            count += 1;
            // The test may have ended.
            let _ = asked.send(());
        }
        (count <= replies).then_some(name)
    });
    (address, was_asked)
}

/// Waits until a server was asked so often. A run that never asks fails the test.
fn wait_for(requests: usize, was_asked: &Receiver<()>) {
    for _ in 0..requests {
        was_asked.recv_timeout(Duration::from_mins(1)).expect("a request");
    }
}

fn send(signal: &str, child: &Child) {
    let kill =
        Command::new("kill").args(["-s", signal, &child.id().to_string()]).stdin(Stdio::null()).status();
    assert!(kill.unwrap().success());
}

/// Reads lines of a child's output up to one that contains this text. Returns all that was read, and the rest of the output.
fn read_until(child: &mut Child, text: &str) -> (String, impl BufRead + use<>) {
    let (mut out, mut read) = (BufReader::new(child.stdout.take().unwrap()), String::new());
    while !read.lines().last().is_some_and(|line| line.contains(text)) {
        assert!(out.read_line(&mut read).unwrap() > 0, "no `{text}` in:\n{read}");
    }
    (read, out)
}

/// Waits for the end of a child of whose output this was read.
fn end(child: Child, read: String, mut rest: impl BufRead) -> Ended {
    let mut out = read;
    rest.read_to_string(&mut out).unwrap();
    Ended { out, ..Ended::from(child.wait_with_output().unwrap()) }
}

/// The command of a process that writes its process id into the file `id`, opens the named pipe `started`, and then does nothing.
const STAYS: &str = "sh -c 'echo $$ > id; echo > started; exec sleep 600'";

/// Starts a run of a scenario, and waits until a process with the command [`STAYS`] runs. Returns its process id too.
fn start_until_it_stays(project: &Project, arguments: &[&str]) -> (Child, String) {
    // Opening a named pipe blocks until the process has opened it too.
    let started = project.folder().join("started");
    assert!(Command::new("mkfifo").arg(&started).status().unwrap().success());
    let child = project.start(arguments);
    let mut line = String::new();
    BufReader::new(fs::File::open(started).unwrap()).read_line(&mut line).unwrap();
    let process = fs::read_to_string(project.folder().join("id")).unwrap().trim().to_owned();
    assert!(is_running(&process), "{process} is what stays");
    (child, process)
}

/// Whether a process runs. A zombie doesn't.
fn is_running(process: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    status.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

fn json(project: &Project, file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(project.folder().join(file)).unwrap()).unwrap()
}

fn check_contains(text: &str, expected: &[&str]) {
    for expected in expected {
        assert!(text.contains(expected), "no `{expected}` in:\n{text}");
    }
}

#[test]
fn a_run_that_is_interrupted_while_it_starts_leaves_nothing_behind() {
    let service = format!("services:\n  stays:\n    command: {STAYS}\n");
    let build = format!("build: {STAYS}\nservices:\n  stays: {{ base_url: http://{} }}\n", server());
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        for (configuration, stopped) in
            [(&service, "– Waits  stopped at the start of its services\n"), (&build, "")]
        {
            let project = Project::new(configuration).with(
                "scenarios/waits.yaml",
                "scenario: Waits\nsteps:\n  - request: GET stays /\n    expect: { status: 200 }\n",
            );
            let reports = "json=report.json,junit=report.xml,html=report.html";
            let (child, process) = start_until_it_stays(&project, &["--seed", "7", "--report", reports]);
            send(signal, &child);
            let ended = Ended::from(child.wait_with_output().unwrap());
            assert_eq!(ended.code, Some(code), "{ended:?}");
            let why = format!("interrupted by SIG{signal}");
            let again = "again: runner --seed 7\n";
            check_contains(&ended.out, &["1 scenario: 1 not run", stopped, &why, again]);
            assert!(!is_running(&process), "{signal}: {process} still runs");
            assert_eq!(project.left_behind(), Vec::<String>::new(), "{signal}");
            let report = json(&project, "report.json");
            assert_eq!(
                (&report["interrupted"], &report["summary"]["not_run"]),
                (&why.clone().into(), &1.into())
            );
            for file in ["report.xml", "report.html"] {
                check_contains(&fs::read_to_string(project.folder().join(file)).unwrap(), &[&why]);
            }
        }
    }
}

#[test]
fn an_interrupted_run_tells_its_results_so_far() {
    let (address, was_asked) = server_that_tells(2, "alice");
    let project = patient(address)
        .with("scenarios/1.yaml", scenario("Passes", ""))
        .with(
            "scenarios/2.yaml",
            scenario("Fails", "  - request: GET users /\n    expect: { status: 500 }\n"),
        )
        .with("scenarios/3.yaml", scenario("Waits", ""))
        .with("scenarios/4.yaml", scenario("Is never started", ""));
    let mut child = project.start(&["--jobs", "1", "--seed", "7", "--report", "json=report.json"]);
    // The third scenario's request is never answered.
    wait_for(3, &was_asked);
    let (read, rest) = read_until(&mut child, "✗ Fails");
    send("INT", &child);
    let ended = end(child, read, rest);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    check_contains(
        &ended.out,
        &[
            "✓ Passes",
            "✗ Fails\n  scenarios/2.yaml",
            "– Waits  stopped at 1/1 ",
            "4 scenarios: 1 passed, 1 failed, 2 not run",
            "seed 7, interrupted by SIGINT",
            "again: runner --jobs 1 --seed 7",
        ],
    );
    let report = json(&project, "report.json");
    assert_eq!(report["scenarios"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!(report["summary"]["not_run"], 2);
}

#[test]
fn a_second_signal_ends_the_run_at_once() {
    let project = Project::new(&format!("services:\n  stays:\n    command: {STAYS}\n")).with(
        "scenarios/waits.yaml",
        "scenario: Waits\nsteps:\n  - request: GET stays /\n    expect: { status: 200 }\n",
    );
    // Nothing reads this pipe when the report is written, so that the run waits there.
    let report = project.folder().join("report");
    assert!(Command::new("mkfifo").arg(&report).status().unwrap().success());
    let reader = std::thread::spawn({
        let report = report.clone();
        // For the check before the run.
        move || fs::read(report).unwrap()
    });
    let (mut child, process) = start_until_it_stays(&project, &["--report", "json=report"]);
    assert_eq!(reader.join().unwrap(), b"");
    send("INT", &child);
    let (read, rest) = read_until(&mut child, "again: ");
    send("TERM", &child);
    let ended = end(child, read, rest);
    assert_eq!(ended.code, Some(143), "{ended:?}");
    assert!(!is_running(&process), "{process} still runs");
}

#[test]
fn an_interrupted_exploration_tells_what_it_covered() {
    let (address, was_asked) = server_that_tells(usize::MAX, "alice");
    let exploration = "\
exploration: Alice is there
steps: 1
operations:
  look: { request: GET users /users/1, expect: { status: 200, body: { name: alice } } }
";
    let project = patient(address).with("explorations/alice.yaml", exploration);
    let child = project.start(&["explore", "explorations", "--for", "1h", "--jobs", "1", "--seed", "7"]);
    // The second sequence runs once the first one has held.
    wait_for(2, &was_asked);
    send("TERM", &child);
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(143), "{ended:?}");
    check_contains(
        &ended.out,
        &[
            "1 exploration for 3600s, seed 7\n",
            "– Alice is there  explorations/alice.yaml  ",
            "interrupted by SIGTERM\nagain: runner explore explorations --for 1h --jobs 1 --seed 7\n",
        ],
    );
}

#[test]
fn a_find_is_kept_before_it_is_made_smaller() {
    // The first sequence fails, and the first attempt to make it smaller never ends.
    let exploration = "\
exploration: Alice is there
steps: 2
operations:
  look: { request: GET users /users/1, expect: { status: 200, body: { name: alice } } }
";
    let (address, _) = server_that_tells(1, "bob");
    let project = patient(address).with("explorations/alice.yaml", exploration);
    let mut child =
        project.start(&["explore", "explorations", "--jobs", "1", "--seed", "7", "-c", "e2e.conf"]);
    let (read, rest) = read_until(&mut child, "it is made smaller now");
    let kept = "scenarios/regressions/alice-7-0.yaml";
    check_contains(
        &read,
        &["sequence 0 failed: step 1, ", "body.name: expected \"alice\", found \"bob\"", kept],
    );
    let before = fs::read_to_string(project.folder().join(kept)).unwrap();
    check_contains(
        &before,
        &[
            "# Found by explorations/alice.yaml with seed 7, in sequence 0 of 2 steps. It fails with --seed 7.",
        ],
    );
    send("INT", &child);
    let ended = end(child, read, rest);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let again = format!("kept as {kept}\nagain: runner {kept} --config e2e.conf --seed 7\n");
    check_contains(
        &ended.out,
        &["✗ Alice is there", " runs; it wasn't run again\n", &again, "interrupted by SIGINT"],
    );
    assert!(project.folder().join(kept).exists());
}

#[test]
fn an_interrupted_sweep_tells_its_table_so_far() {
    // The scenario passes as it is; the first run with a fault never ends.
    let (address, was_asked) = server_that_tells(1, "alice");
    let post = scenario("Alice is made", "")
        .replace("GET users /users/1", "POST users /users/1\n    headers: { Idempotency-Key: a }");
    let project = patient(address)
        .with("scenarios/alice.yaml", post)
        .with("scenarios/bob.yaml", scenario("Bob is there", ""))
        .with("scenarios/carol.yaml", scenario("Carol is there", ""));
    let child =
        project.start(&["sweep", "scenarios", "--jobs", "1", "--seed", "7", "--report", "json=report.json"]);
    wait_for(2, &was_asked);
    send("INT", &child);
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130), "{ended:?}");
    check_contains(
        &ended.out,
        &[
            "a sweep of 3 scenarios, seed 7\n",
            "; interrupted, ",
            " not run, seed 7\n",
            "not swept: scenarios/bob.yaml\nnot swept: scenarios/carol.yaml\n",
            "again: runner sweep scenarios --jobs 1 --seed 7\n",
        ],
    );
    let report = json(&project, "report.json");
    assert_eq!(report["interrupted"], "interrupted by SIGINT");
    assert!(report["sweeps"][0]["not_run"].as_u64().unwrap() > 0, "{report}");
}

/// A run whose output is closed before the first result is written.
fn with_closed_output(scenarios: usize) -> (Project, Ended) {
    let (close, closed) = channel::<()>();
    let address = server_with(move |head| {
        if head.starts_with(b"GET /users/") {
            // Ends at once from the second request on.
            let _ = closed.recv();
        }
        Some("alice")
    });
    let mut project = patient(address);
    for number in 0..scenarios {
        project =
            project.with(&format!("scenarios/{number}.yaml"), scenario(&format!("Number {number}"), ""));
    }
    let mut child = project.start(&["--jobs", "1", "--report", "json=report.json"]);
    // The opening ends with an empty line.
    let (read, mut rest) = read_until(&mut child, "runs at ");
    assert_eq!(rest.read_line(&mut String::new()).unwrap(), 1);
    drop((rest, close));
    let ended = Ended { out: read, ..Ended::from(child.wait_with_output().unwrap()) };
    assert_eq!(ended.err, "", "a closed pipe is no error");
    (project, ended)
}

#[test]
fn a_closed_pipe_ends_the_run_and_reports_are_written() {
    let (project, ended) = with_closed_output(3);
    assert_eq!(ended.code, Some(141), "{ended:?}");
    let report = json(&project, "report.json");
    assert_eq!(report["interrupted"], "interrupted: its output can't be written any more");
    assert_eq!((&report["summary"]["passed"], &report["summary"]["not_run"]), (&1.into(), &2.into()));
}

#[test]
fn a_run_that_has_ended_has_its_verdict_though_the_pipe_is_closed() {
    let (project, ended) = with_closed_output(1);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(json(&project, "report.json")["summary"]["passed"], 1);
}

#[test]
fn results_that_can_not_be_written_are_exit_code_3() {
    let project = patient(server()).with("scenarios/alice.yaml", scenario("Alice is there", ""));
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = project.command(&["--report", "json=report.json"]);
    let ended = Ended::from(command.stdout(full).output().unwrap());
    assert_eq!(ended.code, Some(3), "{ended:?}");
    check_contains(&ended.err, &["results can't be written: "]);
    assert_eq!(json(&project, "report.json")["summary"]["not_run"], 1);
}

#[test]
fn a_report_that_can_not_be_written_is_found_before_the_run() {
    for file in ["e2e.conf/report.json", "scenarios"] {
        let project = patient(server()).with("scenarios/alice.yaml", scenario("Alice is there", ""));
        for command in [&[][..], &["sweep", "scenarios"]] {
            let report = format!("json={file}");
            let ended = project.run(&[command, &["--report", &report]].concat());
            assert_eq!((ended.code, &*ended.out), (Some(3), ""), "{ended:?}");
            check_contains(&ended.err, &["the report can't be written to ", file]);
        }
    }
}
