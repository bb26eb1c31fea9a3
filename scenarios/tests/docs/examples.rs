//! The files of `docs/examples`: each runs, and together they use every key that there is.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use libtest_mimic::{Failed, Trial};
use scenario::{FileKind, KeyReference, KeyUse, keys_used, tables};

use super::binaries;

pub(super) const FOLDER: &str = "docs/examples";
const CONFIGURATION: &str = "e2e.conf";

/// A file with the keys that it uses.
pub(super) struct Example {
    /// Its path below `docs/examples`.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) keys: Vec<KeyUse>,
}

/// All of them, in the order of their paths.
pub(super) fn all() -> Vec<Example> {
    let mut files = Vec::new();
    collect(Path::new(FOLDER), &mut files);
    files.sort();
    let examples = files.iter().filter_map(|file| {
        let text = fs::read_to_string(file).ok()?;
        let keys = keys_used(&text, kind(file, &text)?);
        let path = file.strip_prefix(FOLDER).expect("it is in the folder").display().to_string();
        Some(Example { path, text, keys })
    });
    examples.collect()
}

/// Files in the folder and below.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder of examples") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// The kind of a file of the language; `None` for others, such as a table that a scenario names.
pub(super) fn kind(file: &Path, text: &str) -> Option<FileKind> {
    let is = |kind: &FileKind| match kind {
        FileKind::Configuration => file.ends_with(CONFIGURATION),
        kind => {
            let key = format!("{}:", kind.key());
            file.extension().is_some_and(|extension| extension == "yaml")
                && text.lines().any(|line| line.starts_with(&key))
        }
    };
    FileKind::ALL.iter().find(|kind| is(kind)).copied()
}

/// What identifies a key: one that several tables share is one key.
pub(super) fn identity(key: &KeyReference) -> (&'static str, &'static str) {
    (key.name, key.doc)
}

/// The keys by table and name, each with what identifies it.
pub(super) fn identities() -> BTreeMap<(&'static str, &'static str), (&'static str, &'static str)> {
    let tables = tables(&FileKind::ALL);
    let keys =
        tables.iter().flat_map(|table| table.keys.iter().map(|key| ((table.what, key.name), identity(key))));
    keys.collect()
}

/// Fails with the keys that no example uses.
pub(super) fn use_every_key() -> Result<(), Failed> {
    let identities = identities();
    let examples = all();
    let used: Vec<_> = examples
        .iter()
        .flat_map(|example| &example.keys)
        .filter_map(|key| identities.get(&(key.table, key.key)))
        .collect();
    let missing: Vec<String> = tables(&FileKind::ALL)
        .iter()
        .flat_map(|table| table.keys.iter().map(move |key| (table, key)))
        .filter(|(_, key)| !used.contains(&&identity(key)))
        .map(|(table, key)| format!("  `{}` of {}: {}", key.name, table.what, key.doc))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("no file of {FOLDER} uses these keys; add a small one that runs:\n{}", missing.join("\n"))
        .into())
}

/// A test for each file beside the shop's e2e.conf, in virtual time; and one for each folder with an e2e.conf of its own, live.
pub(super) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(FOLDER)
        .expect("the folder of examples")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        let name =
            format!("docs::example {}", path.strip_prefix(FOLDER).expect("it is in the folder").display());
        let configuration = fs::read_to_string(path.join(CONFIGURATION));
        if let Ok(configuration) = configuration {
            let missing = binaries::missing(&configuration);
            let trial = Trial::test(name, move || live(&path, &configuration));
            trials.push(binaries::unless_missing(trial, &missing));
        } else if let Some(kind) = fs::read_to_string(&path).ok().and_then(|text| kind(&path, &text)) {
            trials.push(Trial::test(name, move || simulated(&path, kind)));
        }
    }
    trials
}

fn simulated(file: &Path, kind: FileKind) -> Result<(), Failed> {
    let mut simulate = Command::new(binaries::folder()?.join("simulate"));
    match kind {
        FileKind::Scenario => simulate.arg(file),
        FileKind::Exploration => simulate.args(["explore", "--cases", "20"]).arg(file),
        // They hold for every other example, or others include them.
        FileKind::Invariants | FileKind::Steps | FileKind::Configuration => return Ok(()),
    };
    passes(simulate.args(["--seed", "1", "--config"]).arg(Path::new(FOLDER).join(CONFIGURATION)))
}

/// Runs the scenarios of a folder; where its services have to run already, they are only read.
fn live(folder: &Path, configuration: &str) -> Result<(), Failed> {
    let read: serde_yaml::Value = serde_yaml::from_str(configuration)?;
    let mut services = read["services"].as_mapping().ok_or("it has no services")?.values();
    let mut runner = Command::new(binaries::folder()?.join("runner"));
    runner.current_dir(folder).args([".", "--seed", "1"]).env("EXAMPLE_PASSWORD", "password of the examples");
    if services.all(|service| service.get("base_url").is_some()) {
        runner.arg("--dry-run");
    }
    passes(&mut runner)
}

fn passes(command: &mut Command) -> Result<(), Failed> {
    let ended = command.output()?;
    if ended.status.success() {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(format!("{command:?}\n{}{}", text(&ended.stdout), text(&ended.stderr)).into())
}
