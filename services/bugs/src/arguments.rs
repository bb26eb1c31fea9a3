//! What can be typed.

use std::{num::NonZeroUsize, thread};

use clap::Parser;

/// Plants bugs in a copy of the shop, one after the other, and finds out whether explorations, scenarios and sweeps
/// find them.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 every bug was found with every seed and the shop as it is held, 1 not so.")]
pub(crate) struct Arguments {
    /// Which bugs, by the names of their patches [default: all].
    pub(crate) bugs: Vec<String>,
    /// With how many seeds each is hunted, counted from 1.
    #[arg(long, default_value_t = 10)]
    pub(crate) seeds: u64,
    /// For how many seconds each bug is hunted with each seed.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(3..))]
    pub(crate) limit: u64,
    /// How many seeds are hunted with side by side.
    #[arg(long, short, default_value_t = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))]
    pub(crate) jobs: NonZeroUsize,
}
