//! The programs that examples and documents run, as they are built for the tests.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use libtest_mimic::{Failed, Trial};

/// The folder of `runner` and `simulate`, or why they can't be built.
static FOLDER: LazyLock<Result<PathBuf, String>> = LazyLock::new(build);

/// The folder of `runner` and `simulate`, which are built once.
pub(super) fn folder() -> Result<&'static Path, Failed> {
    FOLDER.as_deref().map_err(Into::into)
}

fn build() -> Result<PathBuf, String> {
    let test = env::current_exe().map_err(|error| error.to_string())?;
    let folder = test.ancestors().nth(2).expect("tests are in a folder of the build's").to_path_buf();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--bin", "runner", "--bin", "simulate"]);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo.output().map_err(|error| error.to_string())?;
    if built.status.success() { Ok(folder) } else { Err(String::from_utf8_lossy(&built.stderr).into()) }
}

/// The programs that can be missing on a machine on which the rest is tested.
const OTHERS: &[&str] = &["python3", "node", "java", SCHEMA_CHECK];
/// The program that has the schemas of other programs' files.
pub(super) const SCHEMA_CHECK: &str = "check-jsonschema";

/// The same test, skipped with their names if programs are missing.
pub(super) fn unless_missing(trial: Trial, missing: &[&str]) -> Trial {
    match missing {
        [] => trial,
        _ => trial.with_kind(format!("no {}", missing.join(", "))).with_ignored_flag(true),
    }
}

/// Those of them that a text names and that aren't there. With `CI` all of them have to be.
pub(super) fn missing(text: &str) -> Vec<&'static str> {
    if env::var_os("CI").is_some() {
        return Vec::new();
    }
    let names = |program: &&&str| {
        let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'));
        words.any(|word| word == **program)
    };
    let absent = |program: &&&str| {
        let version =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_err()
    };
    OTHERS.iter().filter(names).filter(absent).copied().collect()
}
