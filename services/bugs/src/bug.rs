//! A planted bug: its patch, and what the patch says of it.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::scratch::root;

/// A bug that can be planted.
#[derive(Debug, Clone)]
pub(crate) struct Bug {
    /// The name of its patch, without the ending.
    pub(crate) name: String,
    /// What it is, in a few words.
    pub(crate) title: String,
    /// Steps of the smallest scenario that shows it.
    pub(crate) minimum: usize,
    /// The patch, relative paths from the repository's root.
    pub(crate) patch: PathBuf,
    /// The files that it changes, from the repository's root.
    pub(crate) files: Vec<PathBuf>,
}

impl Bug {
    /// All bugs of `services/bugs`, by name.
    pub(crate) fn all() -> Result<Vec<Self>> {
        let folder = root().join("services/bugs");
        let mut bugs = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "patch") {
                bugs.push(Self::read(path)?);
            }
        }
        bugs.sort_by(|a, b| a.name.cmp(&b.name));
        ensure!(!bugs.is_empty(), "there is no patch in {}", folder.display());
        Ok(bugs)
    }

    fn read(patch: PathBuf) -> Result<Self> {
        let text = fs::read_to_string(&patch).with_context(|| format!("reading {}", patch.display()))?;
        let said = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            line.map(str::trim).with_context(|| format!("{} has no line `{key}: …`", patch.display()))
        };
        let minimum = said("Minimum")?;
        let steps = minimum.split(' ').next().and_then(|number| number.parse().ok());
        let name = patch.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok(Self {
            name: name.unwrap_or_default(),
            title: said("Bug")?.to_owned(),
            minimum: steps.with_context(|| {
                format!("{}: `Minimum: {minimum}` is no number of steps", patch.display())
            })?,
            files: text.lines().filter_map(|line| line.strip_prefix("+++ b/")).map(PathBuf::from).collect(),
            patch,
        })
    }
}

/// The bugs with these names; all of them when none is named.
pub(crate) fn choose(all: Vec<Bug>, names: &[String]) -> Result<Vec<Bug>> {
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|bug| bug.name == **name)) {
        let known: Vec<&str> = all.iter().map(|bug| bug.name.as_str()).collect();
        bail!("there is no bug `{unknown}`; there are: {}", known.join(", "));
    }
    Ok(all.into_iter().filter(|bug| names.is_empty() || names.contains(&bug.name)).collect())
}
