//! The command line.

use std::{num::NonZeroUsize, thread};

use clap::Parser;

/// Applies bugs to a copy of the shop, one at a time, and checks that scenarios, explorations and sweeps find them.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 every bug was found with every seed, in few enough steps, and the unpatched shop
held; 1 otherwise.")]
pub(crate) struct Arguments {
    /// The bugs, by the names of their patches [default: all].
    pub(crate) bugs: Vec<String>,
    /// The number of seeds with which each bug is hunted, counted from 1.
    #[arg(long, default_value_t = 10)]
    pub(crate) seeds: u64,
    /// The time in seconds for each bug and seed.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(3..))]
    pub(crate) limit: u64,
    /// The number of seeds that run side by side.
    #[arg(long, short, default_value_t = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))]
    pub(crate) jobs: NonZeroUsize,
}
