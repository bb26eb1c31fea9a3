//! Results on stdout; mistakes and failures of the environment on stderr.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use report::{Target, WriteError};
use verdict::{BrokenOff, Output};

use crate::{Exit, Mistakes};

/// Writes results.
pub(crate) fn write(text: &str) -> Result<(), BrokenOff> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| not_written(&error))
}

/// The error for results that can't be written to stdout.
pub(crate) fn not_written(error: &io::Error) -> BrokenOff {
    BrokenOff::NotWritten { what: Output::Results, file: None, error: error.to_string() }
}

/// Writes the reports that `--report` names.
pub(crate) fn write_reports(
    targets: &[Target],
    write: impl Fn(&Target) -> Result<(), WriteError>,
) -> Result<(), BrokenOff> {
    targets.iter().try_for_each(|target| {
        write(target).map_err(|error| BrokenOff::NotWritten {
            what: Output::Report,
            file: Some(error.file),
            error: error.reason.to_string(),
        })
    })
}

/// The name of this program, for commands that repeat something.
pub(crate) fn program_name() -> String {
    let program = std::env::args_os().next().map(PathBuf::from);
    program
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "runner".into())
}

pub(crate) fn show_mistakes(mistakes: &Mistakes) -> Exit {
    write_error(&mistakes.shown());
    Exit::Mistake
}

pub(crate) fn show_broken_off(broken: &BrokenOff) -> Exit {
    write_error(&report::render_broken_off(broken));
    Exit::BrokenOff
}

pub(crate) fn show_interrupted() {
    write_error("\ninterrupted; what had been started is ended\n");
}

/// Writes something that a person should know though it fails nothing.
pub(crate) fn write_note(text: &str) {
    write_error(&format!("note: {text}\n"));
}

fn write_error(text: &str) {
    // If stderr is closed, the exit code still tells what happened.
    drop(write!(anstream::stderr(), "{text}"));
}
