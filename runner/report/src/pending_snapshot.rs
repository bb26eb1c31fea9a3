//! Snapshots that wait for a review: transcripts that were not as accepted, each in a file beside its snapshot.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use owo_colors::OwoColorize;

use crate::{
    SnapshotMismatch,
    layout::printable,
    snapshot::{read, unified},
};

/// The end of the name of a file that waits for a review.
const PENDING: &str = ".snap.new";

/// A transcript that waits for a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSnapshot {
    /// The snapshot's file, which need not exist.
    pub snapshot: PathBuf,
    /// The file with the transcript that was found.
    pending: PathBuf,
    /// The scenario's name, if the file has it.
    scenario: Option<String>,
    /// The accepted transcript; `None` if there is none yet.
    accepted: Option<String>,
    /// The transcript that was found.
    found: String,
}

/// The snapshots of a folder that wait for a review, by name; none if there is no such folder.
pub fn pending_snapshots(folder: &Path) -> Result<Vec<PendingSnapshot>, SnapshotMismatch> {
    let unusable = |file: &Path, reason: String| SnapshotMismatch::Unusable { snapshot: file.into(), reason };
    let files = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect()),
    };
    let mut files: Vec<PathBuf> = files.map_err(|error| unusable(folder, error.to_string()))?;
    files.retain(|file| file.to_string_lossy().ends_with(PENDING));
    files.sort();
    let pending = |file: PathBuf| {
        let read = |file: &Path| read(file).map_err(|reason| unusable(file, reason));
        let snapshot = file.with_extension("");
        let metadata =
            insta::Snapshot::from_file(&file).map_err(|error| unusable(&file, error.to_string()))?;
        let scenario = metadata.metadata().description().map(str::to_owned);
        let (accepted, found) = (read(&snapshot)?, read(&file)?.unwrap_or_default());
        Ok(PendingSnapshot { accepted, found, scenario, snapshot, pending: file })
    };
    files.into_iter().map(pending).collect()
}

impl PendingSnapshot {
    /// The snapshot's file, its scenario, and the difference in colours. `shown` is the path that a person reads.
    pub fn render(&self, shown: &Path) -> String {
        let scenario =
            self.scenario.as_ref().map_or_else(String::new, |name| format!("  {}", printable(name)));
        let new = if self.accepted.is_none() { format!("  {}", "new".yellow()) } else { String::new() };
        let mut text = format!("{}{scenario}{new}\n", shown.display().bold());
        for line in unified(self.accepted.as_deref().unwrap_or_default(), &self.found).lines() {
            let line = printable(line);
            text += &match line.chars().next() {
                Some('+') => line.green().to_string(),
                Some('-') => line.red().to_string(),
                Some('@') => line.dimmed().to_string(),
                _ => line,
            };
            text.push('\n');
        }
        text
    }

    /// Makes it the snapshot.
    pub fn accept(&self) -> io::Result<()> {
        fs::rename(&self.pending, &self.snapshot)
    }

    /// Removes it; what was accepted stays.
    pub fn reject(&self) -> io::Result<()> {
        fs::remove_file(&self.pending)
    }
}
