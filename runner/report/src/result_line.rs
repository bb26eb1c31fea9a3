//! A scenario's result in one line, in columns that hold from line to line.

use std::{path::Path, time::Duration};

use engine::ScenarioResult;
use owo_colors::OwoColorize;
use verdict::Verdict;

use crate::{
    WorldKind,
    layout::{count, fit, fit_end, pad, width},
};

/// The columns of the longest line: on a wider terminal the eye would lose the line between name and time.
const LONGEST_LINE: usize = 140;
/// Mark, number of steps, time, and the blanks between all columns.
const FIXED: usize = 2 + 2 + 8 + 2 + TIME;
/// A time such as `1234.567 s`.
const TIME: usize = 10;
/// The columns of a name where there are enough: more than most names have.
const NAME: usize = 64;
/// With fewer columns for the file's name it is left out: a failure names its file anyway.
const FILE: usize = 26;

/// The fewest columns of a name beside the reason why it was not run.
const SHORTEST_NAME: usize = 8;

/// The heading of a folder. Where times are virtual, it says so above them.
pub(crate) fn heading(folder: &Path, world: WorldKind, columns: usize) -> String {
    let title = match world {
        WorldKind::Live => "",
        WorldKind::Simulated => "virtual time",
    };
    let columns = columns.min(LONGEST_LINE).saturating_sub(width(title));
    let folder = fit_end(&folder.display().to_string(), columns.saturating_sub(1));
    if title.is_empty() {
        folder.bold().to_string()
    } else {
        format!("{}{}", pad(&folder, columns).bold(), title.dimmed())
    }
}

/// A scenario below the heading of its folder: verdict, name, on a wide terminal its file, number of steps, time.
/// `name` is its name, with what tells it from other runs of the scenario.
pub(crate) fn render(result: &ScenarioResult, name: &str, columns: usize) -> String {
    let scenario = &result.scenario;
    let mark = match &result.verdict {
        Verdict::Passed => "✓".green().to_string(),
        Verdict::Failed(_) => "✗".red().bold().to_string(),
        Verdict::BrokenOff(_) => "!".red().bold().to_string(),
        Verdict::Skipped(why) => return not_run(name, &format!("skipped: {why}"), columns),
    };
    let numbers = format!("{:>8}  {}", count(scenario.steps.len(), "step"), time(result.took));
    let rest = columns.min(LONGEST_LINE).saturating_sub(FIXED);
    let name = |columns| pad(&fit(name, columns), columns);
    let file_columns = rest.saturating_sub(NAME + 2);
    if file_columns < FILE {
        return format!("{mark} {}  {numbers}", name(rest));
    }
    let file = scenario.file.file_name().unwrap_or_default().to_string_lossy();
    let file = pad(&fit_end(&file, file_columns), file_columns);
    format!("{mark} {}  {}  {numbers}", name(NAME), file.dimmed())
}

/// A scenario without a result, and why it has none.
pub(crate) fn not_run(name: &str, why: &str, columns: usize) -> String {
    // The reason says more than the end of a name.
    let name = fit(name, columns.saturating_sub(2 + 2 + width(why)).max(SHORTEST_NAME));
    format!("{} {}", "–".yellow(), fit(&format!("{name}  {why}"), columns.saturating_sub(2)))
}

/// A time in seconds, so that a column of them is read at a glance.
fn time(time: Duration) -> String {
    format!("{:>width$.3} s", time.as_secs_f64(), width = TIME - 2)
}
