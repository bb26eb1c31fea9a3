//! Fleets of real processes. The services are this binary itself, started again with a variable that says so: no
//! other program than `sh` is needed.

mod ends;
mod fixture;
mod lives;
mod service;
mod starts;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Says what this binary is to be, if it isn't to run the tests.
const ROLE: &str = "FLEET_TEST_ROLE";

fn main() -> ExitCode {
    match std::env::var(ROLE).as_deref() {
        Ok("service") => service::serve(),
        Ok("runner") => ends::run_until_killed(),
        _ => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn trials() -> Vec<Trial> {
    let trials = [starts::TRIALS, lives::TRIALS, ends::TRIALS].concat();
    trials.into_iter().map(|(name, trial)| Trial::test(name, move || run(trial))).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "the harness wants a result; trials panic")]
fn run(trial: fn()) -> Result<(), libtest_mimic::Failed> {
    trial();
    Ok(())
}
