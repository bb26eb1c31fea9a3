//! The kinds of reports, and where they are written.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::{RunRecord, html, json, junit};

/// A report to write: its kind and its file, given as `junit=FILE`, `json=FILE` or `html=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `JUnit`'s XML, which most build servers show.
    Junit(PathBuf),
    /// All of the run, for other programs and for later runs.
    Json(PathBuf),
    /// One page with a timeline for every scenario; opens offline.
    Html(PathBuf),
}

/// A text that isn't a report's kind and file.
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
    /// The report's file.
    pub file: PathBuf,
    /// What the system said.
    pub reason: std::io::Error,
}

impl Target {
    /// The file it is written to.
    pub fn file(&self) -> &Path {
        match self {
            Self::Junit(file) | Self::Json(file) | Self::Html(file) => file,
        }
    }

    /// Finds out whether the report can be written, before there is one. Missing folders above its file are made.
    pub fn check(&self) -> Result<(), WriteError> {
        let file = self.file();
        let is_new = !file.exists();
        let opened =
            make_folder(file).and_then(|()| fs::OpenOptions::new().append(true).create(true).open(file));
        let checked = opened.and_then(|_| if is_new { fs::remove_file(file) } else { Ok(()) });
        checked.map_err(|reason| WriteError { file: file.to_path_buf(), reason })
    }

    /// Writes the report. Missing folders above its file are made.
    pub fn write(&self, record: &RunRecord) -> Result<(), WriteError> {
        let text = match self {
            Self::Junit(_) => junit::render(record),
            Self::Json(_) => json::render(record),
            Self::Html(_) => html::render(record),
        };
        let file = self.file();
        make_folder(file)
            .and_then(|()| fs::write(file, &*record.secrets.mask(&text)))
            .map_err(|reason| WriteError { file: file.to_path_buf(), reason })
    }
}

/// Makes the folder of a file, and those above it.
fn make_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), fs::create_dir_all)
}
