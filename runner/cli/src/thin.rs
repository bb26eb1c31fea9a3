//! What a result that is green doesn't show. It is said in the summary, and fails the command with `--strict`.

use std::{fmt, path::PathBuf};

use ::explore::{RequestCounts, Untested};
use report::thin_line;
use verdict::BrokenOff;

use crate::{Exit, Project, interrupt::Interrupt, output::write};

/// A reason why a green result says little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Thin {
    /// The project has invariants, and none of them holds for what was run.
    InvariantsElsewhere(Vec<PathBuf>),
    /// The project has no invariants, and this is judged by little else.
    NoInvariant(String),
    /// A file has steps and no `scenario`, and nothing that was read includes it.
    NotIncluded(PathBuf),
    /// No step of a scenario expects anything, and no invariant holds.
    CannotFail(String),
    /// Scenarios whose services are away.
    Skipped(usize),
    /// Scenarios with commands, in worlds that have none.
    Commands(usize),
    /// A part of an exploration that never came about.
    Untested {
        /// What never came about.
        untested: Untested,
        /// The requests of the operation, if it is one.
        requests: Option<RequestCounts>,
    },
    /// Processes that services left behind and that were ended by force.
    Escaped(usize),
    /// A sweep in which no fault met a call.
    NothingSwept(String),
    /// A part of so many scenarios that has none of them.
    EmptyShard(usize),
}

impl Thin {
    /// The sentence, and what to do about it.
    pub(crate) fn with_help(&self) -> String {
        format!("{self} ({})", self.help())
    }

    fn help(&self) -> String {
        match self {
            Self::InvariantsElsewhere(files) => format!("name {}, too", listed(files)),
            Self::NoInvariant(_) => "write what must always hold into `invariants.yaml` beside it".into(),
            Self::NotIncluded(_) => "give it a name if it is a scenario: `scenario: …`".into(),
            Self::CannotFail(_) => "say what must come of it: `expect: { status: 200 }`".into(),
            Self::Skipped(_) => "start the services that are away".into(),
            Self::Commands(_) => "run them in the live world, with `runner`".into(),
            Self::Untested { untested, requests } => untested.help(requests.as_ref()).into(),
            Self::Escaped(_) => {
                "let them run in the foreground, or with the environment that they inherit".into()
            }
            Self::EmptyShard(_) => "divide them into fewer parts".into(),
            Self::NothingSwept(_) => "sweep a scenario whose requests make services call each other".into(),
        }
    }
}

impl fmt::Display for Thin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvariantsElsewhere(files) => {
                write!(f, "no invariant holds here: those of {} hold in that folder only", listed(files))
            }
            Self::NoInvariant(name) => write!(f, "`{name}` is judged by no invariant"),
            Self::NotIncluded(file) => {
                write!(f, "no scenario here includes {}, which has steps and no `scenario`", file.display())
            }
            Self::CannotFail(name) => write!(f, "no step of `{name}` can fail"),
            Self::Skipped(1) => f.write_str("1 scenario was skipped"),
            Self::Skipped(scenarios) => write!(f, "{scenarios} scenarios were skipped"),
            Self::Commands(1) => {
                f.write_str("1 scenario with `run` was skipped: simulated worlds have no commands")
            }
            Self::Commands(scenarios) => {
                write!(f, "{scenarios} scenarios with `run` were skipped: simulated worlds have no commands")
            }
            Self::Untested { untested, requests: None } => untested.fmt(f),
            Self::Untested { untested, requests: Some(requests) } => write!(f, "{untested}: {requests}"),
            Self::Escaped(1) => f.write_str("a process that a service left behind had to be ended"),
            Self::Escaped(processes) => {
                write!(f, "{processes} processes that services left behind had to be ended")
            }
            Self::EmptyShard(scenarios) => {
                write!(f, "this part has none of {}", report::count(*scenarios, "scenario"))
            }
            Self::NothingSwept(name) => write!(f, "the sweep of `{name}` tried no fault"),
        }
    }
}

fn listed(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Whether a project's invariants hold for what a command names, as far as that is thin.
pub(crate) fn invariants(project: &Project) -> Option<Thin> {
    if !project.configuration.invariants.is_empty() {
        return None;
    }
    let elsewhere = project.invariants_elsewhere();
    (!elsewhere.is_empty()).then_some(Thin::InvariantsElsewhere(elsewhere))
}

/// The files of steps that no scenario of a project includes.
pub(crate) fn not_included(project: &Project) -> Vec<Thin> {
    project.unused_steps.iter().cloned().map(Thin::NotIncluded).collect()
}

/// Writes a line for each if nothing failed, and returns the exit code: with `--strict`, what is thin has not passed.
pub(crate) fn tell(
    thin: &[Thin],
    strict: Strictness,
    exit: Exit,
    interrupt: &Interrupt,
) -> Result<Exit, BrokenOff> {
    if !matches!(exit, Exit::Passed | Exit::NothingRan) {
        return Ok(exit);
    }
    for thin in thin {
        write(&thin_line(&thin.with_help()), interrupt)?;
    }
    let failed = strict == Strictness::Strict && exit == Exit::Passed && !thin.is_empty();
    Ok(if failed { Exit::Failed } else { exit })
}

/// Whether what is thin fails a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// It is said.
    Usual,
    /// It fails.
    Strict,
}
