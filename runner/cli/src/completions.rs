//! The command `completions`: prints a script with which a shell completes this command line.

use clap::Command;
use clap_complete::generate;

use crate::{Exit, arguments::Completions, output::print};

/// Prints the script for a shell. `name` is that of the program.
pub(crate) fn completions(arguments: &Completions, command: &mut Command, name: &str) -> Exit {
    let mut script = Vec::new();
    generate(arguments.shell, command, name, &mut script);
    print(&String::from_utf8_lossy(&script), Exit::Passed)
}
