//! `runner`: runs scenarios against real processes, with a fault proxy on every link between them.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main(&runner::Live)
}
