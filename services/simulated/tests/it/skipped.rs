//! Scenarios that no simulated world can run.

use std::{fs, process::Command};

const CONFIGURATION: &str = "services:\n  users-service: { base_url: http://localhost:5002 }\n  orders-service: { base_url: http://localhost:5003 }\n  payment-service: { base_url: http://localhost:5004 }\n";
const COMMANDS: &str = "scenario: Commands\nsteps:\n  - { run: 'true', expect: { exit: 0 } }\n";

#[test]
fn a_scenario_with_commands_is_skipped_for_them_and_for_no_service() {
    let folder = std::env::temp_dir().join(format!("skipped-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("e2e.conf"), CONFIGURATION).unwrap();
    fs::write(folder.join("commands.yaml"), COMMANDS).unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_simulate")).arg("commands.yaml").current_dir(&folder).output();
    let output = output.unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let thin = "thin: 1 scenario with `run` was skipped: simulated worlds have no commands (run them in the live world, with `runner`)\n";
    assert!(told.ends_with(thin), "{told}");
}
