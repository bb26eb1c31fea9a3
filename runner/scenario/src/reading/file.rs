//! A file among the scenarios: a scenario, invariants for all of them, steps to include, or an exploration.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    exploration::exploration,
    files::Files,
    invariant::invariants_file,
    reader::Reader,
    scenario::scenario,
    step::INCLUDED,
    suggestion,
    yaml::{Kind, Node},
};
use crate::{Configuration, File, Mistake};

/// Reads a file that stands among the scenarios: one scenario, invariants for all of them, steps to include, or an
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
    reader.clients.know(configuration.clients.iter().map(|client| client.name.clone()));
    reader.know(&configuration.services);
    for name in configuration.variables() {
        reader.names.define_everywhere(name);
    }
    reader.declared = configuration.outside.names();
    let read = reader.tree().and_then(|tree| read(&mut reader, tree));
    reader.finish(read.map(|read| with_configured(read, configuration)))
}

/// A scenario with the steps that e2e.conf adds to every one.
fn with_configured(read: File, configuration: &Configuration) -> File {
    match read {
        File::Scenario(mut scenario) => {
            scenario.steps = configuration.around(std::mem::take(&mut scenario.steps));
            File::Scenario(scenario)
        }
        File::Examples(mut scenarios) => {
            for scenario in &mut scenarios {
                scenario.steps = configuration.around(std::mem::take(&mut scenario.steps));
            }
            File::Examples(scenarios)
        }
        File::Exploration(mut exploration) => {
            exploration.before.clone_from(&configuration.before);
            exploration.finally.clone_from(&configuration.finally);
            File::Exploration(exploration)
        }
        file => file,
    }
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
    } else if is_included(&tree) {
        // The steps are read where they are included: what they can name depends on that.
        return reader.fields(&tree, &INCLUDED).map(|_| File::Steps);
    }
    scenario(reader, &tree)
}

/// Whether a file that is no scenario has steps to include: it has parameters, or nothing but steps.
fn is_included(tree: &Node) -> bool {
    let has = |key: &str| tree.entries().iter().any(|entry| entry.key == key);
    has("parameters") || (has("steps") && tree.entries().len() == 1)
}

/// Takes what belongs into a file of its own out of a scenario, and notes it.
fn take_other_kinds(reader: &mut Reader<'_>, tree: &mut Node) {
    let Kind::Mapping(entries) = &mut tree.kind else { return };
    for entry in entries.extract_if(.., |entry| KINDS[1..].contains(&entry.key.as_str())) {
        let help = format!("write it into a file of its own, such as {}.yaml", entry.key);
        reader.note(entry.span, format!("`{}` can't stand in a scenario", entry.key), help);
    }
}
