//! The runner's command line: it reads a project, runs its scenarios, and shows the results.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `arguments` | the arguments, as they are typed |
//! | `examples` | the ends of the `--help` of each command |
//! | `project` | e2e.conf, the scenarios and the invariants, found and read: all mistakes at once |
//! | `disk_files` | the files that scenarios name |
//! | `selection_args` | `--filter`, `--rerun-failed`, `--shard` and `--sort`: which scenarios run, in which order |
//! | `filter` | the language of `--filter` |
//! | `selection` | the runs of them, and those to skip |
//! | `last_run` | the verdicts of the last run |
//! | `load` | whether the machine carries as many requests at once as scenarios send |
//! | `project_command` | what all commands have in common |
//! | `invocation` | the command line as it was typed, for the commands that repeat it |
//! | `run` | runs scenarios |
//! | `watch` | runs scenarios again when they are saved |
//! | `snapshots` | compares results with their snapshots |
//! | `github` | annotations and the job's summary in GitHub Actions |
//! | `check`, `list` | reads all files; the scenarios and tags in them |
//! | `replay`, `started` | runs the scenarios of a report again; how a run was started |
//! | `review` | accepts and rejects snapshots that differ |
//! | `completions` | completes this command line in shells |
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
//! | `masked` | output without secrets |
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
mod check;
mod completions;
mod disk_files;
mod examples;
mod exit;
mod explore;
mod filter;
mod github;
mod import;
mod interrupt;
mod invariant_files;
mod invocation;
mod last_run;
mod list;
mod listening;
mod load;
mod masked;
mod new;
mod new_files;
mod output;
mod project;
mod project_command;
mod replay;
mod review;
mod run;
mod schema;
mod schema_line;
mod search;
mod selection;
mod selection_args;
mod service_output;
mod snapshots;
mod started;
mod sweep;
mod thin;
mod up;
mod watch;
mod worlds;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

pub use exit::Exit;
pub use filter::{FILTER_PREDICATES, FilterPredicate};
pub use project::{Mistakes, Project};
pub use report::{Interruption, WorldKind};
pub use snapshots::review;
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
    anstream::ColorChoice::from(arguments.color).write_global();
    let invocation = Invocation::new(&command, &matches);
    let exit = match arguments.command {
        Some(Command::New(new)) => new::new(&new),
        Some(Command::Import(import)) => import::import(&import),
        Some(Command::Up(up)) => up::up(&up, W::KIND),
        Some(Command::Sweep(sweep)) => sweep::sweep(&sweep, &invocation, worlds),
        Some(Command::Explore(explore)) => explore::explore(&explore, &invocation, worlds),
        Some(Command::Schema(schema)) => schema::schema(&schema),
        None if arguments.run.watch => watch::watch(&arguments.run, &invocation, worlds),
        Some(Command::Check(check)) => check::check(&check),
        Some(Command::List(list)) => list::list(&list, W::KIND),
        Some(Command::Replay(replay)) => replay::replay(&replay, worlds),
        Some(Command::Review(review)) => review::review(&review),
        Some(Command::Completions(shell)) => {
            completions::completions(&shell, &mut command, &invocation::program_name())
        }
        None => run::run(&arguments.run, &invocation, worlds),
    };
    exit.into()
}
