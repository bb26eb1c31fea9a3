//! A file among the scenarios: a scenario, invariants for all of them, or an exploration.

use std::path::PathBuf;

use super::{
    exploration::exploration, invariant::invariants_file, reader::Reader, scenario::scenario, yaml::Node,
};
use crate::{Configuration, File, Mistake};

/// Reads a file that stands among the scenarios: one scenario, invariants for all of them, or an
/// exploration.
pub fn read_file(text: &str, file: PathBuf, configuration: &Configuration) -> Result<File, Vec<Mistake>> {
    let mut reader = Reader::new(text, file);
    reader.services = configuration.services.iter().map(|service| service.name.clone()).collect();
    reader.links = configuration.links().collect();
    let external = configuration.services.iter().filter(|service| service.runs_already());
    reader.external = external.map(|service| service.name.clone()).collect();
    let read = reader.tree().and_then(|tree| read(&mut reader, &tree));
    reader.finish(read)
}

fn read(reader: &mut Reader<'_>, tree: &Node) -> Option<File> {
    let has = |key: &str| tree.entries().iter().any(|entry| entry.key == key);
    if has("invariants") && !has("scenario") {
        return invariants_file(reader, tree).map(File::Invariants);
    }
    if has("exploration") && !has("scenario") {
        return exploration(reader, tree).map(|exploration| File::Exploration(Box::new(exploration)));
    }
    scenario(reader, tree).map(|scenario| File::Scenario(Box::new(scenario)))
}
