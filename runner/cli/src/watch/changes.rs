//! Which files a run depends on, and what has to run once some of them have changed.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use scenario::Scenario;

use super::file_watcher::Matters;
use crate::{
    Project, invariant_files,
    project::{CONFIGURATION, configuration_file},
};

/// What is different from when the files were read before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Changes<'a> {
    /// Nothing that is run.
    None,
    /// What holds for all scenarios: these files. None when they weren't read before.
    Everything(Vec<&'a Path>),
    /// Scenarios.
    Scenarios {
        /// Their names.
        scenarios: BTreeSet<&'a str>,
        /// The files that were saved, their own and those that they name.
        files: Vec<&'a Path>,
    },
}

/// The files that matter for what the command line names, with those that the files name which were read last.
pub(super) fn matters(named: Option<&Path>, paths: &[PathBuf], known: Option<&Project>) -> Matters {
    let (folders, mut files): (BTreeSet<PathBuf>, BTreeSet<PathBuf>) =
        paths.iter().cloned().partition(|path| path.is_dir());
    let configuration = configuration_file(named, paths).unwrap_or_else(|| CONFIGURATION.into());
    if let Some(project) = configuration.parent() {
        let project = if project.as_os_str().is_empty() { Path::new(".") } else { project };
        files.extend(invariant_files::possible(paths, project));
    }
    files.insert(configuration);
    if let Some(project) = known {
        let scenarios = project.scenarios.iter().map(|scenario| &scenario.sources);
        files.extend(scenarios.chain([&project.configuration.sources]).flatten().cloned());
    }
    Matters { files, folders }
}

/// What is different in `new`.
pub(super) fn changes<'a>(known: Option<&'a Project>, new: &'a Project) -> Changes<'a> {
    let Some(known) = known else { return Changes::Everything(Vec::new()) };
    let is_changed = |file: &&Path| contents_of(known, file) != contents_of(new, file);
    let shared: BTreeSet<&Path> = shared_files(known).chain(shared_files(new)).collect();
    let shared: Vec<&Path> = shared.into_iter().filter(is_changed).collect();
    if !shared.is_empty() {
        return Changes::Everything(shared);
    }
    let changed = new.scenarios.iter().filter(|scenario| files_of(scenario).any(|file| is_changed(&file)));
    let (mut scenarios, mut files) = <(BTreeSet<&str>, BTreeSet<&Path>)>::default();
    for scenario in changed {
        scenarios.insert(&scenario.name);
        files.extend(files_of(scenario).filter(is_changed));
    }
    if scenarios.is_empty() {
        return Changes::None;
    }
    Changes::Scenarios { scenarios, files: files.into_iter().collect() }
}

fn contents_of<'a>(project: &'a Project, file: &Path) -> Option<&'a u64> {
    project.contents.get(file)
}

/// The files that hold for all scenarios.
fn shared_files(project: &Project) -> impl Iterator<Item = &Path> {
    let configuration = std::iter::once(&project.configuration.file);
    let files = configuration.chain(&project.configuration.sources).chain(&project.invariant_files);
    files.map(PathBuf::as_path)
}

/// The files that a scenario is made of.
fn files_of(scenario: &Scenario) -> impl Iterator<Item = &Path> {
    std::iter::once(scenario.file.as_path()).chain(scenario.sources.iter().map(PathBuf::as_path))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use scenario::read_configuration;

    use super::*;

    /// Two scenarios that name one table, and one that names none. Each file holds what `contents` says, else 0.
    fn project(contents: &[(&str, u64)]) -> Project {
        let text = "services:\n  shop: { base_url: http://localhost:1 }\n";
        let mut configuration = read_configuration(text, "e2e.conf".into()).expect("a configuration");
        configuration.sources.insert("key.txt".into());
        let scenario = |name: &str, sources: &[&str]| {
            let sources = sources.iter().map(PathBuf::from).collect();
            Arc::new(Scenario { sources, ..Scenario::new(name, format!("{name}.yaml")) })
        };
        let files = ["e2e.conf", "invariants.yaml", "a.yaml", "b.yaml", "c.yaml", "users.csv", "key.txt"];
        let contents = files.map(|file| (file, 0)).into_iter().chain(contents.iter().copied());
        Project {
            configuration: Arc::new(configuration),
            scenarios: vec![scenario("a", &["users.csv"]), scenario("b", &["users.csv"]), scenario("c", &[])],
            explorations: Vec::new(),
            invariant_files: vec!["invariants.yaml".into()],
            unused_steps: Vec::new(),
            contents: contents.map(|(file, content)| (file.into(), content)).collect(),
        }
    }

    #[test]
    fn a_scenario_runs_when_its_file_or_one_that_it_names_is_another() {
        let known = project(&[]);
        let check = |contents: &[(&str, u64)], scenarios: &[&str], saved: &[&str]| {
            let new = project(contents);
            let scenarios = scenarios.iter().copied().collect::<BTreeSet<_>>();
            let files = saved.iter().map(Path::new).collect();
            let expected =
                if scenarios.is_empty() { Changes::None } else { Changes::Scenarios { scenarios, files } };
            assert_eq!(changes(Some(&known), &new), expected, "{contents:?}");
        };
        check(&[], &[], &[]);
        check(&[("c.yaml", 1)], &["c"], &["c.yaml"]);
        check(&[("users.csv", 1)], &["a", "b"], &["users.csv"]);
        check(
            &[("users.csv", 1), ("b.yaml", 1), ("c.yaml", 1)],
            &["a", "b", "c"],
            &["b.yaml", "c.yaml", "users.csv"],
        );
    }

    #[test]
    fn everything_runs_when_what_holds_for_all_is_another() {
        let known = project(&[]);
        let check = |new: &Project, known: Option<&Project>, files: &[&str]| {
            let files = files.iter().map(Path::new).collect();
            assert_eq!(changes(known, new), Changes::Everything(files));
        };
        check(&known, None, &[]);
        check(&project(&[("e2e.conf", 1), ("a.yaml", 1)]), Some(&known), &["e2e.conf"]);
        check(&project(&[("key.txt", 1)]), Some(&known), &["key.txt"]);
        check(&project(&[("invariants.yaml", 1)]), Some(&known), &["invariants.yaml"]);
        let mut without = project(&[]);
        without.invariant_files.clear();
        without.contents.remove(Path::new("invariants.yaml"));
        check(&without, Some(&known), &["invariants.yaml"]);
    }

    #[test]
    fn the_files_that_scenarios_name_matter() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("scenarios/flows")).expect("a folder");
        std::fs::write(at("scenarios/flows/a.yaml"), "").expect("it can be written");
        let found = matters(
            Some(&at("e2e.conf")),
            &[at("scenarios/flows"), at("scenarios/flows/a.yaml")],
            Some(&project(&[])),
        );
        assert_eq!(found.folders, [at("scenarios/flows")].into());
        let invariants = ["invariants.yaml", "scenarios/invariants.yaml", "scenarios/flows/invariants.yaml"];
        let root = folder.path().canonicalize().expect("it is there");
        let named = [at("e2e.conf"), at("scenarios/flows/a.yaml"), "users.csv".into(), "key.txt".into()];
        let expected = invariants.iter().map(|name| root.join(name)).chain(named);
        assert_eq!(found.files, expected.collect());
    }
}
