//! The last lines of a run.

use std::{path::Path, time::Duration};

use engine::Summary;
use fault::Seed;
use owo_colors::OwoColorize;

use crate::{
    curl::quoted,
    layout::{count, duration},
};

/// The number of scenarios with each verdict: `5 scenarios: 4 passed, 1 failed`.
pub fn counts(summary: &Summary) -> String {
    let Summary { passed, failed, broken_off, skipped, not_run } = *summary;
    let all = passed + failed + broken_off + skipped + not_run;
    let part = |number: usize, what: &str, styled: fn(&str) -> String| {
        (number > 0).then(|| styled(&format!("{number} {what}")))
    };
    let parts: Vec<String> = [
        part(passed, "passed", |text| text.green().to_string()),
        part(failed, "failed", |text| text.red().bold().to_string()),
        part(broken_off, "broken off", |text| text.red().bold().to_string()),
        part(skipped, "skipped", |text| text.yellow().to_string()),
        part(not_run, "not run", |text| text.yellow().to_string()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        return "nothing ran".yellow().to_string();
    }
    format!("{}: {}", count(all, "scenario"), parts.join(", "))
}

/// A line about what a green result doesn't show.
pub fn thin_line(what: &str) -> String {
    format!("{} {what}\n", "thin:".yellow())
}

/// The counts, the seed, and the command that runs the files that didn't pass again.
pub(crate) fn render<'a>(
    summary: &Summary,
    took: Duration,
    seed: Seed,
    command: &str,
    not_passed: impl IntoIterator<Item = &'a Path>,
) -> String {
    let mut files: Vec<String> = not_passed.into_iter().map(|file| quoted(&file.to_string_lossy())).collect();
    files.sort();
    files.dedup();
    let mut lines = vec![format!("{}  ({}, seed {seed})", counts(summary), duration(took))];
    if !files.is_empty() {
        let again = format!("{command} {} --seed {seed}", files.join(" "));
        lines.push(format!("again: {}", again.bold()));
    }
    lines.join("\n") + "\n"
}
