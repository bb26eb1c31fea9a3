//! `hunt`: plants each bug of this folder in a copy of the shop, and finds out whether the framework finds it.
//!
//! ```text
//! NAME.patch ─ scratch copy ─ build ─> simulate ─ for each seed: scenarios, explore, sweep ─> found after …, in … steps
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `arguments` | what can be typed |
//! | `bug` | a planted bug: its patch, and what the patch says of it |
//! | `scratch` | the copy of the repository in which bugs are planted and built |
//! | `lane` | one way of looking for a bug, within a time |
//! | `hunt` | one build, looked at with every seed |
//! | `tally` | what came of all of them |
//!
//! In the end the shop is hunted as it is, over the same time: what is found there is a false alarm.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

mod arguments;
mod bug;
mod hunt;
mod lane;
mod scratch;
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
        scratch.with_planted(bug, || Ok(()))?;
    }
    println!("{} bugs, each of which can be planted", all.len());
    let chosen = bug::choose(all, &arguments.bugs)?;
    let mut tally = Tally::default();
    for bug in &chosen {
        let simulate = scratch.with_planted(bug, || scratch.build(&bug.name))?;
        let found = hunt(&scratch, &simulate, &arguments)?;
        println!("{}", tally.add(bug, found));
    }
    let simulate = scratch.build("the-shop-as-it-is")?;
    let alarms = hunt(&scratch, &simulate, &arguments)?;
    println!("{}", tally.close(&alarms, arguments.limit));
    Ok(if tally.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
