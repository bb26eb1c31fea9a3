//! Compares a scenario's transcript with the one that was accepted, its snapshot.
//!
//! Snapshots are insta's files, so that `cargo insta review` shows and accepts them, too, and `INSTA_UPDATE` and its kin
//! mean what they mean for any test. Only a scenario's first snapshot is written at once, where a run says so. insta's own macros are for tests: they print, panic, and ask cargo where the
//! workspace is.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use engine::ScenarioResult;
use regex::Regex;
use scenario::{Scenario, Step};
use similar::TextDiff;

use crate::transcript::{self, SNAPSHOT_SEED};

/// Why a scenario doesn't match its snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotMismatch {
    /// The transcript differs from the accepted one, or there is none yet.
    #[error(
        "{}: {}\n{diff}",
        snapshot.display(),
        if *is_new && pending.is_none() {
            "there is no snapshot yet, and none is written here (CI is set, or INSTA_UPDATE is `no`); if this is right, run \
             it elsewhere, and keep what is written"
        } else if *is_new {
            "there is no snapshot yet; if this is right, run again with INSTA_UPDATE=always (simulated, with --seed 1, if \
             the services can be simulated)"
        } else {
            "what happened differs; if it is right, accept it with the command `review`"
        },
    )]
    Differs {
        /// Whether there is no snapshot yet.
        is_new: bool,
        /// The snapshot's file.
        snapshot: PathBuf,
        /// The accepted transcript against this run's, as a unified diff; all of it is new where there is no snapshot.
        diff: String,
        /// The file that this run's transcript was written to for a review; `None` when no review is wanted.
        pending: Option<PathBuf>,
    },
    /// A file couldn't be read or written.
    #[error("the snapshot {}: {reason}", snapshot.display())]
    Unusable {
        /// The file.
        snapshot: PathBuf,
        /// What the system or insta said.
        reason: String,
    },
}

/// The kind of world that a scenario ran in. It decides how much of a transcript is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorldKind {
    /// Real processes and real time: only what is certain is compared.
    Live,
    /// Virtual time: in a run with [`SNAPSHOT_SEED`] all is compared, in others what is certain.
    Simulated,
}

/// How much of a transcript is compared and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// The lines that are the same in every run that goes the same way.
    Certain,
}

impl Extent {
    pub(crate) fn of(result: &ScenarioResult, world: WorldKind) -> Self {
        if world == WorldKind::Simulated && is_repeatable(result) { Self::Whole } else { Self::Certain }
    }

    fn of_transcript(self, text: &str) -> String {
        match self {
            Self::Whole => text.into(),
            Self::Certain => transcript::certain(text),
        }
    }
}

/// Whether a run has the seed of the snapshots, and with it the same values and decisions.
fn is_repeatable(result: &ScenarioResult) -> bool {
    result.seed == SNAPSHOT_SEED.derive(&result.scenario.name)
}

/// Whether a scenario draws numbers or items. They differ with the seed, and look like any other value.
fn draws_values(scenario: &Scenario) -> bool {
    static DRAWS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(random|choice)\s*\(").expect("the pattern is a literal"));
    let steps = scenario.steps.iter().flat_map(Step::all);
    let included = steps.filter_map(|step| Some(step.file.as_ref()?.text.as_str()));
    [&*scenario.text].into_iter().chain(included).any(|text| DRAWS.is_match(text))
}

/// What is done with a transcript that isn't as accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Update {
    /// It replaces the snapshot.
    InPlace,
    /// It is written to a file beside the snapshot, for a review.
    Pending,
    /// It is not written.
    No,
}

/// What insta's environment variables ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InstaSettings {
    /// For a transcript that differs from its snapshot.
    pub(crate) changed: Update,
    /// For a transcript that has no snapshot yet.
    pub(crate) new: Update,
    /// Whether a difference passes: all differences are reviewed later.
    pub(crate) force_pass: bool,
}

impl InstaSettings {
    /// Reads `INSTA_UPDATE`, `INSTA_FORCE_PASS` and `CI` as insta does. Without any of them, `first` is what becomes of a
    /// transcript that has no snapshot yet.
    pub(crate) fn read(
        first: FirstSnapshot,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let on_ci = match set("CI").as_deref() {
            Some("false" | "0") => false,
            Some(_) => true,
            None => variable("CI").is_none() && variable("TF_BUILD").is_some(),
        };
        let (changed, new) = match set("INSTA_UPDATE").as_deref() {
            None | Some("auto") if on_ci => (Update::No, Update::No),
            None if first == FirstSnapshot::Written => (Update::Pending, Update::InPlace),
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

/// What is done with a transcript that has no snapshot yet, unless insta's variables say it. Under CI it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstSnapshot {
    /// It becomes the snapshot.
    Written,
    /// It fails, and waits for a review.
    Reviewed,
}

/// How a transcript that passes compares with its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotComparison {
    /// It is as accepted, or became the snapshot in place of another one.
    Accepted,
    /// There was no snapshot; it became the first one.
    Written,
    /// Nothing was compared: the scenario draws values, which are others in a run without [`SNAPSHOT_SEED`].
    OtherValues,
}

/// The file of the snapshot `name` in `folder`.
pub fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{}.snap", name.replace(['/', '\\'], "__")))
}

/// Compares a scenario's transcript with the snapshot `name` in `folder`, which should be absolute. One that differs is
/// written for a review, or accepted at once, as insta's variables and `first` say.
pub fn compare(
    folder: &Path,
    name: &str,
    result: &ScenarioResult,
    world: WorldKind,
    first: FirstSnapshot,
) -> Result<SnapshotComparison, SnapshotMismatch> {
    let snapshot = file(folder, name);
    let unusable = |reason: String| SnapshotMismatch::Unusable { snapshot: snapshot.clone(), reason };
    let settings = InstaSettings::read(first, |name| env::var(name).ok()).map_err(unusable)?;
    if let Ok(references) = env::var("INSTA_SNAPSHOT_REFERENCES_FILE") {
        note_reference(Path::new(&references), &snapshot).map_err(|error| unusable(error.to_string()))?;
    }
    if draws_values(&result.scenario) && !is_repeatable(result) {
        return Ok(SnapshotComparison::OtherValues);
    }
    compare_with(&snapshot, result, Extent::of(result, world), settings)
}

/// Tells cargo-insta that a snapshot is in use.
fn note_reference(references: &Path, snapshot: &Path) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().append(true).create(true).open(references)?;
    writeln!(file, "{}", snapshot.display())
}

pub(crate) fn compare_with(
    snapshot: &Path,
    result: &ScenarioResult,
    extent: Extent,
    settings: InstaSettings,
) -> Result<SnapshotComparison, SnapshotMismatch> {
    let unusable = |reason: String| SnapshotMismatch::Unusable { snapshot: snapshot.to_path_buf(), reason };
    let found = extent.of_transcript(&transcript::text(result));
    let pending = snapshot.with_extension("snap.new");
    // A run that compares less leaves what another one wrote for a review, unless it contradicts it.
    let awaits_review = extent == Extent::Certain
        && read(&pending).map_err(unusable)?.is_some_and(|text| same(&extent.of_transcript(&text), &found));
    let accepted = read(snapshot).map_err(unusable)?.map(|text| extent.of_transcript(&text));
    if accepted.as_deref().is_some_and(|accepted| same(accepted, &found)) {
        if awaits_review {
            return Ok(SnapshotComparison::Accepted);
        }
        return match fs::remove_file(&pending) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(error.to_string())),
            _ => Ok(SnapshotComparison::Accepted),
        };
    }
    let update = if accepted.is_some() { settings.changed } else { settings.new };
    let target = match update {
        Update::InPlace => Some(snapshot),
        Update::Pending => Some(pending.as_path()),
        Update::No => None,
    };
    if let Some(target) = target.filter(|_| update == Update::InPlace || !awaits_review) {
        save(target, result, &found).map_err(|error| unusable(error.to_string()))?;
    }
    let is_new = accepted.is_none();
    if update == Update::InPlace || settings.force_pass {
        let is_first = is_new && update == Update::InPlace;
        return Ok(if is_first { SnapshotComparison::Written } else { SnapshotComparison::Accepted });
    }
    Err(SnapshotMismatch::Differs {
        is_new,
        snapshot: snapshot.to_path_buf(),
        diff: unified(accepted.as_deref().unwrap_or_default(), &found),
        pending: target.map(Path::to_path_buf),
    })
}

/// The difference of two transcripts, as a unified diff.
pub(crate) fn unified(accepted: &str, found: &str) -> String {
    // Both with a line's end, else the same last line would be a difference.
    let (accepted, found) = (format!("{}\n", accepted.trim_end()), format!("{}\n", found.trim_end()));
    let diff = TextDiff::from_lines(&accepted, &found);
    diff.unified_diff().context_radius(3).missing_newline_hint(false).to_string()
}

/// The transcript in a snapshot's file; `None` when there is no such file.
pub(crate) fn read(file: &Path) -> Result<Option<String>, String> {
    if !file.exists() {
        return Ok(None);
    }
    let snapshot = insta::Snapshot::from_file(file).map_err(|error| error.to_string())?;
    snapshot.as_text().map(|text| Some(text.to_string())).ok_or_else(|| "it is not text".into())
}

/// Whether two transcripts are the same. insta drops white space at the end.
fn same(one: &str, other: &str) -> bool {
    one.trim_end() == other.trim_end()
}

/// Writes insta's format: the scenario's file and name in YAML, then the transcript.
fn save(file: &Path, result: &ScenarioResult, text: &str) -> io::Result<()> {
    // A JSON text is a YAML text too.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let source = quoted(&result.scenario.file.to_string_lossy());
    let description = quoted(&result.scenario.name);
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let text = format!("---\nsource: {source}\ndescription: {description}\n---\n{}\n", text.trim_end());
    fs::write(file, text)
}
