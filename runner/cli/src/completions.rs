//! The command `completions`: prints a script with which a shell completes this command line.

use clap::Command;
use clap_complete::generate;

use crate::{
    Exit,
    arguments::Completions,
    interrupt::Interrupt,
    output::{show_broken_off, write},
};

/// Prints the script for a shell. `name` is that of the program.
pub(crate) fn completions(arguments: &Completions, command: &mut Command, name: &str) -> Exit {
    let mut script = Vec::new();
    generate(arguments.shell, command, name, &mut script);
    match write(&String::from_utf8_lossy(&script), &Interrupt::default()) {
        Ok(()) => Exit::Passed,
        Err(broken) => show_broken_off(&broken),
    }
}
