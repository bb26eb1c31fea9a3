//! Compares results with the snapshots of their scenarios, and tells of those that are new.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use engine::ScenarioResult;
use report::{
    FirstSnapshot, SNAPSHOT_SEED, SnapshotComparison, WorldKind, compare_snapshot, count, snapshot_file,
};
use scenario::{Configuration, Scenario};
use verdict::{Finding, FindingKind};

use crate::project;

/// The snapshots of a run.
#[derive(Debug)]
pub(crate) struct Snapshots<'a> {
    configuration: &'a Configuration,
    world: WorldKind,
    /// How many were written because there were none.
    written: AtomicUsize,
    /// How many weren't compared because other values were drawn.
    not_compared: AtomicUsize,
}

impl<'a> Snapshots<'a> {
    pub(crate) fn new(configuration: &'a Configuration, world: WorldKind) -> Self {
        Self { configuration, world, written: AtomicUsize::new(0), not_compared: AtomicUsize::new(0) }
    }

    /// Compares a result with its scenario's snapshot. One that isn't there yet is written.
    pub(crate) fn review(&self, result: &ScenarioResult) -> Vec<Finding> {
        let (findings, comparison) = compare(self.configuration, result, self.world, FirstSnapshot::Written);
        match comparison {
            Some(SnapshotComparison::Written) => drop(self.written.fetch_add(1, Ordering::Relaxed)),
            Some(SnapshotComparison::OtherValues) => drop(self.not_compared.fetch_add(1, Ordering::Relaxed)),
            Some(SnapshotComparison::Accepted) | None => {}
        }
        findings
    }

    /// The lines about those that were written, and those that weren't compared; empty if there are none.
    pub(crate) fn told(&self) -> String {
        let written = match (self.written.load(Ordering::Relaxed), &self.configuration.snapshots) {
            (written @ 1.., Some(folder)) => format!(
                "{} written to {}: from now on these scenarios have to go the same way\n",
                count(written, "snapshot"),
                folder.display(),
            ),
            _ => String::new(),
        };
        let not_compared = match self.not_compared.load(Ordering::Relaxed) {
            0 => String::new(),
            some => format!(
                "{} not compared: the values that `random` and `choice` draw are those of the snapshots with --seed {SNAPSHOT_SEED} only\n",
                count(some, "snapshot"),
            ),
        };
        written + &not_compared
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
    let name = name(configuration, &result.scenario);
    let finding = |found: String| Finding::new(FindingKind::Snapshot, "what was accepted", found);
    match compare_snapshot(&folder, &name, result, world, first) {
        Ok(comparison) => (Vec::new(), Some(comparison)),
        Err(mismatch) => (vec![finding(mismatch.to_string())], None),
    }
}

/// The name of a scenario's snapshot.
fn name(configuration: &Configuration, scenario: &Scenario) -> String {
    let beside = project::folder(configuration);
    let file = project::absolute(&scenario.file).with_extension("");
    let name = file.strip_prefix(&beside).unwrap_or(&file).display().to_string();
    match scenario.row {
        Some(row) => format!("{name}-row-{}", row.number),
        None => name,
    }
}

/// The file of a scenario's snapshot, if the project has snapshots.
pub(crate) fn file(configuration: &Configuration, scenario: &Scenario) -> Option<PathBuf> {
    Some(snapshot_file(&folder(configuration)?, &name(configuration, scenario)))
}

/// The folder of a project's snapshots, if it has any.
pub(crate) fn folder(configuration: &Configuration) -> Option<PathBuf> {
    let folder: &Path = configuration.snapshots.as_deref()?;
    Some(project::folder(configuration).join(folder))
}
