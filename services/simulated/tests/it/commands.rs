//! Steps that run commands: simulated worlds have none.

use std::{fs, process::Command};

const CONFIGURATION: &str = "services:\n  users-service: { base_url: http://localhost:5002 }\n  orders-service: { base_url: http://localhost:5003 }\n  payment-service: { base_url: http://localhost:5004 }\n";

#[test]
fn a_scenario_with_a_command_is_skipped_and_told_where_it_runs() {
    let folder = std::env::temp_dir().join(format!("commands-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("e2e.conf"), CONFIGURATION).unwrap();
    fs::write(folder.join("a.yaml"), "scenario: A command\nsteps:\n  - run: 'true'\n").unwrap();
    let ended =
        Command::new(env!("CARGO_BIN_EXE_simulate")).arg("a.yaml").current_dir(&folder).output().unwrap();
    let out = String::from_utf8(ended.stdout).unwrap();
    assert!(out.contains("1 scenario: 1 skipped"), "{out}");
    assert!(out.ends_with("\nthin: 1 scenario was skipped (run them live, with `runner`)\n"), "{out}");
    fs::remove_dir_all(folder).unwrap();
}
