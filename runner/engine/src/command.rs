//! Commands that a world runs for a scenario.

use std::time::Duration;

use scenario::Object;
use verdict::Exit;

/// A command whose expressions are evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Environment variables, in addition to the runner's own.
    pub env: Vec<(String, String)>,
    /// The working folder, relative to the configuration's folder, which it is when `None`.
    pub cwd: Option<String>,
    /// What it reads from its standard input.
    pub stdin: String,
    /// How long it may take.
    pub timeout: Duration,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOutput {
    /// How it ended.
    pub end: CommandEnd,
    /// What it wrote to its standard output, up to a limit.
    pub stdout: String,
    /// What it wrote to its standard error, up to a limit.
    pub stderr: String,
    /// How long it ran.
    pub took: Duration,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandEnd {
    /// By itself.
    Exited(Exit),
    /// It was ended, with all that it had started, because its time was over.
    TimedOut,
    /// It couldn't be started, for this reason.
    NotStarted(String),
}

/// Where the services of a world are, for commands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommandPlaces {
    /// The address of each service, past all links.
    pub url: Object,
    /// The data folder of each service that was started.
    pub data_dir: Object,
    /// The configuration's folder.
    pub conf_dir: String,
}
