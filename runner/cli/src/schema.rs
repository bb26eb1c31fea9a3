//! Prints the JSON Schema of a kind of file.

use std::io::{self, Write};

use report::Interruption;
use scenario::FileKind;
use verdict::{BrokenOff, Output};

use crate::{Exit, arguments::Schema, output::show_broken_off};

/// Prints the schema that the command line names.
pub(crate) fn schema(arguments: &Schema) -> Exit {
    let kinds = arguments.kind.as_ref().map_or(&FileKind::AMONG_SCENARIOS[..], std::slice::from_ref);
    let mut out = anstream::stdout();
    match writeln!(out, "{:#}", scenario::schema(kinds)).and_then(|()| out.flush()) {
        Ok(()) => Exit::Passed,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Exit::Interrupted(Interruption::OutputLost)
        }
        Err(error) => show_broken_off(&BrokenOff::NotWritten {
            what: Output::Results,
            file: None,
            error: error.to_string(),
        }),
    }
}
