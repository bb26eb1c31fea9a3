//! Steps that run commands.

use std::{fs, path::Path, time::Instant};

use engine::{Rules, ScenarioResult, run_scenario};
use fault::Seed;
use scenario::{File, read_file};
use verdict::Verdict;

use crate::fixture::{TestFleet, configuration, eventually, on_runtime, service, written_id};

pub(crate) const TRIALS: &[(&str, fn())] = &[
    ("a_command_gets_what_it_is_given_and_its_end_is_judged", is_judged),
    ("a_command_that_fails_is_a_finding_with_its_last_lines", fails),
    ("a_command_that_takes_too_long_is_ended_with_all_that_it_started", times_out),
    ("what_a_command_leaves_behind_ends_with_it", leaves_nothing),
    ("a_command_ends_with_its_world", ends_with_its_world),
];

/// Runs these steps in a fleet whose configuration has a folder of its own.
fn run(steps: &str, files: &[(&str, &str)]) -> (ScenarioResult, TestFleet) {
    let services = service("alone", &[], &[]);
    let fleet = TestFleet::new(&services);
    for (name, content) in files {
        fs::write(fleet.data.path().join(name), content).expect("it can be written");
    }
    let result = on_runtime(run_in(&fleet, &services, steps));
    (result, fleet)
}

async fn run_in(fleet: &TestFleet, services: &str, steps: &str) -> ScenarioResult {
    let configuration = configuration(services, fleet.data.path());
    let text = format!("scenario: s\nsteps:\n{steps}");
    let File::Scenario(scenario) = read_file(&text, "a.yaml".into(), &configuration)
        .unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{text}"))
    else {
        panic!("{text}")
    };
    run_scenario(&fleet.inner, scenario.into(), &Rules::from(&configuration), Seed(1), |_| {}).await
}

/// The findings, each with its last lines.
fn told(result: &ScenarioResult) -> Vec<String> {
    let failures = match &result.verdict {
        Verdict::Passed => return Vec::new(),
        Verdict::Failed(failures) => failures,
        other => panic!("{other:?}"),
    };
    let findings = failures.iter().flat_map(|failure| &failure.findings);
    findings.map(|f| format!("{}: {} / {} {:?}", f.subject(), f.expected, f.found, f.log)).collect()
}

fn is_judged() {
    let steps = "
  - run: [sh, -c, 'echo version 3.1; echo careful >&2; exit 2', ignored]
    expect: { exit: [1, 2], stdout: [version, '3.'], stderr: careful, that: \"exit == 2 and took < 60s\" }
    capture: { version: \"stdout | regex('version (.*)')\", code: exit }
  - run: ./greet --name \"${version} ${code}\"
    env: { GREETING: 'hello, ${code}', URL: '${url.alone}' }
    stdin: 'from ${version}'
    expect: { stdout: ['hello, 2', '--name 3.1 2', 'from 3.1', 'http://127.0.0.1:'] }
  - run: sh -c pwd
    cwd: ${data_dir.alone}
    expect: { stdout: /alone, that: \"stdout | trim | length > 10\" }
    capture: { folder: stdout | trim }
  - { run: 'ls ${conf_dir}', expect: { stdout: greet } }
  - check: folder != version
";
    let greet = "#!/bin/sh\necho \"$GREETING $URL $*\"\ncat\n";
    let services = service("alone", &[], &[]);
    let fleet = TestFleet::new(&services);
    let program = fleet.data.path().join("greet");
    fs::write(&program, greet).expect("it can be written");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, executable).expect("it can be changed");
    assert_eq!(told(&on_runtime(run_in(&fleet, &services, steps))), [""; 0]);
}

fn fails() {
    let (result, _fleet) = run("  - run: sh -c 'echo one; echo two; echo bad >&2; exit 3'\n", &[]);
    assert_eq!(
        told(&result),
        ["exit: exit code 0 / exit code 3 [\"stdout: one\", \"stdout: two\", \"stderr: bad\"]"]
    );
    let (result, _fleet) = run(
        "  - { run: sh -c 'echo one', expect: { exit: 4, stdout: three, stderr: x, that: stdout == 'two' } }\n",
        &[],
    );
    assert_eq!(
        told(&result),
        [
            "exit: exit code 4 / exit code 0 [\"stdout: one\"]",
            "stdout: three / it isn't in what was written []",
            "stderr: x / nothing was written []",
            "that: stdout == 'two' / \"one\\n\" == \"two\" []",
        ]
    );
    let (result, fleet) = run("  - { run: ./missing }\n", &[]);
    let why = format!(
        "exit: exit code 0 / it can't be started: No such file or directory (os error 2) (in {}) []",
        fleet.data.path().display()
    );
    assert_eq!(told(&result), [why]);
    let (result, _fleet) = run("  - { run: sh -c 'kill -9 $$' }\n", &[]);
    assert_eq!(told(&result), ["exit: exit code 0 / signal 9 []"]);
}

/// A command that writes the id of a process in the background into a file, and goes on.
fn starting_another(file: &Path, then: &str) -> String {
    format!("[sh, -c, 'sleep 100 & echo $! > {}; {then}']", file.display())
}

fn has_ended(file: &Path) -> bool {
    let id = written_id(file).expect("the command wrote it");
    rustix::process::test_kill_process(id).is_err()
}

fn times_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("id");
    let began = Instant::now();
    let command = starting_another(&file, "echo waiting; wait");
    let (result, _fleet) = run(&format!("  - {{ run: {command}, timeout: 200ms }}\n"), &[]);
    let expected =
        "exit: exit code 0 / it was ended, because it didn't end within 200ms [\"stdout: waiting\"]";
    assert_eq!(told(&result), [expected]);
    assert!(began.elapsed().as_secs() < 50);
    eventually("the process in the background ends", || has_ended(&file));
}

fn leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for then in ["true", "setsid sleep 100 & echo $! > escaped"] {
        let file = folder.path().join("id");
        let (result, fleet) = run(&format!("  - {{ run: {} }}\n", starting_another(&file, then)), &[]);
        assert_eq!(told(&result), [""; 0]);
        eventually("the process in the background ends", || has_ended(&file));
        let escaped = fleet.data.path().join("escaped");
        if escaped.exists() {
            eventually("the one that left its group ends", || has_ended(&escaped));
        }
    }
}

fn ends_with_its_world() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("id");
    let services = service("alone", &[], &[]);
    let fleet = TestFleet::new(&services);
    on_runtime(async {
        let steps = format!("  - {{ run: {} }}\n", starting_another(&file, "wait"));
        let running = run_in(&fleet, &services, &steps);
        let begun = async {
            while written_id(&file).is_none() {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            _ = running => panic!("the command doesn't end by itself"),
            () = begun => {}
        }
    });
    eventually("the process in the background ends", || has_ended(&file));
}
