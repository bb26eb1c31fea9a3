//! Finds, reads and checks e2e.conf, the scenarios and the invariants, before anything is started.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use scenario::{
    Configuration, Exploration, File, Mistake, Scenario, Span, read_configuration_with, read_file_with,
};

use crate::{
    disk_files::{Contents, DiskFiles},
    invariant_files, masked,
    output::write_note,
};

/// The file name of a configuration.
pub(crate) const CONFIGURATION: &str = "e2e.conf";

/// A configuration with its scenarios, all without mistakes.
#[derive(Debug, Clone)]
pub struct Project {
    /// The configuration, with the invariants of files beside the scenarios.
    pub configuration: Arc<Configuration>,
    /// The scenarios, in the order of their paths.
    pub scenarios: Vec<Arc<Scenario>>,
    /// The explorations, in the order of their paths.
    pub explorations: Vec<Arc<Exploration>>,
    /// The files whose invariants are in the configuration.
    pub(crate) invariant_files: Vec<PathBuf>,
    /// The files of steps that no scenario here includes.
    pub(crate) unused_steps: Vec<PathBuf>,
    /// What the files held that were read.
    pub(crate) contents: Contents,
}

/// What a project is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is run: what comes from outside needs a value.
    Run,
    /// It is looked at: names are enough.
    Look,
}

impl Purpose {
    /// The mistakes that this makes of what has no value.
    fn mistakes(self, configuration: &Configuration) -> Vec<Mistake> {
        match self {
            Self::Run => configuration.outside.unset.mistakes.clone(),
            Self::Look => Vec::new(),
        }
    }
}

/// The mistakes in all files of a project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} mistakes", .0.len())]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    /// All of them as text, each with the line it is in.
    pub fn shown(&self) -> String {
        report::render_mistakes(&self.0, |file| fs::read_to_string(file).ok())
    }

    pub(crate) fn one(file: PathBuf, message: impl Into<String>, help: impl Into<String>) -> Self {
        let (message, help) = (message.into(), Some(help.into()));
        Self(vec![Mistake { file: Arc::new(file), span: Span::default(), message, help }])
    }

    /// A mistake on a line of a file; 0 when it has none.
    pub(crate) fn at(file: PathBuf, line: usize, message: impl Into<String>) -> Self {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let span = Span { line, column: u32::from(line > 0), ..Span::default() };
        Self(vec![Mistake { file: Arc::new(file), span, message: message.into(), help: None }])
    }

    pub(crate) fn unreadable(file: &Path, error: &io::Error) -> Self {
        let help = match error.kind() {
            io::ErrorKind::NotFound => "name a file that is there",
            io::ErrorKind::InvalidData => "what is read here is text, in UTF-8",
            _ => "name a file that can be read",
        };
        Self::one(file.to_path_buf(), format!("it can't be read: {error}"), help)
    }
}

impl Project {
    /// Reads the configuration, and the files and folders at `paths`, to run them: the environment variables and secrets have to be set.
    pub fn read(config: Option<&Path>, paths: &[PathBuf]) -> Result<Self, Mistakes> {
        Self::read_for(Purpose::Run, config, paths)
    }

    /// Reads the configuration, and the files and folders at `paths`.
    pub(crate) fn read_for(
        purpose: Purpose,
        config: Option<&Path>,
        paths: &[PathBuf],
    ) -> Result<Self, Mistakes> {
        let disk = DiskFiles::default();
        let mut configuration = configuration(config, paths, &disk)?;
        let mut mistakes = purpose.mistakes(&configuration);
        let mut scenarios = Vec::new();
        let mut explorations = Vec::new();
        let mut invariant_files = Vec::new();
        let mut included = Vec::new();
        for file in files(paths, &configuration)? {
            if canonical(&file) == canonical(&configuration.file) || file.ends_with(CONFIGURATION) {
                let help = "name scenarios, or folders of them; `--config FILE` names a configuration";
                mistakes.extend(Mistakes::one(file, "this is a configuration, and no scenario", help).0);
                continue;
            }
            match disk.text(&file) {
                Err(error) => mistakes.extend(Mistakes::unreadable(&file, &error).0),
                Ok(text) => match read_file_with(&text, file.clone(), &configuration, &disk) {
                    Err(found) => mistakes.extend(found),
                    Ok(File::Scenario(scenario)) => scenarios.push(Arc::from(scenario)),
                    Ok(File::Examples(rows)) => scenarios.extend(rows.into_iter().map(Arc::new)),
                    Ok(File::Steps) => included.push(file),
                    Ok(File::Exploration(exploration)) => explorations.push(Arc::from(exploration)),
                    Ok(File::Invariants(invariants)) => {
                        configuration.invariants.extend(invariants);
                        invariant_files.push(file);
                    }
                },
            }
        }
        mistakes.extend(same_names(&scenarios));
        if mistakes.is_empty() {
            let sources =
                scenarios.iter().flat_map(|scenario| &scenario.sources).chain(&configuration.sources);
            let sources: BTreeSet<_> = sources.map(|file| canonical(file)).collect();
            included.retain(|file| !sources.contains(&canonical(file)));
            Ok(Self {
                configuration: Arc::new(configuration),
                scenarios,
                explorations,
                invariant_files,
                unused_steps: included,
                contents: disk.into_contents(),
            })
        } else {
            Err(Mistakes(mistakes))
        }
    }
}

impl Project {
    /// The configuration's folder, from the root of the file system.
    pub(crate) fn folder(&self) -> PathBuf {
        folder(&self.configuration)
    }

    /// The files of invariants in the configuration's folder and below, of which none is among those read.
    pub(crate) fn invariants_elsewhere(&self) -> Vec<PathBuf> {
        invariant_files::everywhere(&self.folder())
    }

    /// The files of invariants that hold here, and wouldn't for `file` alone.
    pub(crate) fn invariants_lost_by(&self, file: &Path) -> Vec<PathBuf> {
        let kept = invariant_files::above(&[file.to_path_buf()], &self.folder());
        let kept: BTreeSet<_> = kept.iter().map(|file| canonical(file)).collect();
        self.invariant_files.iter().filter(|file| !kept.contains(&canonical(file))).cloned().collect()
    }
}

/// Reads the configuration `named`, or the nearest one, to run its services.
pub(crate) fn configuration_to_run(named: Option<&Path>) -> Result<Configuration, Mistakes> {
    let configuration = configuration(named, &[], &DiskFiles::default())?;
    let mistakes = Purpose::Run.mistakes(&configuration);
    if mistakes.is_empty() { Ok(configuration) } else { Err(Mistakes(mistakes)) }
}

/// Reads the configuration `named`, or the nearest one.
pub(crate) fn configuration(
    named: Option<&Path>,
    paths: &[PathBuf],
    disk: &DiskFiles,
) -> Result<Configuration, Mistakes> {
    let file = configuration_file(named, paths).ok_or_else(|| {
        let help = "run it where an e2e.conf is, or name one with `--config FILE`";
        Mistakes::one(CONFIGURATION.into(), "there is none here, nor in a folder above", help)
    })?;
    let text = disk.text(&file).map_err(|error| Mistakes::unreadable(&file, &error))?;
    let configuration = read_configuration_with(&text, file, disk, &environment()).map_err(Mistakes)?;
    masked::keep_secret(&configuration.outside.secrets);
    configuration.ignored.iter().for_each(|ignored| write_note(&ignored.to_string()));
    Ok(configuration)
}

/// The environment variables of this process that are texts.
fn environment() -> BTreeMap<String, String> {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// The file of the configuration `named`, or the nearest one; `None` if there is none.
pub(crate) fn configuration_file(named: Option<&Path>, paths: &[PathBuf]) -> Option<PathBuf> {
    named.map(Path::to_path_buf).or_else(|| nearest(paths))
}

/// Finds the nearest e2e.conf in this folder or above, else from the first path upwards. The path is relative if
/// possible.
pub(crate) fn nearest(paths: &[PathBuf]) -> Option<PathBuf> {
    let here = absolute(Path::new("."));
    let starts = [Some(here.clone()), paths.first().map(|path| absolute(path))];
    let file = starts.iter().flatten().find_map(|start| {
        start.ancestors().map(|folder| folder.join(CONFIGURATION)).find(|file| file.is_file())
    })?;
    Some(file.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(file))
}

/// Lists the files at `paths` and in folders there, in the order of their paths. Before them come the invariants that
/// hold for them, so that a scenario is judged alike whether it runs alone or with others.
fn files(paths: &[PathBuf], configuration: &Configuration) -> Result<Vec<PathBuf>, Mistakes> {
    let mut files = invariant_files::above(paths, &folder(configuration));
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            collect(path, &mut files)?;
            files[before..].sort();
        } else {
            files.push(path.clone());
        }
    }
    let mut seen = BTreeSet::new();
    files.retain(|file| seen.insert(canonical(file)));
    Ok(files)
}

/// The folder of a configuration, from the root of the file system.
pub(crate) fn folder(configuration: &Configuration) -> PathBuf {
    absolute(&configuration.file).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Makes a path absolute, for comparing. Without a working folder the path stays as it is.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Makes a path absolute, without links and `..`, for comparing files that are there.
pub(crate) fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| absolute(path))
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

/// Finds scenarios with the same name: reports and seeds identify a scenario by its name.
fn same_names(scenarios: &[Arc<Scenario>]) -> Vec<Mistake> {
    let mut first = BTreeMap::new();
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
