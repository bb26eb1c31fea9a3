//! A file among the scenarios: a scenario, invariants for all of them, or an exploration.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    exploration::exploration,
    files::Files,
    invariant::invariants_file,
    reader::Reader,
    scenario::scenario,
    suggestion,
    yaml::{Kind, Node},
};
use crate::{Configuration, File, Mistake};

/// Reads a file that stands among the scenarios: one scenario, invariants for all of them, or an
/// exploration. It can name no other file; [`read_file_with`] reads one that does.
pub fn read_file(text: &str, file: PathBuf, configuration: &Configuration) -> Result<File, Vec<Mistake>> {
    read_file_with(text, file, configuration, &BTreeMap::new())
}

/// Reads a file like [`read_file`], which can name others: tables, bodies, steps to include.
pub fn read_file_with(
    text: &str,
    file: PathBuf,
    configuration: &Configuration,
    files: &dyn Files,
) -> Result<File, Vec<Mistake>> {
    let mut reader = Reader::new(text, file, files);
    reader.services = configuration.services.iter().map(|service| service.name.clone()).collect();
    reader.links = configuration.links().collect();
    let external = configuration.services.iter().filter(|service| service.runs_already());
    reader.external = external.map(|service| service.name.clone()).collect();
    reader.clients.know(configuration.clients.iter().map(|client| client.name.clone()));
    let telling = configuration.services.iter().filter(|service| service.circuits.is_some());
    reader.circuits = telling.map(|service| service.name.clone()).collect();
    let read = reader.tree().and_then(|tree| read(&mut reader, tree));
    reader.finish(read)
}

/// The keys of which each file has one, which says what it holds.
const KINDS: &[&str] = &["scenario", "invariants", "exploration"];

fn read(reader: &mut Reader<'_>, mut tree: Node) -> Option<File> {
    let has = |key: &str| tree.entries().iter().any(|entry| entry.key == key);
    if !KINDS.iter().copied().any(has) {
        let meant = tree
            .entries()
            .iter()
            .find_map(|entry| Some((entry, suggestion::nearest(&entry.key, KINDS.iter().copied())?)));
        if let Some((entry, kind)) = meant {
            let help = suggestion::did_you_mean(kind);
            reader.note(entry.span, format!("`{}` is no kind of file", entry.key), help);
            return None;
        }
    }
    if has("scenario") {
        take_other_kinds(reader, &mut tree);
    } else if has("invariants") {
        return invariants_file(reader, &tree).map(File::Invariants);
    } else if has("exploration") {
        return exploration(reader, &tree).map(|exploration| File::Exploration(Box::new(exploration)));
    }
    scenario(reader, &tree).map(|scenario| File::Scenario(Box::new(scenario)))
}

/// Takes what belongs into a file of its own out of a scenario, and notes it.
fn take_other_kinds(reader: &mut Reader<'_>, tree: &mut Node) {
    let Kind::Mapping(entries) = &mut tree.kind else { return };
    for entry in entries.extract_if(.., |entry| KINDS[1..].contains(&entry.key.as_str())) {
        let help = format!("write it into a file of its own, such as {}.yaml", entry.key);
        reader.note(entry.span, format!("`{}` can't stand in a scenario", entry.key), help);
    }
}
