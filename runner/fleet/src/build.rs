//! Runs the configuration's `build` command, and tells how it proceeds.

use std::{sync::Arc, time::Instant};

use engine::Preparation;
use scenario::{Configuration, Value};
use verdict::{BrokenOff, Exit};

use crate::{
    log::{LineSink, Log, Origin},
    options::FleetOptions,
    orphans::BuildOrphans,
    process::{Launch, exit},
    workspace::Workspace,
};

/// Lines of the build's output that an error shows.
const LINES_IN_ERROR: usize = 40;

/// Runs the `build` command, if there is one, and waits for it. If it fails, the error has its last lines.
pub(crate) async fn build(
    configuration: &Configuration,
    options: &FleetOptions,
    environment: &Value,
    workspace: &Workspace,
) -> Result<(), BrokenOff> {
    let Some(build) = &configuration.build else { return Ok(()) };
    let origin = Origin { scenario: String::new(), source: "build".to_owned(), links: None };
    let log = Log::new(origin, Some(lines(options)), None);
    let mut scope = configuration.outside.variables();
    scope.set("env", environment.clone());
    let command = build.render(&scope).map_err(|error| BrokenOff::BuildInvalid(error.to_string()))?;
    let words = shlex::split(&command).filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| BrokenOff::BuildInvalid(format!("{command:?} has an open quote")))?;
    // Neither marked nor ended: a build may leave a daemon that serves later builds.
    let _orphans = BuildOrphans::new();
    let launch = Launch { words, env: Vec::new(), folder: workspace.folder.clone(), mark: None, stdin: None };
    let started = Instant::now();
    options.preparation.send(Preparation::BuildStarted { command: command.clone() });
    let process = launch
        .spawn(&log, &workspace.guardian, |_| {})
        .map_err(|error| BrokenOff::BuildInvalid(format!("{command:?} can't be started: {error}")))?;
    let status = process.ended().await;
    process.drained().await;
    if status.is_some_and(|status| status.success()) {
        options.preparation.send(Preparation::BuildSucceeded { took: started.elapsed() });
        return Ok(());
    }
    let (exit, folder) = (status.map_or(Exit::Unknown, exit), workspace.folder.clone());
    Err(BrokenOff::BuildFailed { command, folder, exit, log: log.last(LINES_IN_ERROR) })
}

/// Passes the build's lines on.
fn lines(options: &FleetOptions) -> LineSink {
    let preparation = options.preparation.clone();
    Arc::new(move |line| preparation.send(Preparation::BuildWrote { line: line.text.to_owned() }))
}
