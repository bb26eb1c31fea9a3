//! `hunt`: applies each patch of this folder to a copy of the shop, and checks that the framework finds the bug.
//!
//! ```text
//! NAME.patch ─ scratch copy ─ build ─> simulate ─ for each seed: scenarios, explore, sweep ─> time and steps
//! ```
//!
//! | file | content |
//! | --- | --- |
//! | `arguments` | the command line |
//! | `repository` | the repository that contains this package |
//! | `bug` | a bug: its patch and what the patch says about it |
//! | `scratch` | the copy of the repository in which bugs are applied and built |
//! | `strategy` | a way to look for a bug, within a time limit |
//! | `hunt` | looks for failures in one build, with every seed |
//! | `tally` | the results of all hunts |
//!
//! At the end the unpatched shop is hunted for the same time. What is found there is a false alarm.
#![expect(clippy::print_stdout, reason = "the program prints its results to stdout")]

mod arguments;
mod bug;
mod hunt;
mod repository;
mod scratch;
mod strategy;
mod tally;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::{arguments::Arguments, bug::Bug, hunt::hunt, scratch::Scratch, tally::Tally};

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let all = Bug::all()?;
    let scratch = Scratch::copy()?;
    for bug in &all {
        scratch.with_bug(bug, || Ok(()))?;
    }
    println!("{} bugs; every patch applies", all.len());
    let chosen = bug::choose(all, &arguments.bugs)?;
    let mut tally = Tally::default();
    for bug in &chosen {
        let simulate = scratch.with_bug(bug, || scratch.build(&bug.name))?;
        let finds = hunt(&scratch, &simulate, &arguments)?;
        println!("{}", tally.add(bug, finds));
    }
    let simulate = scratch.build("unpatched")?;
    let alarms = hunt(&scratch, &simulate, &arguments)?;
    println!("{}", tally.close(&alarms, arguments.limit));
    Ok(if tally.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
