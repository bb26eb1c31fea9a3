//! The copy of the repository in which bugs are planted and built. It stays, so that the next hunt builds less.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::bug::Bug;

/// What is built anew for every bug, and hence rather in little time than to run in little time.
const SHOP: [&str; 6] = ["breaker", "values", "chassis", "users", "orders", "payments"];

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("it lies in services/bugs").to_owned()
}

/// What a file's time is when it is made what it is in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    /// That of the repository's file.
    Kept,
    /// Now: something else may have been built of it meanwhile.
    Now,
}

/// A copy of what git knows of the working tree, with a folder of its own for what is built.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// The copy.
    pub(crate) tree: PathBuf,
    built: PathBuf,
}

impl Scratch {
    /// Makes the copy, or brings an earlier one up to date.
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
        scratch.keep_only(&files, &scratch.tree)?;
        if times == Times::Kept {
            scratch.take_what_is_built(&target)?;
        }
        Ok(scratch)
    }

    /// Makes a file what it is in the repository. One that is so already stays untouched, and nothing is built anew.
    fn restore(&self, file: &Path, times: Times) -> Result<()> {
        let (from, to) = (root().join(file), self.tree.join(file));
        if !from.exists() {
            // Deleted, and not yet committed.
            return if to.exists() { Ok(fs::remove_file(to)?) } else { Ok(()) };
        }
        let content = fs::read(&from).with_context(|| format!("reading {}", from.display()))?;
        if fs::read(&to).is_ok_and(|copied| copied == content) {
            return Ok(());
        }
        fs::create_dir_all(to.parent().expect("it lies in the copy"))?;
        fs::write(&to, content).with_context(|| format!("writing {}", to.display()))?;
        if times == Times::Kept { keep_time(&from, &to) } else { Ok(()) }
    }

    /// Removes what is in this folder of the copy and no longer in the repository.
    fn keep_only(&self, files: &BTreeSet<&Path>, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.keep_only(files, &path)?;
            } else if !files.contains(path.strip_prefix(&self.tree)?) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// What the repository's own release build has made needn't be made again: by the files' times, cargo finds it as
    /// fresh here as there.
    fn take_what_is_built(&self, target: &Path) -> Result<()> {
        for folder in [".fingerprint", "build", "deps"] {
            let from = target.join("release").join(folder);
            if from.exists() {
                copy_with_times(&from, &self.built.join("release").join(folder))?;
            }
        }
        Ok(())
    }

    /// Does something while the bug is in the copy.
    pub(crate) fn with_planted<T>(&self, bug: &Bug, work: impl FnOnce() -> Result<T>) -> Result<T> {
        run(Command::new("git")
            .args(["apply", "--whitespace=nowarn"])
            .arg(&bug.patch)
            .current_dir(&self.tree)
            // Else git would take the copy for a part of the repository around it, and apply nothing.
            .env("GIT_CEILING_DIRECTORIES", self.tree.parent().expect("it has one")))
        .with_context(|| format!("`{}` can't be planted: bring its patch up to date", bug.name))?;
        let done = work();
        for file in &bug.files {
            self.restore(file, Times::Now)?;
        }
        done
    }

    /// Builds `simulate` as the copy is now, and keeps it under this name.
    pub(crate) fn build(&self, name: &str) -> Result<PathBuf> {
        let quick = SHOP.map(|package| {
            let setting = |key| format!("--config=profile.release.package.{package}.{key}");
            [setting("opt-level=1"), setting("codegen-units=16")]
        });
        run(Command::new("cargo")
            .args(["build", "--release", "--quiet", "--bin", "simulate"])
            .args(quick.as_flattened())
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

/// Says of a copy that it is as old as what it was made of.
fn keep_time(from: &Path, to: &Path) -> Result<()> {
    let time = fs::metadata(from)?.modified()?;
    Ok(fs::File::options().write(true).open(to)?.set_modified(time)?)
}

/// Runs a command that has to succeed; gives what it writes.
fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
