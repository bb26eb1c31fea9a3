//! What happened in a scenario, without what differs from run to run, against what was accepted.
//!
//! Snapshots are insta's files, so that `cargo insta review` shows and accepts them, and `INSTA_UPDATE` and its kin
//! mean what they mean for any test. insta's own macros are for tests: they print, panic, and ask cargo where the
//! workspace is.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use engine::ScenarioResult;
use similar::TextDiff;

use crate::happened;

/// A scenario didn't do what it did when its snapshot was accepted.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotMismatch {
    /// What happened differs from what was accepted.
    #[error(
        "what happened {} {}; is it right? `cargo insta review`, or INSTA_UPDATE=always\n{diff}",
        if *is_new { "has no snapshot yet,"} else { "differs from" },
        snapshot.display()
    )]
    Differs {
        /// Whether there is none that it could be compared with.
        is_new: bool,
        /// The snapshot.
        snapshot: PathBuf,
        /// What was accepted against what happened, as a unified diff; all of it is new where there is no snapshot.
        diff: String,
        /// Where what happened was written for a review; `None` where that wasn't wanted.
        pending: Option<PathBuf>,
    },
    /// A file couldn't be read or written.
    #[error("the snapshot {}: {reason}", snapshot.display())]
    Unusable {
        /// The file.
        snapshot: PathBuf,
        /// Why not.
        reason: String,
    },
}

/// What is done with a text that isn't as accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Update {
    /// It takes the snapshot's place.
    InPlace,
    /// It is put beside the snapshot, for a review.
    Pending,
    /// Nothing.
    No,
}

/// How insta's variables want snapshots handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// For a text that differs from its snapshot.
    pub(crate) changed: Update,
    /// For a text that has no snapshot yet.
    pub(crate) new: Update,
    /// What differs isn't a failure: whoever asked looks at all of it later.
    pub(crate) force_pass: bool,
}

impl Wishes {
    /// Reads `INSTA_UPDATE`, `INSTA_FORCE_PASS` and `CI` as insta does.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let on_ci = match set("CI").as_deref() {
            Some("false" | "0") => false,
            Some(_) => true,
            None => variable("CI").is_none() && variable("TF_BUILD").is_some(),
        };
        let (changed, new) = match set("INSTA_UPDATE").as_deref() {
            None | Some("auto") if on_ci => (Update::No, Update::No),
            None | Some("auto" | "new") => (Update::Pending, Update::Pending),
            Some("always" | "1" | "force") => (Update::InPlace, Update::InPlace),
            Some("unseen") => (Update::Pending, Update::InPlace),
            Some("no") => (Update::No, Update::No),
            Some(other) => {
                return Err(format!(
                    "INSTA_UPDATE is `auto`, `new`, `always`, `unseen`, `force` or `no`, not `{other}`"
                ));
            }
        };
        Ok(Self { changed, new, force_pass: set("INSTA_FORCE_PASS").as_deref() == Some("1") })
    }
}

/// Compares what happened with the snapshot `name` in `folder`, which should be absolute. Where they differ, what
/// happened is written for a review, or accepted at once, as insta's variables say.
pub fn compare(folder: &Path, name: &str, result: &ScenarioResult) -> Result<(), SnapshotMismatch> {
    let snapshot = folder.join(format!("{}.snap", name.replace(['/', '\\'], "__")));
    let unusable = |reason: String| SnapshotMismatch::Unusable { snapshot: snapshot.clone(), reason };
    let wishes = Wishes::read(|name| env::var(name).ok()).map_err(unusable)?;
    if let Ok(references) = env::var("INSTA_SNAPSHOT_REFERENCES_FILE") {
        note_reference(Path::new(&references), &snapshot).map_err(|error| unusable(error.to_string()))?;
    }
    compare_as_wished(&snapshot, result, wishes)
}

/// Tells cargo-insta that a snapshot is in use.
fn note_reference(references: &Path, snapshot: &Path) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().append(true).create(true).open(references)?;
    writeln!(file, "{}", snapshot.display())
}

pub(crate) fn compare_as_wished(
    snapshot: &Path,
    result: &ScenarioResult,
    wishes: Wishes,
) -> Result<(), SnapshotMismatch> {
    let unusable = |reason: String| SnapshotMismatch::Unusable { snapshot: snapshot.to_path_buf(), reason };
    let accepted = if snapshot.exists() {
        let file = insta::Snapshot::from_file(snapshot).map_err(|error| unusable(error.to_string()))?;
        let contents = file.as_text().ok_or_else(|| unusable("it is not text".into()))?;
        Some(contents.to_string())
    } else {
        None
    };
    let happened = happened::text(result);
    let pending = snapshot.with_extension("snap.new");
    if accepted.as_deref() == Some(happened.trim_end()) {
        return match fs::remove_file(&pending) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(error.to_string())),
            _ => Ok(()),
        };
    }
    let update = if accepted.is_some() { wishes.changed } else { wishes.new };
    let target = match update {
        Update::InPlace => Some(snapshot),
        Update::Pending => Some(pending.as_path()),
        Update::No => None,
    };
    if let Some(target) = target {
        save(target, result, &happened).map_err(|error| unusable(error.to_string()))?;
    }
    if update == Update::InPlace || wishes.force_pass {
        return Ok(());
    }
    let is_new = accepted.is_none();
    let accepted = accepted.unwrap_or_default();
    let diff = TextDiff::from_lines(accepted.trim_end(), happened.trim_end());
    Err(SnapshotMismatch::Differs {
        is_new,
        snapshot: snapshot.to_path_buf(),
        diff: diff.unified_diff().context_radius(3).missing_newline_hint(false).to_string(),
        pending: target.map(Path::to_path_buf),
    })
}

/// Writes insta's format: what it is about, in YAML, and the text.
fn save(file: &Path, result: &ScenarioResult, happened: &str) -> io::Result<()> {
    // A JSON text is a YAML text too.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let source = quoted(&result.scenario.file.to_string_lossy());
    let description = quoted(&result.scenario.name);
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let text = format!("---\nsource: {source}\ndescription: {description}\n---\n{}\n", happened.trim_end());
    fs::write(file, text)
}
