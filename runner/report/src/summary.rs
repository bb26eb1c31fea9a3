//! The last lines of a run.

use std::time::Duration;

use engine::Summary;
use fault::Seed;
use owo_colors::OwoColorize;

use crate::{
    Interruption,
    layout::{count, duration},
};

/// How a run ended.
pub(crate) struct End {
    /// In real time.
    pub(crate) took: Duration,
    /// The virtual time of all scenarios; `None` in real time.
    pub(crate) virtual_time: Option<Duration>,
    pub(crate) seed: Seed,
    /// Why it ended before all scenarios had; `None` if it didn't.
    pub(crate) interrupted: Option<Interruption>,
    /// The command that repeats what didn't pass; `None` if all passed.
    pub(crate) again: Option<String>,
    /// What is counted: `scenario`, or `run` where scenarios run several times.
    pub(crate) counted: &'static str,
}

/// The number of scenarios, or of what is counted instead, with each verdict: `5 scenarios: 4 passed, 1 failed`.
pub(crate) fn counts(summary: &Summary, counted: &str) -> String {
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
    format!("{}: {}", count(all, counted), parts.join(", "))
}

/// A line about what a green result doesn't show.
pub fn thin_line(what: &str) -> String {
    format!("{} {what}\n", "thin:".yellow())
}

/// The counts, the time, the seed, and the command that repeats what didn't pass.
pub(crate) fn render(summary: &Summary, end: &End) -> String {
    let virtual_time = end.virtual_time.map(|time| format!(" for {} of virtual time", duration(time)));
    let took = format!("{}{}", duration(end.took), virtual_time.unwrap_or_default());
    let interrupted = end.interrupted.map(|why| format!(", {}", why.to_string().yellow()));
    let counts = counts(summary, end.counted);
    let counted = format!("{counts}  ({took}, seed {}{})\n", end.seed, interrupted.unwrap_or_default());
    let again = end.again.as_ref().map(|again| format!("again: {}\n", again.bold()));
    counted + &again.unwrap_or_default()
}
