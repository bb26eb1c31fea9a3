//! A bug: its patch and what the patch says about it.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::repository::root;

/// A bug that can be applied to the shop.
#[derive(Debug, Clone)]
pub(crate) struct Bug {
    /// The patch's file name, without its extension.
    pub(crate) name: String,
    /// What is wrong, in a few words.
    pub(crate) title: String,
    /// The number of steps of the smallest scenario that shows it.
    pub(crate) minimum: usize,
    /// The patch file.
    pub(crate) patch: PathBuf,
    /// The files that the patch changes, relative to the repository's root.
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
        let header = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            line.map(str::trim).with_context(|| format!("{} has no line `{key}: …`", patch.display()))
        };
        let minimum = header("Minimum")?;
        let steps = minimum.split(' ').next().and_then(|number| number.parse().ok());
        let name = patch.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok(Self {
            name: name.unwrap_or_default(),
            title: header("Bug")?.to_owned(),
            minimum: steps.with_context(|| {
                format!("{}: `Minimum: {minimum}` does not begin with a number of steps", patch.display())
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn every_patch_applies_to_the_working_tree() {
        for bug in Bug::all().expect("patches") {
            let mut git = Command::new("git");
            git.args(["apply", "--check", "--whitespace=nowarn"]).arg(&bug.patch).current_dir(root());
            let output = git.output().expect("git");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
