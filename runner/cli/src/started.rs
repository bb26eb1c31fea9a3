//! How a run was started, for the report that repeats it, and whether its files are still the same.

use std::{
    collections::BTreeSet,
    fs,
    hash::Hasher,
    path::{Path, PathBuf},
};

use report::{
    Again, WorldKind,
    json::{SourceFile, StartedFile, WorldFile},
};
use siphasher::sip::SipHasher24;

use crate::Project;

/// How a run of a project was started. `again` is the command that repeats it.
pub(crate) fn started(project: &Project, again: &Again, world: WorldKind) -> StartedFile {
    let of_scenarios = project.scenarios.iter().flat_map(|scenario| {
        let others = scenario.sources.iter().map(PathBuf::as_path);
        [scenario.file.as_path()].into_iter().chain(others)
    });
    let files: BTreeSet<&Path> = [project.configuration.file.as_path()]
        .into_iter()
        .chain(project.invariant_files.iter().map(PathBuf::as_path))
        .chain(of_scenarios)
        .collect();
    let source = |file: &Path| Some(SourceFile { file: file.into(), fingerprint: fingerprint(file)? });
    StartedFile {
        world: world_file(world),
        configuration: project.configuration.file.clone(),
        options: [&again.options[..], &again.repeat].concat(),
        invariants: project.invariant_files.clone(),
        sources: files.into_iter().filter_map(source).collect(),
    }
}

/// A kind of world, in reports.
pub(crate) fn world_file(world: WorldKind) -> WorldFile {
    match world {
        WorldKind::Live => WorldFile::Live,
        WorldKind::Simulated => WorldFile::Simulated,
    }
}

/// A hash of a file's content; `None` if it can't be read.
pub(crate) fn fingerprint(file: &Path) -> Option<String> {
    let content = fs::read(file).ok()?;
    let mut hasher = SipHasher24::new();
    hasher.write(&content);
    Some(format!("{:016x}", hasher.finish()))
}
