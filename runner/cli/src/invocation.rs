//! The command line as it was typed, for the commands that repeat what it did.

use std::{env, path::Path};

use clap::{Arg, ArgMatches, Command, parser::ValueSource};
use report::Again;

/// The options that a repetition doesn't have: it has a seed of its own, runs once, and leaves the reports alone.
const NOT_REPEATED: [&str; 3] = ["seed", "report", "watch"];
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
        let selects = |arg: &Arg| arg.is_positional() || arg.get_id() == "filter";
        let words_of = |wanted: &dyn Fn(&Arg) -> bool| -> Vec<String> {
            typed().filter(|arg| wanted(arg)).flat_map(|arg| words(arg, matches)).collect()
        };
        let selection = name.into_iter().chain(words_of(&selects)).collect();
        let options = words_of(&|arg| !selects(arg) && !NOT_REPEATED.contains(&arg.get_id().as_str()));
        let configuration = words_of(&|arg| CONFIGURATION.contains(&arg.get_id().as_str()));
        let kept = Again { program: program.clone(), selection: Vec::new(), options: configuration };
        Self { again: Again { program, selection, options }, kept }
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
