//! The verdicts of the last run, kept in `.runner` beside e2e.conf for `--rerun-failed`, `--sort` and `verdict(…)`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use engine::ScenarioResult;
use report::WorldKind;
use scenario::Scenario;
use serde::{Deserialize, Serialize};
use verdict::Verdict;

use crate::{Project, project::canonical};

/// The folder, beside e2e.conf.
const FOLDER: &str = ".runner";
/// The version of the file's shape. A file of another version counts as none.
const FORMAT: u32 = 1;

/// How a scenario ended in the last run in which it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LastVerdict {
    /// All that had to hold held.
    Passed,
    /// It needed a service that wasn't there.
    Skipped,
    /// Something didn't hold.
    Failed,
    /// The environment failed.
    BrokenOff,
}

impl LastVerdict {
    pub(crate) const ALL: [Self; 4] = [Self::Passed, Self::Failed, Self::BrokenOff, Self::Skipped];

    /// The word for it, as in summaries.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::BrokenOff => "broken off",
            Self::Skipped => "skipped",
        }
    }

    /// Whether `--rerun-failed` runs it again.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::BrokenOff)
    }
}

impl From<&Verdict> for LastVerdict {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Passed,
            Verdict::Failed(_) => Self::Failed,
            Verdict::BrokenOff(_) => Self::BrokenOff,
            Verdict::Skipped(_) => Self::Skipped,
        }
    }
}

/// The last result of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastResult {
    pub(crate) verdict: LastVerdict,
    /// How long it took, in microseconds of its world's time.
    took_us: u64,
}

impl LastResult {
    pub(crate) fn took(self) -> Duration {
        Duration::from_micros(self.took_us)
    }
}

/// The last results of a project's scenarios, in one kind of world.
#[derive(Debug, Clone)]
pub(crate) struct LastRun {
    /// The project's folder.
    project: PathBuf,
    file: PathBuf,
    /// By the scenario's file, relative to the project's folder, and name.
    results: BTreeMap<(PathBuf, String), LastResult>,
}

/// The shape of the file. It has nothing of requests and replies, which may hold secrets.
#[derive(Debug, Serialize, Deserialize)]
struct LastRunFile {
    format: u32,
    scenarios: Vec<LastScenario>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LastScenario {
    file: PathBuf,
    name: String,
    #[serde(flatten)]
    result: LastResult,
}

impl LastRun {
    /// Reads the results of a project's last run in worlds of this kind. Without a file that can be read there are none.
    pub(crate) fn read(project: &Project, world: WorldKind) -> Self {
        let folder = canonical(&project.folder());
        let name = match world {
            WorldKind::Live => "last-run.json",
            WorldKind::Simulated => "last-simulated-run.json",
        };
        let file = folder.join(FOLDER).join(name);
        let read = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<LastRunFile>(&text).ok());
        let kept = read.filter(|read| read.format == FORMAT).map_or_else(Vec::new, |read| read.scenarios);
        let results = kept.into_iter().map(|last| ((last.file, last.name), last.result)).collect();
        Self { project: folder, file, results }
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// The last result of a scenario, if it has run.
    pub(crate) fn of(&self, scenario: &Scenario) -> Option<LastResult> {
        self.results.get(&self.key(scenario)).copied()
    }

    /// The last verdict of a scenario, if it has run.
    pub(crate) fn verdict(&self, scenario: &Scenario) -> Option<LastVerdict> {
        self.of(scenario).map(|last| last.verdict)
    }

    /// Replaces the results of the scenarios that have run. Of several runs of one, the worst counts. Scenarios whose files are
    /// gone are forgotten.
    pub(crate) fn update<'a>(&mut self, results: impl IntoIterator<Item = &'a ScenarioResult>) {
        let mut new: BTreeMap<_, LastResult> = BTreeMap::new();
        for result in results {
            let took_us = u64::try_from(result.took.as_micros()).unwrap_or(u64::MAX);
            let this = LastResult { verdict: (&result.verdict).into(), took_us };
            let last = new.entry(self.key(&result.scenario)).or_insert(this);
            *last = LastResult {
                verdict: last.verdict.max(this.verdict),
                took_us: last.took_us.max(this.took_us),
            };
        }
        self.results.extend(new);
        let project = &self.project;
        self.results.retain(|(file, _), _| project.join(file).is_file());
    }

    /// Writes the file, with a `.gitignore` beside it. Another run at the same time never reads half of it.
    pub(crate) fn write(&self) -> io::Result<()> {
        let scenario = |((file, name), result): (&(PathBuf, String), &LastResult)| LastScenario {
            file: file.clone(),
            name: name.clone(),
            result: *result,
        };
        let file = LastRunFile { format: FORMAT, scenarios: self.results.iter().map(scenario).collect() };
        let folder = self.project.join(FOLDER);
        fs::create_dir_all(&folder)?;
        let ignore = folder.join(".gitignore");
        if !ignore.exists() {
            fs::write(ignore, "*\n")?;
        }
        let new = self.file.with_extension(process::id().to_string());
        let text = serde_json::to_string_pretty(&file)? + "\n";
        fs::write(&new, text).and_then(|()| fs::rename(&new, &self.file))
    }

    fn key(&self, scenario: &Scenario) -> (PathBuf, String) {
        let file = canonical(&scenario.file);
        let relative = file.strip_prefix(&self.project).map(Path::to_path_buf);
        (relative.unwrap_or(file), scenario.name.clone())
    }
}
