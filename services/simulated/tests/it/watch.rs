//! `--watch` in virtual time: the runtime has no sockets and its clock stands still, and yet files that are saved are noticed.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

const CONFIGURATION: &str = "services:\n  users-service: { base_url: http://localhost:5002 }\n  orders-service: { base_url: http://localhost:5003 }\n  payment-service: { base_url: http://localhost:5004 }\n";

fn scenario(status: u16) -> String {
    format!(
        "scenario: Nobody has the last id\nsteps:\n  - request: GET users-service /api/users/999999\n    expect: {{ status: {status} }}\n  - wait: 1h\n"
    )
}

/// Ends with the test, also when that fails.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_scenario_that_is_saved_runs_again_in_virtual_time() {
    let folder = std::env::temp_dir().join(format!("watched-{}", std::process::id()));
    fs::create_dir_all(folder.join("scenarios")).unwrap();
    fs::write(folder.join("e2e.conf"), CONFIGURATION).unwrap();
    let save = |status| fs::write(folder.join("scenarios/last.yaml"), scenario(status)).unwrap();
    save(200);
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulate"));
    command.arg("--watch").current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut watching = Watching(command.spawn().unwrap());
    let mut out = BufReader::new(watching.0.stdout.take().unwrap());
    let mut told = || {
        let mut read = String::new();
        while !read.ends_with("Ctrl-C ends it\n") {
            assert!(out.read_line(&mut read).unwrap() > 0, "{read}");
        }
        read
    };
    let check = |told: String, expected: &[&str]| {
        for text in expected {
            assert!(told.contains(text), "no `{text}` in:\n{told}");
        }
    };
    check(told(), &["✗ Nobody has the last id", "1 failed"]);
    save(404);
    check(told(), &["saved: scenarios/last.yaml", "✓ Nobody has the last id", "60 min 0 s of virtual time"]);
    save(403);
    check(told(), &["✗ Nobody has the last id"]);
    let id = watching.0.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
    assert_eq!(watching.0.wait().unwrap().code(), Some(1));
    fs::remove_dir_all(folder).unwrap();
}
