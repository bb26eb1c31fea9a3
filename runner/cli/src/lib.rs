//! The runner's command line: it reads a project, runs its scenarios, and shows the results.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `arguments` | the arguments, as they are typed |
//! | `project` | e2e.conf, the scenarios and the invariants, found and read: all mistakes at once |
//! | `disk_files` | the files that scenarios name |
//! | `selection` | the scenarios to run, and those to skip |
//! | `project_command` | what all commands have in common |
//! | `invocation` | the command line as it was typed, for the commands that repeat it |
//! | `run` | runs scenarios |
//! | `explore` | runs generated sequences until one fails |
//! | `sweep` | runs a passing scenario again, with each fault at each of its calls |
//! | `search` | an exploration or a sweep under way: its progress, and what it finds |
//! | `new` | makes the first files of a project, of documents or of what listens |
//! | `listening` | asks an address what is there |
//! | `import` | turns what other tools write into scenarios |
//! | `new_files` | files that a command makes; none is overwritten |
//! | `schema` | prints the JSON Schema of a kind of file |
//! | `schema_line` | the comment by which an editor finds the schema of a kept scenario |
//! | `up` | starts the services and keeps them running |
//! | `invariant_files` | the files of invariants of a project |
//! | `thin` | what a green result doesn't show, and `--strict` |
//! | `output` | results on stdout, errors on stderr |
//! | `worlds` | the worlds in which scenarios run |
//! | `interrupt` | signals, and output that can't be written any more |
//! | `exit` | the exit code |
//!
//! The caller of [`main`] passes the worlds: the `runner` binary runs scenarios on real processes and sockets, and a
//! binary that has its services linked in can run them in virtual time with the same command line.

mod arguments;
mod disk_files;
mod exit;
mod explore;
mod import;
mod interrupt;
mod invariant_files;
mod invocation;
mod listening;
mod new;
mod new_files;
mod output;
mod project;
mod project_command;
mod run;
mod schema;
mod schema_line;
mod search;
mod selection;
mod service_output;
mod sweep;
mod thin;
mod up;
mod worlds;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

pub use exit::Exit;
pub use project::{Mistakes, Project};
pub use report::{Interruption, WorldKind};
pub use run::review;
pub use worlds::{Build, Live, Prepared, WorldOptions, Worlds};

use arguments::{Arguments, Command};
use invocation::Invocation;

/// The help of the command and of each of its subcommands, with their names: what `--help` prints.
pub fn help_pages() -> Vec<(String, String)> {
    const WIDTH: usize = 100;
    let mut command =
        Arguments::command().term_width(WIDTH).mut_subcommands(|command| command.term_width(WIDTH));
    command.build();
    let mut pages = vec![(command.get_name().to_owned(), command.render_help().to_string())];
    for command in command.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        pages.push((format!("runner {}", command.get_name()), command.render_help().to_string()));
    }
    pages
}

/// Runs the command that the arguments of this process name, in these worlds.
pub fn main<W: Worlds>(worlds: &W) -> ExitCode {
    let mut command = Arguments::command();
    let matched = command.try_get_matches_from_mut(std::env::args_os());
    let typed = matched.and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
    let (arguments, matches) = match typed {
        Ok(typed) => typed,
        Err(error) => {
            // Help and version are printed on stdout and are no mistake; clap knows which is which.
            let printed = error.print();
            let exit = if error.use_stderr() || printed.is_err() { Exit::Mistake } else { Exit::Passed };
            return exit.into();
        }
    };
    let invocation = Invocation::new(&command, &matches);
    let exit = match arguments.command {
        Some(Command::New(new)) => new::new(&new),
        Some(Command::Import(import)) => import::import(&import),
        Some(Command::Up(up)) => up::up(&up, W::KIND),
        Some(Command::Sweep(sweep)) => sweep::sweep(&sweep, &invocation, worlds),
        Some(Command::Explore(explore)) => explore::explore(&explore, &invocation, worlds),
        Some(Command::Schema(schema)) => schema::schema(&schema),
        None => run::run(&arguments.run, &invocation, worlds),
    };
    exit.into()
}
