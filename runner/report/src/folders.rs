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
/// heading is written again. Likewise the rows of a table stand together: others of the folder wait for them.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    current: Option<PathBuf>,
    /// The file of the last result and the number of its other rows that aren't written, if it is a row of a table.
    table: Option<(Arc<PathBuf>, u32)>,
    /// Whether no more results come.
    has_ended: bool,
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

    /// No more results come, so that none waits any more.
    pub(crate) fn end(&mut self) {
        self.has_ended = true;
    }

    /// What is to be written now; `None` if nothing is, or all that is left waits for the current folder or table.
    pub(crate) fn next(&mut self, is_running: impl Fn(&Path) -> bool, now: Instant) -> Option<Grouped> {
        let in_current = |(_, result): &(_, Arc<ScenarioResult>)| {
            Some(folder(&result.scenario)) == self.current.as_deref()
        };
        let of_table = |(_, result): &(_, Arc<ScenarioResult>)| {
            self.table.as_ref().is_some_and(|(file, _)| result.scenario.file == *file)
        };
        if let Some(at) = self.held.iter().position(of_table) {
            return Some(self.result(at));
        }
        if let Some(at) = self.held.iter().position(in_current) {
            let rows_are_due = !self.has_ended && self.table.as_ref().is_some_and(|(_, left)| *left > 0);
            return (!rows_are_due || now >= self.held[at].0 + PATIENCE).then(|| self.result(at));
        }
        let (since, first) = self.held.first()?;
        let waits = self.current.as_deref().is_some_and(is_running) && now < *since + PATIENCE;
        if waits {
            return None;
        }
        let path = folder(&first.scenario).to_path_buf();
        let is_first = self.current.replace(path.clone()).is_none();
        self.table = None;
        Some(Grouped::Folder { path, is_first })
    }

    fn result(&mut self, at: usize) -> Grouped {
        let (_, result) = self.held.remove(at);
        let file = &result.scenario.file;
        let left = self.table.take().filter(|(table, _)| table == file).map(|(_, left)| left);
        self.table =
            result.scenario.row.map(|row| (Arc::clone(file), left.unwrap_or(row.of).saturating_sub(1)));
        Grouped::Result(result)
    }
}

#[cfg(test)]
mod tests {
    use scenario::Row;

    use super::*;
    use crate::tests::sample::{FIRST, passed};

    /// A result of a scenario in this file; with a `#` behind it, of one of two rows.
    fn result(file: &str) -> Arc<ScenarioResult> {
        let mut result = passed(FIRST);
        let scenario = Arc::make_mut(&mut result.scenario);
        scenario.row = file.ends_with('#').then_some(Row { number: 1, of: 2 });
        scenario.file = Arc::new(file.into());
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

    #[test]
    fn the_rows_of_a_table_stand_together() {
        let ended = [(0, "a/t#"), (0, "a/1"), (1, "a/t#"), (1, "a/2")];
        assert_eq!(written(&ended, "b"), "a: a/t# a/t# a/1 a/2", "others wait for the rest of the table");
        let late = [(0, "a/t#"), (0, "a/1"), (2, "a/2"), (3, "a/t#")];
        assert_eq!(written(&late, "b"), "a: a/t# a/1 a/2 a/t#", "not for long");
        let mut folders = Folders::default();
        let now = Instant::now();
        folders.add(result("a/t#"), now);
        folders.add(result("a/1"), now);
        let mut written = || std::iter::from_fn(|| folders.next(|_| false, now)).count();
        assert_eq!(written(), 2, "the folder and the row");
        folders.end();
        assert_eq!(
            std::iter::from_fn(|| folders.next(|_| false, now)).count(),
            1,
            "the other row was not run"
        );
    }
}
