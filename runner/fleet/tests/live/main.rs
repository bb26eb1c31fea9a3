//! Fleets of real processes. The services are this binary, started with [`ROLE`] set: no other program than `sh` is
//! needed.

mod cleanup;
mod commands;
mod during;
mod escapes;
mod exits;
mod fixture;
mod output;
mod running;
mod service;
mod signals;
mod spare;
mod startup;
mod stubs;
mod surroundings;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Environment variable with what this binary is: `service`, `runner`, `alone`, `build`, or the tests if it isn't set.
const ROLE: &str = "FLEET_TEST_ROLE";

fn main() -> ExitCode {
    match std::env::var(ROLE).as_deref() {
        Ok("service") => service::serve(),
        Ok("alone") => escapes::run_alone(),
        Ok("build") => escapes::leave_process(),
        Ok("runner") => cleanup::run_until_killed(),
        _ => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn trials() -> Vec<Trial> {
    let trials = [
        startup::TRIALS,
        signals::TRIALS,
        during::TRIALS,
        exits::TRIALS,
        cleanup::TRIALS,
        surroundings::TRIALS,
        escapes::TRIALS,
        output::TRIALS,
        stubs::TRIALS,
        commands::TRIALS,
        running::TRIALS,
        spare::TRIALS,
    ]
    .concat();
    trials.into_iter().map(|(name, trial)| Trial::test(name, move || run(trial))).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "the harness wants a result; trials panic")]
fn run(trial: fn()) -> Result<(), libtest_mimic::Failed> {
    trial();
    Ok(())
}
