//! Results on stdout; mistakes and failures of the environment on stderr.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use report::{Interruption, Target, WriteError, annotate_mistakes};
use verdict::{BrokenOff, Output};

use crate::{
    Exit, Mistakes, Project, github,
    interrupt::Interrupt,
    masked::{stderr, stdout},
    project::canonical,
};

/// Writes results. A reader that has closed the pipe is no error: it interrupts the command.
pub(crate) fn write(text: &str, interrupt: &Interrupt) -> Result<(), BrokenOff> {
    let mut out = stdout();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()), interrupt)
}

/// Prints all that a command finds out, and returns how it ends: with `exit`, unless that can't be written.
pub(crate) fn print(text: &str, exit: Exit) -> Exit {
    let interrupt = Interrupt::default();
    match write(text, &interrupt) {
        Err(broken) => show_broken_off(&broken),
        Ok(()) => interrupt.why().map_or(exit, Exit::Interrupted),
    }
}

/// The result of writing results. Results that can't be written interrupt the command; it is an error unless the reader has
/// closed the pipe.
pub(crate) fn written(result: io::Result<()>, interrupt: &Interrupt) -> Result<(), BrokenOff> {
    let Err(error) = result else { return Ok(()) };
    interrupt.raise(Interruption::OutputLost);
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(BrokenOff::NotWritten { what: Output::Results, file: None, error: error.to_string() })
}

/// Finds the reports that would be written into one file, or over a file that was read.
pub(crate) fn check_targets(targets: &[Target], project: &Project) -> Result<(), Mistakes> {
    let read = project.contents.keys().map(|file| canonical(file)).collect::<BTreeSet<_>>();
    let mut written = BTreeSet::new();
    let mut mistakes = Vec::new();
    for file in targets.iter().map(Target::file) {
        let path = canonical(file);
        let message = if read.contains(&path) {
            "a report would be written over this file, which is read here"
        } else if written.insert(path) {
            continue;
        } else {
            "two reports would be written into this file"
        };
        mistakes.extend(Mistakes::one(file.to_owned(), message, "name another file after `--report`").0);
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Mistakes(mistakes)) }
}

/// Finds out whether the reports that `--report` names can be written, before anything is started.
pub(crate) fn check_reports(targets: &[Target]) -> Result<(), BrokenOff> {
    targets.iter().try_for_each(|target| target.check().map_err(not_written))
}

/// Writes the reports that `--report` names.
pub(crate) fn write_reports(
    targets: &[Target],
    write: impl Fn(&Target) -> Result<(), WriteError>,
) -> Result<(), BrokenOff> {
    targets.iter().try_for_each(|target| write(target).map_err(not_written))
}

fn not_written(error: WriteError) -> BrokenOff {
    let (what, error, file) = (Output::Report, error.reason.to_string(), Some(error.file));
    BrokenOff::NotWritten { what, file, error }
}

pub(crate) fn show_mistakes(mistakes: &Mistakes) -> Exit {
    write_error(&mistakes.shown());
    if let Some(paths) = github::paths() {
        write_error(&annotate_mistakes(&mistakes.0, &paths));
    }
    Exit::Mistake
}

/// Shows mistakes on the command line, which are rendered.
pub(crate) fn show_wrong_arguments(shown: &str) -> Exit {
    write_error(shown);
    Exit::Mistake
}

pub(crate) fn show_broken_off(broken: &BrokenOff) -> Exit {
    write_error(&report::render_broken_off(broken));
    Exit::BrokenOff
}

/// Writes something that a person should know though it fails nothing.
pub(crate) fn write_note(text: &str) {
    write_error(&format!("note: {text}\n"));
}

pub(crate) fn write_error(text: &str) {
    // If stderr is closed, the exit code still tells what happened.
    drop(write!(stderr(), "{text}"));
}
