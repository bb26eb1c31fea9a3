//! Compares results with the snapshots of their scenarios, and tells of those that are new.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use engine::ScenarioResult;
use report::{FirstSnapshot, SnapshotComparison, WorldKind, compare_snapshot, count};
use scenario::Configuration;
use verdict::{Finding, FindingKind};

use crate::project;

/// The snapshots of a run.
#[derive(Debug)]
pub(crate) struct Snapshots<'a> {
    configuration: &'a Configuration,
    world: WorldKind,
    /// How many were written because there were none.
    written: AtomicUsize,
}

impl<'a> Snapshots<'a> {
    pub(crate) fn new(configuration: &'a Configuration, world: WorldKind) -> Self {
        Self { configuration, world, written: AtomicUsize::new(0) }
    }

    /// Compares a result with its scenario's snapshot. One that isn't there yet is written.
    pub(crate) fn review(&self, result: &ScenarioResult) -> Vec<Finding> {
        let (findings, comparison) = compare(self.configuration, result, self.world, FirstSnapshot::Written);
        if comparison == Some(SnapshotComparison::Written) {
            self.written.fetch_add(1, Ordering::Relaxed);
        }
        findings
    }

    /// The line about those that were written; empty if none was.
    pub(crate) fn told(&self) -> String {
        match (self.written.load(Ordering::Relaxed), &self.configuration.snapshots) {
            (written @ 1.., Some(folder)) => format!(
                "{} written to {}: from now on these scenarios have to go the same way\n",
                count(written, "snapshot"),
                folder.display(),
            ),
            _ => String::new(),
        }
    }
}

/// Compares a result with its scenario's snapshot, if the project has snapshots. One that isn't there yet waits for a review.
/// The snapshot's name is the path of the scenario's file, relative to the configuration's folder, and the row of its table if
/// it has one.
pub fn review(configuration: &Configuration, result: &ScenarioResult, world: WorldKind) -> Vec<Finding> {
    compare(configuration, result, world, FirstSnapshot::Reviewed).0
}

fn compare(
    configuration: &Configuration,
    result: &ScenarioResult,
    world: WorldKind,
    first: FirstSnapshot,
) -> (Vec<Finding>, Option<SnapshotComparison>) {
    let Some(folder) = folder(configuration) else { return (Vec::new(), None) };
    let beside = project::folder(configuration);
    let file = project::absolute(&result.scenario.file).with_extension("");
    let mut name = file.strip_prefix(&beside).unwrap_or(&file).display().to_string();
    if let Some(row) = result.scenario.row {
        name = format!("{name}-row-{}", row.number);
    }
    let finding = |found: String| Finding::new(FindingKind::Snapshot, "what was accepted", found);
    match compare_snapshot(&folder, &name, result, world, first) {
        Ok(comparison) => (Vec::new(), Some(comparison)),
        Err(mismatch) => (vec![finding(mismatch.to_string())], None),
    }
}

/// The folder of a project's snapshots, if it has any.
pub(crate) fn folder(configuration: &Configuration) -> Option<PathBuf> {
    let folder: &Path = configuration.snapshots.as_deref()?;
    Some(project::folder(configuration).join(folder))
}
