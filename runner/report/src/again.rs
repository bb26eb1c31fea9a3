//! The command that repeats a run as it was run.

use std::path::{Path, PathBuf};

use fault::Seed;

use crate::curl::quoted;

/// The command that repeats a run as it was run: with the same program, and so in the same world, and with the same options.
#[derive(Debug, Clone, Default)]
pub struct Again {
    /// The program as it was started: `runner`, `simulate`, or `cargo`, `run` and so on.
    pub program: Vec<String>,
    /// The subcommand, paths and filters that select what is run.
    pub selection: Vec<String>,
    /// The other options, without `--seed`.
    pub options: Vec<String>,
    /// The option that runs each scenario several times; empty without it.
    pub repeat: Vec<String>,
    /// The files of invariants that hold in the run, and wouldn't for each of its files alone.
    pub invariants: Vec<PathBuf>,
}

impl Again {
    /// Repeats all of it.
    pub fn all(&self, seed: Seed) -> String {
        self.with(&self.selection, seed)
    }

    /// The same, with one run of each scenario.
    #[must_use]
    pub fn once(&self) -> Self {
        Self { repeat: Vec::new(), ..self.clone() }
    }

    /// Runs only these files again, with the run's invariants.
    pub fn files<'a>(&'a self, files: impl IntoIterator<Item = &'a Path>, seed: Seed) -> String {
        let invariants = self.invariants.iter().map(PathBuf::as_path);
        let files = files.into_iter().chain(invariants);
        let mut files: Vec<String> = files.map(|file| file.to_string_lossy().into_owned()).collect();
        files.sort();
        files.dedup();
        self.with(&files, seed)
    }

    fn with(&self, selection: &[String], seed: Seed) -> String {
        let words = [&self.program[..], selection, &self.options, &self.repeat].concat();
        let mut words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        words.push(format!("--seed {seed}"));
        words.join(" ")
    }
}
