//! Files of invariants: those that hold for what is run, and those that are elsewhere in the project.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::project::canonical;

/// The file name of invariants for the scenarios in the same folder and below.
const NAME: &str = "invariants.yaml";
/// Folders of many files, none of them scenarios.
const PASSED_OVER: &[&str] = &["node_modules", "target", "venv", "vendor"];
/// The most folders in which files of invariants are looked for, and the deepest.
const FOLDERS: usize = 1_000;
const DEPTH: usize = 6;

/// Lists the files `invariants.yaml` in the folders between the project's and `paths`.
pub(crate) fn above(paths: &[PathBuf], project: &Path) -> Vec<PathBuf> {
    let here = canonical(Path::new("."));
    let files = possible(paths, project).into_iter().filter(|file| file.is_file());
    files.map(|file| file.strip_prefix(&here).map_or(file.clone(), Path::to_path_buf)).collect()
}

/// Where [`above`] looks, from the root of the file system.
pub(crate) fn possible(paths: &[PathBuf], project: &Path) -> BTreeSet<PathBuf> {
    let project = canonical(project);
    // Of a relative path, the folders above the working folder aren't among its own ancestors.
    let paths: Vec<PathBuf> = paths.iter().map(|path| canonical(path)).collect();
    let above = paths.iter().flat_map(|path| path.ancestors().skip(1));
    above.filter(|folder| folder.starts_with(&project)).map(|folder| folder.join(NAME)).collect()
}

/// Lists the files `invariants.yaml` in a project's folder and below, relative to it.
pub(crate) fn everywhere(project: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders, mut seen) = (Vec::new(), vec![(project.to_path_buf(), 0)], 0);
    while let Some((folder, depth)) = folders.pop() {
        seen += 1;
        let file = folder.join(NAME);
        if file.is_file() {
            found.push(file.strip_prefix(project).map_or(file.clone(), Path::to_path_buf));
        }
        if depth == DEPTH || seen == FOLDERS {
            continue;
        }
        // Scenarios in a folder that can't be read can't be run either.
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let named = below.filter(|entry| {
            let name = entry.file_name();
            !name.to_string_lossy().starts_with('.') && !PASSED_OVER.iter().any(|passed| name == *passed)
        });
        folders.extend(named.map(|entry| (entry.path(), depth + 1)).take(FOLDERS.saturating_sub(seen)));
    }
    found.sort();
    found
}
