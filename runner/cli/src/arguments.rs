//! The command line's arguments, as they are typed.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use ::explore::Shard;
use clap::{
    Args, CommandFactory, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use clap_complete::Shell;
use report::Detail;
use scenario::FileKind;

use crate::{
    examples,
    selection_args::{SelectionArgs, shard},
    service_output::ServiceOutputArgs,
    thin::Strictness,
};

/// Runs declarative scenarios against services while it damages the links between them.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = examples::run())]
pub(crate) struct Arguments {
    /// When output has colours; `auto`: on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: Run,
}

impl Arguments {
    /// The names of all commands.
    pub(crate) fn command_names() -> Vec<String> {
        let command = Self::command();
        let names = command.get_subcommands().map(|command| command.get_name().to_owned());
        names.chain(["help".to_owned()]).collect()
    }
}

/// When output has colours. Its values have no documentation of their own: it would make `--help` three times as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

impl From<ColorWhen> for anstream::ColorChoice {
    fn from(when: ColorWhen) -> Self {
        match when {
            ColorWhen::Auto => Self::Auto,
            ColorWhen::Always => Self::AlwaysAnsi,
            ColorWhen::Never => Self::Never,
        }
    }
}

/// The commands besides running scenarios.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the services on the ports of their `base_url`, with a proxy on every link, and keep them up until Ctrl-C.
    #[command(after_help = examples::UP)]
    Up(Up),
    /// Generate sequences of operations and faults from exploration files, run them until one fails, and shrink it.
    #[command(after_help = examples::EXPLORE)]
    Explore(Explore),
    /// Run a passing scenario again with each fault at each of its calls, and show the table call × fault × outcome.
    #[command(after_help = examples::SWEEP)]
    Sweep(Sweep),
    /// Make a project: e2e.conf, first scenarios and invariants, of OpenAPI documents or of what listens on some ports.
    #[command(after_help = examples::NEW)]
    New(New),
    /// Turn what other tools write into scenarios.
    #[command(after_help = examples::IMPORT)]
    Import(Import),
    /// Print the JSON Schema of a kind of file, by which editors complete and check what is written.
    #[command(after_help = examples::SCHEMA)]
    Schema(Schema),
    /// Read and check the configuration, scenarios, invariants and explorations, and start nothing.
    #[command(after_help = examples::CHECK)]
    Check(Check),
    /// List scenarios with their files and tags, or the tags.
    #[command(after_help = examples::list())]
    List(List),
    /// Run the scenarios of a JSON report again, with its seed and options.
    #[command(after_help = examples::REPLAY)]
    Replay(Replay),
    /// Show the snapshots that differ, and accept or reject each.
    #[command(after_help = examples::REVIEW)]
    Review(Review),
    /// Print a script with which a shell completes this command line.
    #[command(after_help = examples::COMPLETIONS)]
    Completions(Completions),
}

/// Runs scenarios.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "`--dry-run` is the usual name")]
pub(crate) struct Run {
    /// Scenario files, and folders of them.
    #[arg(default_value = "scenarios")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) configuration: ConfigArgs,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// How many scenarios run at a time, each with services of its own [default: the number of cores].
    #[arg(long, short, value_parser = jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Seed of everything random: the same seed makes the same fault decisions [default: a new one].
    #[arg(long, value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// Start no further scenario once one has failed.
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Run each scenario N times, each time with the next seed, and name those that fail only sometimes.
    #[arg(long, value_name = "N", value_parser = repetitions)]
    pub(crate) repeat: Option<NonZeroU32>,
    #[command(flatten)]
    pub(crate) strictness: StrictnessArgs,
    /// Read and check everything, list what would run, and start nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Run, then run again what is saved, at once and with services that were started in advance, until Ctrl-C. Watched are
    /// the scenarios, the configuration and the files that they name, not what `build` reads.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
    /// Also write a report: `junit=FILE`, `json=FILE` or `html=FILE`; several with commas or repeated.
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',')]
    pub(crate) report: Vec<report::Target>,
    #[command(flatten)]
    pub(crate) output: ServiceOutputArgs,
}

/// How much of a run is shown.
#[derive(Debug, Args)]
pub(crate) struct DetailArgs {
    /// Show only failures and the summary.
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Also show what each scenario did, a line for each request.
    #[arg(long, short)]
    verbose: bool,
}

impl DetailArgs {
    pub(crate) fn detail(&self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (false, true) => Detail::Verbose,
            (false, false) => Detail::Usual,
        }
    }
}

/// Explores.
#[derive(Debug, Args)]
pub(crate) struct Explore {
    /// Exploration files, and folders of them.
    #[arg(default_value = "scenarios/explorations")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) configuration: ConfigArgs,
    /// How many sequences of each exploration [default: 1000, or no limit with `--for`].
    #[arg(long)]
    pub(crate) cases: Option<u64>,
    /// How long new sequences are started, such as `60s`.
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) lasting: Option<Duration>,
    /// Seed of everything random: the same seed makes the same sequences [default: a new one].
    #[arg(long, value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// How many sequences run at a time, each with services of its own [default: the number of cores].
    #[arg(long, short, value_parser = jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Only the K-th of N parts of the sequences, such as `1/4`: each is in exactly one part. Every part needs the same seed.
    #[arg(long, value_name = "K/N", value_parser = shard, requires = "seed")]
    pub(crate) shard: Option<Shard>,
    #[command(flatten)]
    pub(crate) strictness: StrictnessArgs,
    /// Where counterexamples are kept, relative to the configuration's folder.
    #[arg(long, value_name = "FOLDER", default_value = "scenarios/regressions")]
    pub(crate) regressions: PathBuf,
}

/// Sweeps.
#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// Scenario files, and folders of them.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) configuration: ConfigArgs,
    /// After the single faults, pairs of them.
    #[arg(long)]
    pub(crate) pairs: bool,
    /// Seed of everything random [default: a new one].
    #[arg(long, value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// How many runs there are at a time, each with services of its own [default: the number of cores].
    #[arg(long, short, value_parser = jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) strictness: StrictnessArgs,
    /// Where scenarios that fail are kept, relative to the configuration's folder.
    #[arg(long, value_name = "FOLDER", default_value = "scenarios/regressions")]
    pub(crate) regressions: PathBuf,
    /// Also write a report with the table: `json=FILE` or `html=FILE` (`junit=FILE` has no table); several with commas
    /// or repeated.
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',')]
    pub(crate) report: Vec<report::Target>,
}

/// Makes a project.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The folder to make it in. Files that are there are not overwritten.
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// An OpenAPI 3 document of a service, in JSON or YAML; repeated: one for each.
    #[arg(long, value_name = "FILE")]
    pub(crate) openapi: Vec<PathBuf>,
    /// Ports of this machine on which services run.
    #[arg(long, value_name = "PORTS", value_delimiter = ',', value_parser = port)]
    pub(crate) ports: Vec<u16>,
    /// The address of a service that runs; with `--openapi`, of the document's service.
    #[arg(long, value_name = "URL", value_parser = address)]
    pub(crate) url: Vec<http::Uri>,
}

/// Reads the address of a service.
fn address(text: &str) -> Result<http::Uri, String> {
    let url: http::Uri = text.parse().map_err(|error| format!("{error}"))?;
    fleet::Address::new(&url).map(|_| url).map_err(|error| error.to_string())
}

/// Turns what other tools write into scenarios.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    pub(crate) format: ImportFormat,
    /// Write each scenario into a file in this folder, in place of stdout. Files that are there are not overwritten.
    #[arg(long, short, value_name = "FOLDER", global = true)]
    pub(crate) output: Option<PathBuf>,
    /// The configuration whose services are called by their names [default: the nearest e2e.conf, here or above].
    #[arg(long, short, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
}

/// What is imported.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportFormat {
    /// Commands of curl: a file of them, `-`, or one command as it is typed.
    Curl(ImportedCommand),
    /// A recording of a browser or a proxy: HTTP Archive 1.2.
    Har(ImportedFile),
    /// An OpenAPI 3 document, in JSON or YAML.
    Openapi(ImportedFile),
    /// A file of hurl.
    Hurl(ImportedFile),
    /// A collection of Postman, version 2.
    Postman(ImportedFile),
}

/// A file that is imported.
#[derive(Debug, Args)]
pub(crate) struct ImportedFile {
    /// The file; `-` for stdin.
    pub(crate) file: PathBuf,
}

/// A command that is imported.
#[derive(Debug, Args)]
pub(crate) struct ImportedCommand {
    /// A file, `-`, or the words of a command: `runner import curl -X POST http://localhost:5002/api/users`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FILE|COMMAND")]
    pub(crate) words: Vec<String>,
}

/// Prints a schema.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// The kind of file [default: each kind that stands among the scenarios].
    #[arg(value_parser = file_kind())]
    pub(crate) kind: Option<FileKind>,
}

/// Reads a kind of file.
fn file_kind() -> impl TypedValueParser<Value = FileKind> {
    PossibleValuesParser::new(FileKind::ALL.map(FileKind::as_str)).map(|name| {
        let kind = FileKind::ALL.into_iter().find(|kind| kind.as_str() == name);
        kind.expect("only their names are possible")
    })
}

/// Checks files.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Scenario files, and folders of them.
    #[arg(default_value = "scenarios")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) configuration: ConfigFileArgs,
}

/// Lists scenarios.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Scenario files, and folders of them.
    #[arg(default_value = "scenarios")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) configuration: ConfigFileArgs,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Seed of `--sort random` [default: a new one].
    #[arg(long, value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// List the tags, each with the number of scenarios that have it.
    #[arg(long)]
    pub(crate) tags: bool,
    /// List as JSON, for other programs.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs the scenarios of a report again.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The report, written by `--report json=FILE`.
    #[arg(value_name = "REPORT.json")]
    pub(crate) file: PathBuf,
    /// Only the scenarios that failed or were broken off.
    #[arg(long)]
    pub(crate) failed: bool,
    /// Run them although files have changed since.
    #[arg(long)]
    pub(crate) changed: bool,
    /// Also write a report, as when scenarios are run.
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',')]
    pub(crate) report: Vec<report::Target>,
}

/// Reviews snapshots.
#[derive(Debug, Args)]
pub(crate) struct Review {
    #[command(flatten)]
    pub(crate) configuration: ConfigFileArgs,
    /// Only snapshots with this text in their name; repeated: any of them.
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) filter: Vec<String>,
    /// Accept all of them.
    #[arg(long, conflicts_with = "reject")]
    pub(crate) accept: bool,
    /// Reject all of them.
    #[arg(long)]
    pub(crate) reject: bool,
}

/// Prints a script for a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    pub(crate) shell: Shell,
}

/// Reads how often each scenario runs.
fn repetitions(text: &str) -> Result<NonZeroU32, String> {
    let read: Option<NonZeroU32> = text.parse().ok().filter(|runs: &NonZeroU32| runs.get() <= 10_000);
    read.ok_or_else(|| "it is a number from 1 to 10000".to_owned())
}

/// Reads a seed.
fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// Reads a port.
fn port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| "a port is a number from 1 to 65535; name each: `--ports 5001,5002`".to_owned())
}

/// Reads how many run at a time.
fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "at least one has to run: write 1 or more, or leave it out".to_owned())
}

/// Reads a length of time as scenarios write it.
fn duration(text: &str) -> Result<Duration, String> {
    scenario::parse_duration(text).map_err(|invalid| match invalid.help() {
        Some(help) => format!("{invalid} ({help})"),
        None => invalid.to_string(),
    })
}

/// Starts the services and keeps them running.
#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) configuration: ConfigArgs,
    /// Print what services write as it comes, on stderr.
    #[arg(long)]
    pub(crate) logs: bool,
}

/// The argument that names the configuration.
#[derive(Debug, Args)]
pub(crate) struct ConfigFileArgs {
    /// The configuration [default: the nearest e2e.conf, here or above, else above the first path].
    #[arg(id = "config", long, short, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// The arguments about the configuration of commands that start services.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    pub(crate) named: ConfigFileArgs,
    /// Don't run the configuration's `build` command.
    #[arg(long)]
    pub(crate) no_build: bool,
}

/// Whether what is thin fails a command.
#[derive(Debug, Args)]
pub(crate) struct StrictnessArgs {
    /// Fail, too, where a green result says little: a line of the summary that begins with `thin:`.
    #[arg(long)]
    strict: bool,
}

impl StrictnessArgs {
    pub(crate) fn strictness(&self) -> Strictness {
        if self.strict { Strictness::Strict } else { Strictness::Usual }
    }
}
