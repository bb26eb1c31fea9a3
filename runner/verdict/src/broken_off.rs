//! Failures of a run's environment, rather than of the system under test.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use fault::{Link, ServiceName};
use scenario::{Action, ClientName, Scenario, Signal, Step};

mod facts;

pub use facts::{Exit, Output, PortState, ReadinessReply, RemainingProcess, Resource, RunBy, UnmetCondition};

/// Why a run broke off: the environment failed, not the system under test.
///
/// Each variant holds facts; the sentence is its [`Display`](std::fmt::Display), what to do about it is [`BrokenOff::help`].
/// Errors of the operating system are kept as their text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenOff {
    /// The `build` command can't be run as it is written.
    #[error("the build command {0}")]
    BuildInvalid(String),
    /// The `build` command failed.
    #[error("the build command failed with {exit}")]
    BuildFailed {
        /// The command as it was run.
        command: String,
        /// Where it was run.
        folder: PathBuf,
        /// How it ended.
        exit: Exit,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// The operating system refuses something that the runner needs.
    #[error("the runner can't {need}: {error}")]
    System {
        /// What is needed.
        need: Resource,
        /// What the system said.
        error: String,
    },
    /// A service of the configuration has no usable address.
    #[error("{service}: {problem}")]
    Address {
        /// The service.
        service: ServiceName,
        /// What is wrong with its `base_url`: another scheme, or no host.
        problem: String,
    },
    /// Another process listens on the port that the configuration gives a service.
    #[error("{service} can't be started on port {port}: another process listens there")]
    PortTaken {
        /// The service.
        service: ServiceName,
        /// The port that the configuration names.
        port: u16,
    },
    /// The port of a service that is started again is still in use.
    #[error("{service} can't be started again: another process listens on its port {port}")]
    PortKept {
        /// The service.
        service: ServiceName,
        /// The port of its former process.
        port: u16,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// A link can't listen at its configured address.
    #[error("the link {link} can't listen on {address}: {error}")]
    LinkAddress {
        /// The link.
        link: Link,
        /// Its `listen`.
        address: SocketAddr,
        /// What the system said.
        error: String,
    },
    /// A service's `command` or `env` can't be filled in.
    #[error("{service} can't be started: {problem}")]
    CommandInvalid {
        /// The service.
        service: ServiceName,
        /// Which expression, and why.
        problem: String,
    },
    /// A service can't be started in its working folder.
    #[error("{service} can't be started in {}: {error}", folder.display())]
    WorkingFolder {
        /// The service.
        service: ServiceName,
        /// The folder that its `cwd` gives.
        folder: PathBuf,
        /// What the system said.
        error: String,
    },
    /// A service's program can't be run.
    #[error("{service} can't be started: {program:?}: {error}")]
    NotStarted {
        /// The service.
        service: ServiceName,
        /// The program.
        program: String,
        /// What the system said.
        error: String,
    },
    /// A service that is linked in refused to start.
    #[error("{service} can't be started: {error}")]
    StartFailed {
        /// The service.
        service: ServiceName,
        /// Its own error, or that it panicked.
        error: String,
    },
    /// A process ended before its service was ready.
    #[error("{service} ended before it was ready: {exit}")]
    EndedEarly {
        /// The service.
        service: ServiceName,
        /// How it ended.
        exit: Exit,
        /// Whether another process took its port: then another port would do.
        port: PortState,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// A fault killed a service that was being started.
    #[error("{service} was killed by a fault while it started")]
    KilledWhileStarting {
        /// The service.
        service: ServiceName,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// A service wasn't ready in time.
    #[error("{service} wasn't ready within {:?}: {} {}", unmet.within, unmet.condition, unmet.last)]
    NotReady {
        /// The service.
        service: ServiceName,
        /// The condition that it didn't meet.
        unmet: Box<UnmetCondition>,
        /// Who runs the service.
        run_by: RunBy,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// An optional service that the runner doesn't start refuses connections.
    #[error("{service} isn't there: {address} refuses connections")]
    Absent {
        /// The service.
        service: ServiceName,
        /// Its `base_url`.
        address: String,
    },
    /// A client couldn't log in for all scenarios of a run.
    #[error("{client} can't log in with {request}: {}", .problems.join("; "))]
    LoginFailed {
        /// The client.
        client: ClientName,
        /// The method and the service of its login.
        request: String,
        /// What differs from what the login expects.
        problems: Vec<String>,
    },
    /// A step asks for a signal to a service whose process isn't the runner's.
    #[error("{}can't {action} {service}: the runner hasn't started it", in_file(.file.as_deref()))]
    NotOurs {
        /// The service.
        service: ServiceName,
        /// What was to be done: `kill`, `crash`.
        action: &'static str,
        /// The scenario's file, when this is found before the scenario starts.
        file: Option<PathBuf>,
    },
    /// A service's process was ended, but not all processes that it had started.
    #[error("{}: {}", ended_alone(.service.as_ref()), listed(.processes))]
    LeftRunning {
        /// The service; `None` if it may be any service of a scenario.
        service: Option<ServiceName>,
        /// The processes.
        processes: Vec<RemainingProcess>,
    },
    /// A signal to a service that isn't running.
    #[error("can't {signal} {service}: it isn't running")]
    NotRunning {
        /// The service.
        service: ServiceName,
        /// The signal.
        signal: Signal,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// A service was to be started after its world was closed.
    #[error("{service} isn't started: its world is closed")]
    Closed {
        /// The service.
        service: ServiceName,
    },
    /// A service that the simulation is to run isn't part of this program.
    #[error("{service} isn't linked into this runner")]
    NotLinked {
        /// The service.
        service: ServiceName,
    },
    /// A simulated world can't run the command of a step.
    #[error("{}the step on line {line} runs a command, and simulated worlds have none", in_file(Some(file)))]
    NoCommands {
        /// The file in which the step stands.
        file: PathBuf,
        /// The line on which it begins, counted from 1.
        line: u32,
    },
    /// A simulated world has reached a limit, without which it might run for ever.
    #[error("the simulated world has used up its {limit}")]
    LimitReached {
        /// The limit, with its unit: "1000000 exchanges".
        limit: String,
    },
    /// Results can't be written.
    #[error("{what} can't be written{}: {error}", to_file(.file.as_deref()))]
    NotWritten {
        /// What was to be written.
        what: Output,
        /// The file; `None` is standard output.
        file: Option<PathBuf>,
        /// What the system said.
        error: String,
    },
}

impl BrokenOff {
    /// Why a simulated world can't run a scenario: the first of its commands. `None` if it runs none.
    pub fn no_commands(scenario: &Scenario) -> Option<Self> {
        let mut steps = scenario.steps.iter().flat_map(Step::all);
        let step = steps.find(|step| matches!(step.action, Action::Run(_)))?;
        let file = step.file.as_ref().map_or(scenario.file.as_path(), |file| &file.path);
        Some(Self::NoCommands { file: file.to_owned(), line: step.span.line })
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::BuildInvalid(_) => "check `build` in the configuration".into(),
            Self::BuildFailed { command, folder, .. } => {
                format!("run `{command}` in {} to see all of its output", folder.display())
            }
            Self::System { need: Resource::Workspace, .. } => {
                "check that the folder for temporary files can be written to, and that `sh` can be run".into()
            }
            Self::System { need: Resource::FileChanges, .. } => {
                "watch fewer folders, or raise the system's limit (on Linux `fs.inotify.max_user_watches`)".into()
            }
            Self::Address { service, .. } => {
                format!("give {service} a `base_url` such as http://localhost:5002, or a `command`")
            }
            Self::PortTaken { .. } => {
                "end what listens there, or change its `base_url` in the configuration".into()
            }
            Self::PortKept { .. } => "end what listens there".into(),
            Self::LinkAddress { .. } => "end what listens there, or change its `listen`".into(),
            Self::CommandInvalid { .. } => "check its `command`, `env` and `cwd` in the configuration".into(),
            Self::WorkingFolder { .. } => {
                "create the folder, or check its `cwd` in the configuration; `${data_dir}` is a folder of its own"
                    .into()
            }
            Self::LoginFailed { client, .. } => format!(
                "check the `login` of `{client}` under `clients` in the configuration, and that the service knows this client"
            ),
            Self::NotStarted { .. } => "check `command` in the configuration; a program with a relative path is \
                                        looked for in `cwd`, and `${conf_dir}/…` is one beside e2e.conf"
                .into(),
            Self::EndedEarly { exit: Exit::Code(0), log, .. } => format!(
                "{} whether its `command` stays in the foreground: what puts itself in the background ends at once",
                see_log(log)
            ),
            Self::EndedEarly { log, .. } => format!(
                "{} whether its `command` is right; if another service has to be ready before it starts, name that in its `after`",
                see_log(log)
            ),
            Self::NotReady { run_by: RunBy::Runner(_), unmet, log, .. }
                if matches!(unmet.last, ReadinessReply::Status(_)) =>
            {
                format!("{} whether `ready` has the right path", see_log(log))
            }
            Self::NotReady { run_by: RunBy::Other(_), unmet, .. }
                if matches!(unmet.last, ReadinessReply::Status(_)) =>
            {
                "see whether `ready` has the right path, and `base_url` the right address".into()
            }
            Self::NotReady { run_by: RunBy::Runner(port), log, .. } => {
                format!("{} whether its `command` listens on 127.0.0.1:{port} (`${{port}}`)", see_log(log))
            }
            Self::NotReady { run_by: RunBy::Other(address), .. } | Self::Absent { address, .. } => {
                format!("start it at {address}, or give it a `command`, so that the runner starts it")
            }
            Self::NotOurs { service, .. } => {
                format!("give {service} a `command` in the configuration, so that the runner starts it")
            }
            Self::LeftRunning { .. } => "end these processes by hand".into(),
            Self::NotRunning { .. } => "start it first".into(),
            Self::NotLinked { service } => {
                format!("register {service} with the simulation, or use the runner that starts processes")
            }
            Self::NoCommands { .. } => "run it in the live world, with `runner`".into(),
            Self::LimitReached { .. } => {
                "look for services that call each other without end, or make the scenario smaller".into()
            }
            Self::NotWritten { what: Output::Report | Output::Snapshot | Output::File, .. } => {
                "check that the folder is there and can be written to".into()
            }
            Self::NotWritten { what: Output::Counterexample, .. } => {
                "name a folder that can be written to with --regressions".into()
            }
            Self::System { .. }
            | Self::StartFailed { .. }
            | Self::KilledWhileStarting { .. }
            | Self::NotReady { run_by: RunBy::Simulation, .. }
            | Self::Closed { .. }
            | Self::NotWritten { what: Output::Results, .. } => return None,
        })
    }

    /// The last lines that the process concerned wrote, oldest first.
    pub fn log(&self) -> &[String] {
        match self {
            Self::BuildFailed { log, .. }
            | Self::PortKept { log, .. }
            | Self::EndedEarly { log, .. }
            | Self::KilledWhileStarting { log, .. }
            | Self::NotReady { log, .. }
            | Self::NotRunning { log, .. } => log,
            _ => &[],
        }
    }

    /// The service that failed, if it is one service's failure.
    pub fn service(&self) -> Option<&ServiceName> {
        match self {
            Self::Address { service, .. }
            | Self::PortTaken { service, .. }
            | Self::PortKept { service, .. }
            | Self::CommandInvalid { service, .. }
            | Self::WorkingFolder { service, .. }
            | Self::NotStarted { service, .. }
            | Self::StartFailed { service, .. }
            | Self::EndedEarly { service, .. }
            | Self::KilledWhileStarting { service, .. }
            | Self::NotReady { service, .. }
            | Self::Absent { service, .. }
            | Self::NotOurs { service, .. }
            | Self::NotRunning { service, .. }
            | Self::Closed { service }
            | Self::NotLinked { service } => Some(service),
            Self::LeftRunning { service, .. } => service.as_ref(),
            Self::BuildInvalid(_)
            | Self::BuildFailed { .. }
            | Self::System { .. }
            | Self::LinkAddress { .. }
            | Self::NoCommands { .. }
            | Self::LimitReached { .. }
            | Self::LoginFailed { .. }
            | Self::NotWritten { .. } => None,
        }
    }
}

fn see_log(log: &[String]) -> &'static str {
    if log.is_empty() { "it wrote nothing; see" } else { "see what it wrote, and" }
}

fn ended_alone(service: Option<&ServiceName>) -> String {
    match service {
        Some(service) => format!("{service} was ended, but not what it had started"),
        None => "the services were ended, but not what they had started".into(),
    }
}

/// The processes, with commas between them.
fn listed(processes: &[RemainingProcess]) -> String {
    processes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn in_file(file: Option<&Path>) -> String {
    file.map(|file| format!("{}: ", file.display())).unwrap_or_default()
}

fn to_file(file: Option<&Path>) -> String {
    file.map(|file| format!(" to {}", file.display())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::*;

    #[test]
    fn the_help_follows_from_how_a_service_failed_to_start() {
        let service: ServiceName = "shop".parse().expect("a name");
        let unready = |last, run_by| {
            let unmet =
                UnmetCondition { within: Duration::from_secs(1), condition: "GET /livez".into(), last };
            BrokenOff::NotReady { service: service.clone(), unmet: Box::new(unmet), run_by, log: Vec::new() }
        };
        let ended = |code| BrokenOff::EndedEarly {
            service: service.clone(),
            exit: Exit::Code(code),
            port: PortState::Available,
            log: Vec::new(),
        };
        let refused = || ReadinessReply::None("connection refused".into());
        let not_found = || ReadinessReply::Status(StatusCode::NOT_FOUND);
        for (error, part) in [
            (unready(refused(), RunBy::Runner(5002)), "whether its `command` listens on 127.0.0.1:5002"),
            (unready(ReadinessReply::Late, RunBy::Runner(5002)), "on 127.0.0.1:5002 (`${port}`)"),
            (unready(not_found(), RunBy::Runner(5002)), "whether `ready` has the right path"),
            (unready(refused(), RunBy::Other("http://x".into())), "start it at http://x"),
            (unready(not_found(), RunBy::Other("http://x".into())), "whether `ready` has the right path"),
            (ended(1), "whether its `command` is right"),
            (ended(0), "stays in the foreground"),
        ] {
            let help = error.help().unwrap_or_default();
            assert!(help.contains(part), "{error}: {help}");
        }
        assert_eq!(
            unready(not_found(), RunBy::Runner(5002)).to_string(),
            "shop wasn't ready within 1s: GET /livez answered 404 Not Found"
        );
    }
}
