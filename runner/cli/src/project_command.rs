//! What all commands have in common: they read the project, prepare worlds, stop on Ctrl-C and end with an [`Exit`].

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    sync::Arc,
};

use fault::Seed;
use report::{Again, Detail, Interruption, PreparationView, Progress};
use verdict::BrokenOff;

use crate::{
    Build, Exit, Prepared, Project, WorldOptions, Worlds,
    arguments::ConfigArgs,
    interrupt::Interrupt,
    load,
    masked::stderr,
    output::{show_broken_off, show_mistakes, write},
    project::Purpose,
    service_output::Notices,
};

/// Reads the files at `paths` to run them, and runs `work` with them, which ends early when it is interrupted.
pub(crate) fn run_command(
    configuration: &ConfigArgs,
    paths: &[PathBuf],
    worlds: &impl Worlds,
    work: impl AsyncFnOnce(&Project, &Interrupt, &Notices) -> Result<Exit, BrokenOff>,
) -> Exit {
    run_command_for(Purpose::Run, configuration, paths, worlds, work)
}

/// The same, of files that are read for this purpose.
pub(crate) fn run_command_for(
    purpose: Purpose,
    configuration: &ConfigArgs,
    paths: &[PathBuf],
    worlds: &impl Worlds,
    work: impl AsyncFnOnce(&Project, &Interrupt, &Notices) -> Result<Exit, BrokenOff>,
) -> Exit {
    let project = match Project::read_for(purpose, configuration.named.file.as_deref(), paths) {
        Ok(project) => project,
        Err(mistakes) => return show_mistakes(&mistakes),
    };
    if let Err(mistakes) = load::check(&project, worlds) {
        return show_mistakes(&mistakes);
    }
    let interrupt = Interrupt::listen();
    let notices = Notices::default();
    let worked = worlds.block_on(work(&project, &interrupt, &notices));
    // Also those of worlds that were dropped with their stage.
    notices.show(worked.unwrap_or_else(|broken| show_broken_off(&broken)))
}

/// Builds what the configuration says, unless `--no-build` is given, and returns what makes worlds for the project.
pub(crate) async fn prepare<W: Worlds>(
    worlds: &W,
    project: &Project,
    configuration: &ConfigArgs,
    notices: &Notices,
) -> Result<Prepared<W::Stage>, BrokenOff> {
    let build = if configuration.no_build { Build::Skip } else { Build::Run };
    let options = WorldOptions { notices: notices.sink(), ..WorldOptions::new(build) };
    prepare_with(worlds, project, options, progress(), Detail::Usual).await
}

/// Tells that an exploration or a sweep was interrupted, and the command that repeats it.
pub(crate) fn show_interrupted(interrupt: &Interrupt, again: &Again, seed: Seed) -> Result<(), BrokenOff> {
    match interrupt.why() {
        None | Some(Interruption::OutputLost) => Ok(()),
        Some(why) => write(&format!("\n{why}\nagain: {}\n", again.all(seed)), interrupt),
    }
}

/// Prepares worlds as `options` say, and shows how that proceeds.
pub(crate) async fn prepare_with<W: Worlds>(
    worlds: &W,
    project: &Project,
    options: WorldOptions,
    progress: Progress,
    detail: Detail,
) -> Result<Prepared<W::Stage>, BrokenOff> {
    let view = match detail {
        Detail::Quiet => PreparationView::start(io::sink(), Progress::Hidden),
        Detail::Usual | Detail::Verbose => PreparationView::start(stderr(), progress),
    };
    let options = WorldOptions { progress: view.sink(), ..options };
    worlds.prepare(Arc::clone(&project.configuration), options).await
}

/// Whether progress is shown: stderr has to be a terminal.
pub(crate) fn progress() -> Progress {
    if io::stderr().is_terminal() { Progress::Shown } else { Progress::Hidden }
}
