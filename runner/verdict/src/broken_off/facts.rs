//! The facts of failures of the environment.

use std::{fmt, time::Duration};

use fault::{Link, ServiceName};
use http::StatusCode;

/// What the runner needs from the operating system for a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A folder for temporary files, and a shell for the process that cleans up in it.
    Workspace,
    /// A folder for a service's data.
    DataFolder,
    /// A file for a service's log.
    LogFile,
    /// A free port.
    FreePort,
    /// A listening socket for this link.
    OpenLink(Link),
    /// A listening socket for the stub of this service.
    Stub(ServiceName),
    /// Notice of files that change.
    FileChanges,
}

/// A process that a service has started and that did not end with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemainingProcess {
    /// The process's id.
    pub id: u32,
    /// Its command line; empty if it can't be read.
    pub command: String,
}

/// A condition of readiness that a service didn't meet in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmetCondition {
    /// How long the service had.
    pub within: Duration,
    /// The request that was polled: `GET /livez`.
    pub condition: String,
    /// The last attempt.
    pub last: ReadinessReply,
}

/// The reply to a request that asked whether a service is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadinessReply {
    /// It had this status.
    Status(StatusCode),
    /// There was none, for this reason.
    None(String),
    /// There was none when the time was over.
    Late,
}

/// Whether a port is still available to the service that it was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortState {
    /// No other process is known to listen on it.
    Available,
    /// Another process listens on it, or the service said so.
    Lost,
}

/// Who runs a service that was waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunBy {
    /// The runner, with the service's `command`, on this port.
    Runner(u16),
    /// It isn't started by the runner; this is its address.
    Other(String),
    /// The simulation, in this process.
    Simulation,
}

/// What a run writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// What is printed on standard output.
    Results,
    /// A file that `--report` names.
    Report,
    /// A failing scenario that an exploration or a sweep has found.
    Counterexample,
    /// A snapshot that is accepted or rejected.
    Snapshot,
    /// A file that a command makes for a person to go on with.
    File,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// By itself, with this exit code.
    Code(i32),
    /// By this signal of the operating system.
    Signal(i32),
    /// Unknown: the operating system didn't tell.
    Unknown,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace => {
                f.write_str("create a folder for data and start the process that cleans it up")
            }
            Self::DataFolder => f.write_str("create a folder for data"),
            Self::LogFile => f.write_str("create a log file"),
            Self::FreePort => f.write_str("find a free port"),
            Self::OpenLink(link) => write!(f, "open the link {link}"),
            Self::Stub(service) => write!(f, "open the stub of {service}"),
            Self::FileChanges => f.write_str("notice files that change"),
        }
    }
}

impl fmt::Display for RemainingProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.id, self.command)
    }
}

impl fmt::Display for ReadinessReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "answered {status}"),
            Self::Late => f.write_str("got no reply in time"),
            Self::None(reason) => write!(f, "got no reply ({reason})"),
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Results => "results",
            Self::Report => "the report",
            Self::Counterexample => "the counterexample",
            Self::Snapshot => "the snapshot",
            Self::File => "a file",
        })
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::Unknown => f.write_str("an unknown exit status"),
        }
    }
}
