//! `--logs` and `--keep`: what services leave for a person, and what the fleet has to say.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use clap::Args;
use fault::ServiceName;
use fleet::{LineSink, Notice, NoticeSink, OutputLine};
use report::{WorldKind, render_service_line};
use verdict::BrokenOff;

use crate::{
    Exit,
    masked::stderr,
    output::{show_broken_off, write_note},
    thin::Thin,
};

/// The arguments about what services leave.
#[derive(Debug, Clone, Args)]
#[expect(clippy::option_option, reason = "`--keep` may be given without a folder")]
pub(crate) struct ServiceOutputArgs {
    /// Print what services write as it comes, on stderr; the JSON and HTML reports have it for all scenarios.
    #[arg(long)]
    pub(crate) logs: bool,
    /// Keep the data and the logs of the services of a scenario that failed [default: in `runner-kept`, in the system's
    /// folder for temporary files].
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, require_equals = true)]
    pub(crate) keep: Option<Option<PathBuf>>,
}

/// Whether lines name the scenario that their service runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScenarioNames {
    /// Several scenarios run side by side.
    Shown,
    /// Only one runs at a time.
    Hidden,
}

impl ServiceOutputArgs {
    /// The folder in which the folders of failed scenarios are kept; `None` if they aren't.
    pub(crate) fn keep(&self) -> Option<PathBuf> {
        let default = || std::env::temp_dir().join("runner-kept");
        self.keep.clone().map(|folder| folder.unwrap_or_else(default))
    }

    /// Prints services' lines, if that is wanted.
    pub(crate) fn lines(&self, names: ScenarioNames) -> Option<LineSink> {
        self.logs.then(|| print_lines(names))
    }

    /// Says that the arguments are of no effect in simulated worlds.
    pub(crate) fn check(&self, world: WorldKind) {
        if world == WorldKind::Simulated && (self.logs || self.keep.is_some()) {
            write_note(
                "--logs and --keep are of no effect: simulated services have neither output nor folders",
            );
        }
    }
}

/// Prints services' lines on stderr.
pub(crate) fn print_lines(names: ScenarioNames) -> LineSink {
    Arc::new(move |OutputLine { scenario, source, text }| {
        let scenario = (names == ScenarioNames::Shown).then_some(scenario);
        let line = render_service_line(scenario, source, text);
        // If stderr is closed, the run goes on without.
        drop(writeln!(stderr(), "{line}"));
    })
}

/// Notices of a run. They are shown once each and at its end, where no progress overwrites them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notices(Arc<Mutex<Noticed>>);

#[derive(Debug, Default)]
struct Noticed {
    /// Sentences that fail nothing.
    notes: BTreeSet<String>,
    /// Of the processes with the same command that services left behind: what is said of the first, and their number.
    escaped: BTreeMap<(Option<ServiceName>, String), (String, usize)>,
    /// Processes that can't be ended.
    left_running: Vec<BrokenOff>,
}

impl Notices {
    fn noticed(&self) -> MutexGuard<'_, Noticed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sink(&self) -> NoticeSink {
        let notices = self.clone();
        NoticeSink::new(move |notice| {
            let mut noticed = notices.noticed();
            let text = notice.to_string();
            match notice {
                Notice::LeftRunning(broken) => noticed.left_running.push(broken),
                Notice::Escaped { service, process } => {
                    noticed.escaped.entry((service, process.command)).or_insert((text, 0)).1 += 1;
                }
                _ => drop(noticed.notes.insert(text)),
            }
        })
    }

    /// What the run doesn't show because of them.
    pub(crate) fn thin(&self) -> Option<Thin> {
        let escaped = self.noticed().escaped.values().map(|(_, times)| times).sum();
        (escaped > 0).then_some(Thin::Escaped(escaped))
    }

    /// Shows them. Returns the exit code of a command that would end with `exit` without them.
    pub(crate) fn show(&self, exit: Exit) -> Exit {
        let noticed = self.noticed();
        noticed.notes.iter().for_each(|note| write_note(note));
        for (first, times) in noticed.escaped.values() {
            write_note(&if *times > 1 {
                format!("{first} ({} more like it)", times - 1)
            } else {
                first.clone()
            });
        }
        for broken in &noticed.left_running {
            show_broken_off(broken);
        }
        if noticed.left_running.is_empty() || matches!(exit, Exit::Interrupted(_)) {
            exit
        } else {
            Exit::BrokenOff
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use verdict::RemainingProcess;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        output: ServiceOutputArgs,
        paths: Vec<PathBuf>,
    }

    #[test]
    fn folders_are_kept_where_keep_says() {
        let keep = |arguments: &[&str]| {
            let command = Command::parse_from([&["runner"], arguments].concat());
            (command.output.keep(), command.paths.len())
        };
        assert_eq!(keep(&["a.yaml"]), (None, 1));
        assert_eq!(keep(&["--keep=here", "a.yaml"]), (Some("here".into()), 1));
        assert_eq!(keep(&["--keep", "a.yaml"]), (Some(std::env::temp_dir().join("runner-kept")), 1));
    }

    /// Notices of these.
    fn noticed(notices: impl IntoIterator<Item = Notice>) -> Notices {
        let noticed = Notices::default();
        notices.into_iter().for_each(|notice| noticed.sink().send(notice));
        noticed
    }

    fn process(id: u32) -> RemainingProcess {
        RemainingProcess { id, command: "sleep 9".into() }
    }

    #[test]
    fn processes_that_had_to_be_ended_are_thin() {
        assert_eq!(noticed([]).thin(), None);
        let users: ServiceName = "users".parse().expect("a name");
        let escaped = |id| Notice::Escaped { service: Some(users.clone()), process: process(id) };
        let notices = noticed([escaped(1), escaped(2)]);
        assert_eq!(notices.thin(), Some(Thin::Escaped(2)));
        assert_eq!(notices.noticed().escaped.len(), 1, "told together");
        assert_eq!(notices.show(Exit::Passed), Exit::Passed);
    }

    #[test]
    fn processes_that_can_not_be_ended_are_a_failure_of_the_environment() {
        let broken = BrokenOff::LeftRunning { service: None, processes: vec![process(1)] };
        let notices = noticed([Notice::LeftRunning(broken)]);
        assert_eq!(notices.thin(), None);
        assert_eq!(notices.show(Exit::Passed), Exit::BrokenOff);
        assert_eq!(notices.show(Exit::Failed), Exit::BrokenOff);
        let interrupted = Exit::Interrupted(report::Interruption::Terminate);
        assert_eq!(notices.show(interrupted), interrupted);
    }
}
