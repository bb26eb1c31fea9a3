//! What all commands have in common: they read the project, prepare worlds, stop on Ctrl-C and end with an [`Exit`].

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use indicatif::ProgressBar;
use report::{PreparationView, Progress};
use verdict::BrokenOff;

use crate::{
    Build, Exit, Prepared, Project, WorldOptions, Worlds,
    arguments::ConfigArgs,
    interrupt,
    output::{show_broken_off, show_interrupted, show_mistakes},
};

/// Reads the files at `paths` and runs `work` with them, until it ends or the runner is interrupted.
pub(crate) fn run_command(
    configuration: &ConfigArgs,
    paths: &[PathBuf],
    worlds: &impl Worlds,
    work: impl AsyncFnOnce(Project) -> Result<Exit, BrokenOff>,
) -> Exit {
    let project = match Project::read(configuration.file.as_deref(), paths) {
        Ok(project) => project,
        Err(mistakes) => return show_mistakes(&mistakes),
    };
    let interrupt = interrupt::listen();
    let ended = worlds.block_on(async {
        tokio::select! {
            biased;
            () = interrupt => Ok(Exit::Interrupted),
            ended = work(project) => ended,
        }
    });
    let exit = ended.unwrap_or_else(|broken| show_broken_off(&broken));
    if exit == Exit::Interrupted {
        show_interrupted();
    }
    exit
}

/// Builds what the configuration says, unless `--no-build` is given, and returns what makes worlds for the project.
pub(crate) async fn prepare<W: Worlds>(
    worlds: &W,
    project: &Project,
    configuration: &ConfigArgs,
) -> Result<Prepared<W::Stage>, BrokenOff> {
    let build = if configuration.no_build { Build::Skip } else { Build::Run };
    prepare_with(worlds, project, WorldOptions::new(build), progress()).await
}

/// Prepares worlds as `options` say, and shows how that proceeds.
pub(crate) async fn prepare_with<W: Worlds>(
    worlds: &W,
    project: &Project,
    options: WorldOptions,
    progress: Progress,
) -> Result<Prepared<W::Stage>, BrokenOff> {
    let view = PreparationView::start(anstream::stderr(), progress);
    let options = WorldOptions { progress: view.sink(), ..options };
    worlds.prepare(Arc::clone(&project.configuration), options).await
}

/// Whether progress is shown: stderr has to be a terminal.
pub(crate) fn progress() -> Progress {
    if io::stderr().is_terminal() { Progress::Shown } else { Progress::Hidden }
}

/// Progress in one line on stderr, if that is a terminal.
pub(crate) fn progress_bar() -> ProgressBar {
    match progress() {
        Progress::Shown => {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        }
        Progress::Hidden => ProgressBar::hidden(),
    }
}
