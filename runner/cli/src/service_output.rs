//! `--logs` and `--keep`: what services leave for a person, and what the fleet has to say.

use std::{
    collections::BTreeSet,
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use clap::Args;
use fleet::{LineSink, NoticeSink, OutputLine};
use report::{WorldKind, render_service_line};

use crate::output::write_note;

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
        drop(writeln!(anstream::stderr(), "{line}"));
    })
}

/// Notices of a run. They are shown once each and at its end, where no progress overwrites them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notices(Arc<Mutex<BTreeSet<String>>>);

impl Notices {
    pub(crate) fn sink(&self) -> NoticeSink {
        let notices = Arc::clone(&self.0);
        NoticeSink::new(move |notice| {
            notices.lock().unwrap_or_else(PoisonError::into_inner).insert(notice.to_string());
        })
    }

    pub(crate) fn show(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|notice| write_note(notice));
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

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
}
