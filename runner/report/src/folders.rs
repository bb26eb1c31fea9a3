//! The order in which results are written: by folder, without holding any of them back for long.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use engine::ScenarioResult;
use scenario::Scenario;

/// How long a result of another folder waits for the current one to be complete.
const PATIENCE: Duration = Duration::from_secs(2);

/// Groups results by folder. Scenarios that run side by side end in any order: results of the current folder are written at
/// once, those of another when nothing in the current folder runs any more, or after [`PATIENCE`]. Then the current folder's
/// heading is written again.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    current: Option<PathBuf>,
    /// Results that aren't written yet, in the order in which they came.
    held: Vec<(Instant, Arc<ScenarioResult>)>,
}

/// What is written next.
#[derive(Debug)]
pub(crate) enum Grouped {
    /// The heading of a folder.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Whether no heading was written before.
        is_first: bool,
    },
    /// A result in the folder of the last heading.
    Result(Arc<ScenarioResult>),
}

/// The folder under which a scenario is written.
pub(crate) fn folder(scenario: &Scenario) -> &Path {
    match scenario.file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

impl Folders {
    /// Adds a result.
    pub(crate) fn add(&mut self, result: Arc<ScenarioResult>, now: Instant) {
        self.held.push((now, result));
    }

    /// What is to be written now; `None` if nothing is, or all that is left waits for the current folder.
    pub(crate) fn next(&mut self, is_running: impl Fn(&Path) -> bool, now: Instant) -> Option<Grouped> {
        let in_current = |(_, result): &(_, Arc<ScenarioResult>)| {
            Some(folder(&result.scenario)) == self.current.as_deref()
        };
        if let Some(at) = self.held.iter().position(in_current) {
            return Some(Grouped::Result(self.held.remove(at).1));
        }
        let (since, first) = self.held.first()?;
        let waits = self.current.as_deref().is_some_and(is_running) && now < *since + PATIENCE;
        if waits {
            return None;
        }
        let path = folder(&first.scenario).to_path_buf();
        let is_first = self.current.replace(path.clone()).is_none();
        Some(Grouped::Folder { path, is_first })
    }
}
