//! `simulate`: runs scenarios against the shop in virtual time, with the runner's own command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&simulated::Simulated)
}
