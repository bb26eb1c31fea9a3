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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::sample::{FIRST, passed};

    /// A result of a scenario in this file.
    fn result(file: &str) -> Arc<ScenarioResult> {
        let mut result = passed(FIRST);
        Arc::make_mut(&mut result.scenario).file = Arc::new(file.into());
        Arc::new(result)
    }

    /// What is written at once when scenarios in these files end at these seconds, while others run in a folder.
    fn written(ended: &[(u64, &str)], running: &str) -> String {
        let (start, mut folders, mut lines) = (Instant::now(), Folders::default(), Vec::new());
        for (second, file) in ended {
            let now = start + Duration::from_secs(*second);
            folders.add(result(file), now);
            while let Some(next) = folders.next(|folder| folder == Path::new(running), now) {
                lines.push(match next {
                    Grouped::Folder { path, is_first: true } => format!("{}:", path.display()),
                    Grouped::Folder { path, is_first: false } => format!("and {}:", path.display()),
                    Grouped::Result(result) => result.scenario.file.display().to_string(),
                });
            }
        }
        lines.join(" ")
    }

    #[test]
    fn results_of_another_folder_wait_for_the_current_one() {
        let ended = [(0, "a/1"), (1, "b/1"), (2, "a/2")];
        assert_eq!(
            written(&ended, "c"),
            "a: a/1 and b: b/1 and a: a/2",
            "nothing runs in the current folder"
        );
        assert_eq!(written(&ended, "a"), "a: a/1 a/2");
        assert_eq!(
            written(&[(0, "a/1"), (1, "b/1"), (3, "b/2")], "a"),
            "a: a/1 and b: b/1 b/2",
            "not for long"
        );
        assert_eq!(written(&[(0, "1.yaml")], "a"), ".: 1.yaml");
    }
}
