//! Fills in how a service is started: its command, its environment and its working folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use fault::ServiceName;
use scenario::{EvaluationError, Scope, StartCommand};
use verdict::BrokenOff;

use crate::{
    mark::{ServiceMark, WorldMark},
    process::Launch,
};

/// The folders that a service's templates can name.
pub(crate) struct Folders<'a> {
    /// The configuration's folder.
    pub(crate) conf: &'a Path,
    /// The service's data folder.
    pub(crate) data: &'a Path,
}

/// Fills in a service's command with the variables of `scope` and with its folders. A working folder within the data
/// folder is created.
pub(crate) fn launch(
    service: &ServiceName,
    start: &StartCommand,
    scope: &mut Scope,
    folders: &Folders<'_>,
    world: &Arc<WorldMark>,
) -> Result<Launch, BrokenOff> {
    scope.set("data_dir", folders.data.to_string_lossy().into_owned());
    scope.set("conf_dir", folders.conf.to_string_lossy().into_owned());
    let launch = render(start, scope, folders).map_err(|error| BrokenOff::CommandInvalid {
        service: service.clone(),
        problem: error.to_string(),
    })?;
    prepare(&launch.folder, folders).map_err(|error| BrokenOff::WorkingFolder {
        service: service.clone(),
        folder: launch.folder.clone(),
        error: error.to_string(),
    })?;
    Ok(Launch { mark: Some(ServiceMark { world: Arc::clone(world), service: service.clone() }), ..launch })
}

fn render(start: &StartCommand, scope: &Scope, folders: &Folders<'_>) -> Result<Launch, EvaluationError> {
    let words = start.command.iter().map(|word| word.render(scope)).collect::<Result<_, _>>()?;
    let env = start.env.iter().map(|(name, value)| Ok((name.clone(), value.render(scope)?)));
    let folder = start.cwd.as_ref().map_or_else(|| Ok(String::new()), |cwd| cwd.render(scope))?;
    // `join` with nothing would add a slash.
    let folder = if folder.is_empty() { folders.conf.to_owned() } else { folders.conf.join(folder) };
    Ok(Launch { words, env: env.collect::<Result<_, _>>()?, folder, mark: None, stdin: None })
}

fn prepare(folder: &PathBuf, folders: &Folders<'_>) -> io::Result<()> {
    if folder.starts_with(folders.data) {
        return fs::create_dir_all(folder);
    }
    if fs::metadata(folder)?.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
}
