//! The command line as it was typed, for the commands that repeat what it did.

use std::{env, path::Path};

use clap::{Arg, ArgMatches, Command, parser::ValueSource};
use report::Again;

/// The options that aren't among those of a repetition: it has a seed of its own, runs once, leaves the reports alone, looks as its terminal
/// likes it, and repeats scenarios only where that matters.
const NOT_REPEATED: [&str; 6] = ["seed", "report", "color", "quiet", "repeat", "watch"];
/// The options that select what is run.
const SELECTING: [&str; 3] = ["filter", "rerun_failed", "shard"];
/// The options that hold for scenarios that are kept, too.
const CONFIGURATION: [&str; 2] = ["config", "no_build"];

/// The commands that repeat what a command line did.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// Repeats the command.
    pub(crate) again: Again,
    /// Runs a scenario that the command has kept.
    pub(crate) kept: Again,
}

impl Invocation {
    /// What these arguments of this process mean.
    pub(crate) fn new(command: &Command, matches: &ArgMatches) -> Self {
        let program = program();
        let (name, command, matches) = match matches.subcommand() {
            Some((name, matches)) => {
                (Some(name.to_owned()), command.find_subcommand(name).unwrap_or(command), matches)
            }
            None => (None, command, matches),
        };
        let typed = || {
            command
                .get_arguments()
                .filter(|arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine))
        };
        let selects = |arg: &Arg| arg.is_positional() || SELECTING.contains(&arg.get_id().as_str());
        let words_of = |wanted: &dyn Fn(&Arg) -> bool| -> Vec<String> {
            typed().filter(|arg| wanted(arg)).flat_map(|arg| words(arg, matches)).collect()
        };
        let selection = name.into_iter().chain(words_of(&selects)).collect();
        let options = words_of(&|arg| !selects(arg) && !NOT_REPEATED.contains(&arg.get_id().as_str()));
        let configuration = words_of(&|arg| CONFIGURATION.contains(&arg.get_id().as_str()));
        let repeat = words_of(&|arg| arg.get_id() == "repeat");
        let kept = Again { program: program.clone(), options: configuration, ..Again::default() };
        Self { again: Again { program, selection, options, repeat, ..Again::default() }, kept }
    }
}

/// An argument as it is typed, with its values.
fn words(arg: &Arg, matches: &ArgMatches) -> Vec<String> {
    let values = matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
    let values = values.map(|value| value.to_string_lossy().into_owned());
    let Some(option) = arg.get_long().map(|long| format!("--{long}")) else { return values.collect() };
    let values: Vec<String> = if arg.get_action().takes_values() { values.collect() } else { Vec::new() };
    match values.as_slice() {
        [] => vec![option],
        values if arg.is_require_equals_set() => {
            values.iter().map(|value| format!("{option}={value}")).collect()
        }
        values => values.iter().flat_map(|value| [option.clone(), value.clone()]).collect(),
    }
}

/// The name of this program, without its folder.
pub(crate) fn program_name() -> String {
    let typed = env::args_os().next();
    let name = typed.as_deref().and_then(|typed| Path::new(typed).file_name());
    name.map_or_else(|| "runner".into(), |name| name.to_string_lossy().into_owned())
}

/// The words that start this program: its name, or its path if it isn't searched for, or a `cargo run` of it.
fn program() -> Vec<String> {
    let typed =
        env::args_os().next().map_or_else(|| "runner".into(), |typed| typed.to_string_lossy().into_owned());
    let name = Path::new(&typed).file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(name) = name else { return vec![typed] };
    // `cargo run` sets them for what it runs.
    if env::var_os("CARGO").is_none() || env::var_os("CARGO_MANIFEST_DIR").is_none() {
        return vec![typed];
    }
    let profile = Path::new(&typed).parent().and_then(Path::file_name).map(|name| name.to_string_lossy());
    let profile = match profile.as_deref() {
        None | Some("debug") => Vec::new(),
        Some("release") => vec!["--release".into()],
        Some(other) => vec!["--profile".into(), other.into()],
    };
    let words = ["cargo".into(), "run".into()].into_iter().chain(profile);
    words.chain(["--bin".into(), name, "--".into()]).collect()
}
