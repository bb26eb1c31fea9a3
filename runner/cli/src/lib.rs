//! The runner's command line: it reads a project, runs its scenarios, and shows the results.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `arguments` | the arguments, as they are typed |
//! | `project` | e2e.conf, the scenarios and the invariants, found and read: all mistakes at once |
//! | `selection` | the scenarios to run, and those to skip |
//! | `project_command` | what all commands have in common |
//! | `run` | runs scenarios |
//! | `explore` | runs generated sequences until one fails |
//! | `sweep` | runs a passing scenario again, with each fault at each of its calls |
//! | `up` | starts the services and keeps them running |
//! | `invariant_files` | the files of invariants of a project |
//! | `thin` | what a green result doesn't show, and `--strict` |
//! | `output` | results on stdout, errors on stderr |
//! | `worlds` | the worlds in which scenarios run |
//! | `interrupt` | Ctrl-C and SIGTERM |
//! | `exit` | the exit code |
//!
//! The caller of [`main`] passes the worlds: the `runner` binary runs scenarios on real processes and sockets, and a
//! binary that has its services linked in can run them in virtual time with the same command line.

mod arguments;
mod exit;
mod explore;
mod interrupt;
mod invariant_files;
mod output;
mod project;
mod project_command;
mod run;
mod selection;
mod service_output;
mod sweep;
mod thin;
mod up;
mod worlds;

use std::process::ExitCode;

use clap::Parser;

pub use exit::Exit;
pub use project::{Mistakes, Project};
pub use report::WorldKind;
pub use run::{review, rules};
pub use worlds::{Build, Live, Prepared, WorldOptions, Worlds};

use arguments::{Arguments, Command};

/// Runs the command that the arguments of this process name, in these worlds.
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
