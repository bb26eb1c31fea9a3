//! All of a run, and where it is written.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use engine::{Event, ScenarioResult, Summary};
use explore::SweepTable;
use fault::{Seed, ServiceName};

use crate::{html, json, junit, sweep::failures};

/// A run as it is kept for reports: its events, gathered.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// What all chance in the run came from.
    pub seed: Seed,
    /// How many scenarios ended how.
    pub summary: Summary,
    /// What came of each scenario, in the order of the run.
    pub results: Vec<Arc<ScenarioResult>>,
    /// Tables of sweeps, each with the place among the results of its scenario without a fault. After that come the runs
    /// that failed.
    pub(crate) sweeps: Vec<(usize, SweepTable)>,
    places: Vec<usize>,
    addresses: BTreeMap<ServiceName, String>,
}

impl Default for RunRecord {
    fn default() -> Self {
        Self {
            seed: Seed(0),
            summary: Summary::default(),
            results: Vec::new(),
            sweeps: Vec::new(),
            places: Vec::new(),
            addresses: BTreeMap::new(),
        }
    }
}

impl RunRecord {
    /// What came of sweeps.
    pub fn of_sweeps(seed: Seed, tables: Vec<SweepTable>) -> Self {
        let mut record = Self { seed, ..Self::default() };
        for table in tables {
            let baseline = record.results.len();
            let results = [&table.baseline].into_iter().chain(failures(&table)).cloned();
            record.results.extend(results);
            record.sweeps.push((baseline, table));
        }
        record.results.iter().for_each(|result| record.summary.count(&result.verdict));
        record
    }

    /// With the URLs at which a person reaches the services, for the commands that repeat a request.
    #[must_use]
    pub fn reached_at(self, addresses: BTreeMap<ServiceName, String>) -> Self {
        Self { addresses, ..self }
    }

    /// Where a person reaches a service.
    pub(crate) fn address(&self, service: &ServiceName) -> Option<String> {
        self.addresses.get(service).cloned()
    }

    /// Keeps what an event says.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::RunStarted { seed, .. } => {
                let addresses = std::mem::take(&mut self.addresses);
                *self = Self { seed: *seed, addresses, ..Self::default() };
            }
            Event::ScenarioEnded { index, result } => {
                let place = self.places.partition_point(|other| other < index);
                self.places.insert(place, *index);
                self.results.insert(place, Arc::clone(result));
            }
            Event::RunEnded { summary } => self.summary = *summary,
            Event::ScenarioStarted { .. } | Event::StepStarted { .. } => {}
        }
    }
}

/// A report that is wanted: its kind and its file, written `junit=FILE`, `json=FILE` or `html=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `JUnit`'s XML, which most build servers show.
    Junit(PathBuf),
    /// All of the run, for other programs and for `replay`.
    Json(PathBuf),
    /// One page with a timeline for every scenario; opens offline.
    Html(PathBuf),
}

/// A text that names no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a report is `junit=FILE`, `json=FILE` or `html=FILE`, not `{0}`")]
pub struct NotATarget(String);

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let not_a_target = || NotATarget(text.into());
        let (kind, file) =
            text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or_else(not_a_target)?;
        match kind {
            "junit" => Ok(Self::Junit(file.into())),
            "json" => Ok(Self::Json(file.into())),
            "html" => Ok(Self::Html(file.into())),
            _ => Err(not_a_target()),
        }
    }
}

/// Why a report couldn't be written.
#[derive(Debug, thiserror::Error)]
#[error("the report {} couldn't be written: {reason}", file.display())]
pub struct WriteError {
    /// The file it was to be in.
    pub file: PathBuf,
    /// Why not.
    pub reason: std::io::Error,
}

impl Target {
    /// Where it is written.
    pub fn file(&self) -> &Path {
        match self {
            Self::Junit(file) | Self::Json(file) | Self::Html(file) => file,
        }
    }

    /// Writes the report, and the folders it lies in where there are none.
    pub fn write(&self, record: &RunRecord) -> Result<(), WriteError> {
        let text = match self {
            Self::Junit(_) => junit::render(record),
            Self::Json(_) => json::render(record),
            Self::Html(_) => html::render(record),
        };
        let file = self.file();
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let made = folder.map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(file, text))
            .map_err(|reason| WriteError { file: file.to_path_buf(), reason })
    }
}
