//! e2e.conf, the scenarios and the invariants: found, read and checked before anything is started.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use scenario::{Configuration, Exploration, File, Mistake, Scenario, Span, read_configuration, read_file};

/// The name of a configuration that is looked for.
const CONFIGURATION: &str = "e2e.conf";

/// Everything that was written, and no mistake in it.
#[derive(Debug, Clone)]
pub struct Project {
    /// What e2e.conf says, with the invariants of files beside the scenarios.
    pub configuration: Arc<Configuration>,
    /// The scenarios, in the order of their paths.
    pub scenarios: Vec<Arc<Scenario>>,
    /// The explorations, in the order of their paths.
    pub explorations: Vec<Arc<Exploration>>,
}

/// What was written wrong, in all of the files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} mistakes", .0.len())]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    /// All of them, each with the line it is in.
    pub fn shown(&self) -> String {
        report::render_mistakes(&self.0, |file| fs::read_to_string(file).ok())
    }

    fn one(file: PathBuf, message: impl Into<String>, help: impl Into<String>) -> Self {
        let (message, help) = (message.into(), Some(help.into()));
        Self(vec![Mistake { file: Arc::new(file), span: Span::default(), message, help }])
    }

    fn unreadable(file: &Path, error: &io::Error) -> Self {
        Self::one(file.to_path_buf(), format!("it can't be read: {error}"), "name a file that is there")
    }
}

impl Project {
    /// Reads the configuration and what lies at `paths`.
    pub fn read(config: Option<&Path>, paths: &[PathBuf]) -> Result<Self, Mistakes> {
        let mut configuration = configuration(config, paths)?;
        let mut mistakes = Vec::new();
        let mut scenarios = Vec::new();
        let mut explorations = Vec::new();
        for file in files(paths)? {
            match fs::read_to_string(&file) {
                Err(error) => mistakes.extend(Mistakes::unreadable(&file, &error).0),
                Ok(text) => match read_file(&text, file, &configuration) {
                    Err(found) => mistakes.extend(found),
                    Ok(File::Scenario(scenario)) => scenarios.push(Arc::from(scenario)),
                    Ok(File::Exploration(exploration)) => explorations.push(Arc::from(exploration)),
                    Ok(File::Invariants(invariants)) => configuration.invariants.extend(invariants),
                },
            }
        }
        mistakes.extend(same_names(&scenarios));
        if mistakes.is_empty() {
            Ok(Self { configuration: Arc::new(configuration), scenarios, explorations })
        } else {
            Err(Mistakes(mistakes))
        }
    }
}

/// Reads the configuration that is named, or the nearest one.
pub(crate) fn configuration(named: Option<&Path>, paths: &[PathBuf]) -> Result<Configuration, Mistakes> {
    let file = match named {
        Some(file) => file.to_path_buf(),
        None => nearest(paths).ok_or_else(|| {
            let help = "run it where an e2e.conf is, or name one with `--config FILE`";
            Mistakes::one(CONFIGURATION.into(), "there is none here, nor in a folder above", help)
        })?,
    };
    let text = fs::read_to_string(&file).map_err(|error| Mistakes::unreadable(&file, &error))?;
    read_configuration(&text, file).map_err(Mistakes)
}

/// The nearest e2e.conf, upwards from here and from the first path.
fn nearest(paths: &[PathBuf]) -> Option<PathBuf> {
    let here = Path::new("").to_path_buf();
    let absolute = |path: &Path| std::path::absolute(path).ok();
    let above = [Some(&here), paths.first()].into_iter().flatten().filter_map(|path| absolute(path));
    let found =
        above.flat_map(|path| path.ancestors().map(|folder| folder.join(CONFIGURATION)).collect::<Vec<_>>());
    let nearest = found.into_iter().find(|file| file.is_file())?;
    // As short as it can be shown.
    let beside_us = Path::new(CONFIGURATION);
    Some(if absolute(beside_us).as_deref() == Some(&nearest) { beside_us.to_path_buf() } else { nearest })
}

/// The files named, and those in the folders named, in the order of their paths.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Mistakes> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            collect(path, &mut files)?;
            files[before..].sort();
        } else {
            files.push(path.clone());
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Mistakes> {
    let unreadable = |error: io::Error| Mistakes::unreadable(folder, &error);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    Ok(())
}

/// Scenarios are told apart by their names: in reports, in snapshots and by their seeds.
fn same_names(scenarios: &[Arc<Scenario>]) -> Vec<Mistake> {
    let mut first = std::collections::BTreeMap::new();
    let mut mistakes = Vec::new();
    for scenario in scenarios {
        let other = first.entry(&scenario.name).or_insert(scenario);
        if !Arc::ptr_eq(other, scenario) {
            mistakes.push(Mistake {
                file: Arc::clone(&scenario.file),
                span: Span::default(),
                message: format!("`{}` is also the name of {}", scenario.name, other.file.display()),
                help: Some("give each scenario a name of its own".into()),
            });
        }
    }
    mistakes
}
