//! What every command does around its work: reads the project, gets worlds ready, hears of Ctrl-C, ends in an [`Exit`].

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    sync::Arc,
};

use indicatif::ProgressBar;
use report::{PreparationView, Progress};
use verdict::BrokenOff;

use crate::{
    Build, Exit, Prepared, Project, Worlds,
    arguments::Place,
    interrupt,
    run::{show_broken_off, show_mistakes},
};

/// Reads what lies at `paths`, and does the work, unless somebody interrupts it.
pub(crate) fn attend(
    place: &Place,
    paths: &[PathBuf],
    worlds: &impl Worlds,
    work: impl AsyncFnOnce(Project) -> Result<Exit, BrokenOff>,
) -> Exit {
    let project = match Project::read(place.config.as_deref(), paths) {
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
        // Nobody is left to tell when stderr is gone; the exit code says it too.
        drop(writeln!(anstream::stderr(), "\ninterrupted; what had been started is ended"));
    }
    exit
}

/// What makes worlds for a project.
pub(crate) async fn prepare<W: Worlds>(
    worlds: &W,
    project: &Project,
    place: &Place,
) -> Result<Prepared<W::Stage>, BrokenOff> {
    let build = if place.no_build { Build::Skip } else { Build::Run };
    let view = preparation_view();
    worlds.prepare(Arc::clone(&project.configuration), build, view.sink()).await
}

/// Shows the build and the wait for services, on stderr.
pub(crate) fn preparation_view() -> PreparationView {
    PreparationView::start(anstream::stderr(), progress())
}

/// Whether there is a terminal to show progress on.
pub(crate) fn progress() -> Progress {
    if io::stderr().is_terminal() { Progress::Shown } else { Progress::Hidden }
}

/// Progress in one line on stderr, where that is a terminal.
pub(crate) fn progress_bar() -> ProgressBar {
    match progress() {
        Progress::Shown => ProgressBar::new_spinner(),
        Progress::Hidden => ProgressBar::hidden(),
    }
}

/// Writes results.
pub(crate) fn write(text: &str) -> Result<(), BrokenOff> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| unwritten(&error))
}

/// What was found out can't be written down.
pub(crate) fn unwritten(error: &io::Error) -> BrokenOff {
    BrokenOff { reason: format!("results can't be written: {error}"), help: None, log: Vec::new() }
}
