//! The copy of the repository in which bugs are applied and built. It is kept, so that the next hunt builds less.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{bug::Bug, repository::root};

/// The packages that are built for every bug, and so with few optimisations.
const SHOP: [&str; 6] = ["breaker", "values", "chassis", "users", "orders", "payments"];

/// The modification time that a copied file gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    /// The time of the original.
    Kept,
    /// Now: cargo has to build again what was built from the file's former content.
    Now,
}

/// A copy of the files of the working tree that git doesn't ignore, with its own build folder.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// The folder of the copy.
    pub(crate) tree: PathBuf,
    built: PathBuf,
}

impl Scratch {
    /// Makes the copy, or updates an earlier one.
    pub(crate) fn copy() -> Result<Self> {
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        let scratch = Self { tree: target.join("hunt/tree"), built: target.join("hunt/built") };
        let times = if scratch.tree.exists() { Times::Now } else { Times::Kept };
        let listed = run(Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root()))?;
        let files: BTreeSet<&Path> =
            listed.split('\0').filter(|file| !file.is_empty()).map(Path::new).collect();
        for file in &files {
            scratch.restore(file, times)?;
        }
        scratch.remove_others(&files, &scratch.tree)?;
        if times == Times::Kept {
            scratch.copy_artefacts(&target)?;
        }
        Ok(scratch)
    }

    /// Gives a file its content in the repository. A file that has it already keeps its time, so that nothing is built again.
    fn restore(&self, file: &Path, times: Times) -> Result<()> {
        let (from, to) = (root().join(file), self.tree.join(file));
        if !from.exists() {
            // Git still lists a file that was deleted without a commit.
            return if to.exists() { Ok(fs::remove_file(to)?) } else { Ok(()) };
        }
        let content = fs::read(&from).with_context(|| format!("reading {}", from.display()))?;
        if fs::read(&to).is_ok_and(|copied| copied == content) {
            return Ok(());
        }
        fs::create_dir_all(to.parent().expect("a file lies in a folder"))?;
        fs::write(&to, content).with_context(|| format!("writing {}", to.display()))?;
        if times == Times::Kept { keep_time(&from, &to) } else { Ok(()) }
    }

    /// Removes the files in this folder of the copy that are no longer in the repository.
    fn remove_others(&self, files: &BTreeSet<&Path>, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.remove_others(files, &path)?;
            } else if !files.contains(path.strip_prefix(&self.tree)?) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Copies the artefacts of the repository's own release build. Since all files keep their times, cargo finds them fresh.
    fn copy_artefacts(&self, target: &Path) -> Result<()> {
        for folder in [".fingerprint", "build", "deps"] {
            let from = target.join("release").join(folder);
            if from.exists() {
                copy_with_times(&from, &self.built.join("release").join(folder))?;
            }
        }
        Ok(())
    }

    /// Does some work while the bug is applied to the copy.
    pub(crate) fn with_bug<T>(&self, bug: &Bug, work: impl FnOnce() -> Result<T>) -> Result<T> {
        run(Command::new("git")
            .args(["apply", "--whitespace=nowarn"])
            .arg(&bug.patch)
            .current_dir(&self.tree)
            // Without this, git takes the copy for a part of the repository around it, and applies nothing.
            .env("GIT_CEILING_DIRECTORIES", self.tree.parent().expect("the copy lies in the build folder")))
        .with_context(|| format!("the patch of `{}` doesn't apply: bring it up to date", bug.name))?;
        let done = work();
        for file in &bug.files {
            self.restore(file, Times::Now)?;
        }
        done
    }

    /// Builds `simulate` from the copy, and keeps the binary under this name.
    pub(crate) fn build(&self, name: &str) -> Result<PathBuf> {
        let faster = SHOP.map(|package| {
            let setting = |key| format!("--config=profile.release.package.{package}.{key}");
            [setting("opt-level=1"), setting("codegen-units=16")]
        });
        run(Command::new("cargo")
            .args(["build", "--release", "--quiet", "--bin", "simulate"])
            .args(faster.as_flattened())
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.built))
        .with_context(|| format!("`{name}` doesn't build"))?;
        let kept = self.built.join("simulate").with_extension(name);
        fs::copy(self.built.join("release/simulate"), &kept)?;
        Ok(kept)
    }
}

fn copy_with_times(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_with_times(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
            keep_time(&from, &to)?;
        }
    }
    Ok(())
}

/// Gives a copy the modification time of its original.
fn keep_time(from: &Path, to: &Path) -> Result<()> {
    let time = fs::metadata(from)?.modified()?;
    Ok(fs::File::options().write(true).open(to)?.set_modified(time)?)
}

/// Runs a command that has to succeed. Returns its output.
fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
