//! The runner's command line: it reads what was written, has it run, and shows what came of it.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `arguments` | what can be typed |
//! | `project` | e2e.conf, the scenarios and the invariants, found and read: all mistakes at once |
//! | `selection` | which of the scenarios are meant |
//! | `run` | the run: what is found, what happens, what came of it |
//! | `attend` | what every command does around its work |
//! | `explore` | sequences that nobody wrote, run until one fails |
//! | `sweep` | a green scenario again, with each fault at each of its calls |
//! | `up` | the fleet, kept up for a person to browse |
//! | `worlds` | what the command line is given: where scenarios run |
//! | `interrupt` | Ctrl-C and SIGTERM |
//! | `exit` | what the process says to its caller |
//!
//! The worlds come from whoever calls [`main`]: the `runner` binary runs scenarios on real processes and sockets, and
//! a binary that has its services linked in can run them in virtual time with the same command line.

mod arguments;
mod attend;
mod exit;
mod explore;
mod interrupt;
mod project;
mod run;
mod selection;
mod sweep;
mod up;
mod worlds;

use std::process::ExitCode;

use clap::Parser;

pub use exit::Exit;
pub use project::{Mistakes, Project};
pub use report::WorldKind;
pub use run::{review, rules};
pub use worlds::{Build, Live, Prepared, Worlds};

use arguments::{Arguments, Command};

/// Does what the command line says, in these worlds.
pub fn main(worlds: &impl Worlds) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are printed on stdout and are no mistake; clap knows which is which.
            let printed = error.print();
            let exit = if error.use_stderr() || printed.is_err() { Exit::Mistake } else { Exit::Passed };
            return exit.into();
        }
    };
    let exit = match arguments.command {
        Some(Command::Up(up)) => up::up(&up),
        Some(Command::Sweep(sweep)) => sweep::sweep(&sweep, worlds),
        Some(Command::Explore(explore)) => explore::explore(&explore, worlds),
        None => run::run(&arguments.run, worlds),
    };
    exit.into()
}
