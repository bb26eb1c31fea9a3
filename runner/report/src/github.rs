//! What GitHub Actions show of a run: annotations, which are workflow commands among the output, and the summary of a job.

use std::{
    fmt::Write as _,
    path::{Component, Path, PathBuf},
};

use engine::ScenarioResult;
use scenario::Mistake;
use verdict::{Failure, FailureLocation, Verdict};

use crate::{
    RunRecord,
    finding_line::{finding_text, message},
    layout::{fit, printable},
};

/// The most columns of a finding: values can be whole documents.
const LONGEST: usize = 240;
/// The most rows of the summary's table. GitHub refuses summaries of more than 1 MiB.
const ROWS: usize = 200;

/// Where GitHub finds the files.
#[derive(Debug, Clone, Default)]
pub struct GithubPaths {
    /// The working folder, from the root of the file system.
    pub here: PathBuf,
    /// The repository's folder, from which GitHub names files; `None` if it isn't known.
    pub repository: Option<PathBuf>,
}

impl GithubPaths {
    /// The path of a file as GitHub names it.
    fn of(&self, file: &Path) -> String {
        // GitHub knows no file by a path with `..`, as included files can have.
        let absolute = self.here.join(file).components().fold(PathBuf::new(), |mut path, part| {
            if part == Component::ParentDir {
                path.pop();
            } else {
                path.push(part);
            }
            path
        });
        let relative = self.repository.as_ref().and_then(|folder| absolute.strip_prefix(folder).ok());
        relative.unwrap_or(file).to_string_lossy().into_owned()
    }
}

/// The workflow commands that annotate each place where a scenario failed; a line each.
pub fn annotations(record: &RunRecord, paths: &GithubPaths) -> String {
    let mut text = String::new();
    for result in &record.results {
        let title = record.name(result);
        match &result.verdict {
            Verdict::Passed | Verdict::Skipped(_) => {}
            Verdict::Failed(failures) => {
                text.extend(failures.iter().map(|failure| {
                    let (file, line) = place(result, failure);
                    let (file, line) = (paths.of(file), line.to_string());
                    error(&[("file", &file), ("line", &line), ("title", &title)], &told(failure))
                }));
            }
            Verdict::BrokenOff(broken) => {
                let file = paths.of(&result.scenario.file);
                text += &error(&[("file", &file), ("title", &title)], &format!("broken off: {broken}"));
            }
        }
    }
    let early = record.early_end().map(|why| error(&[("title", "runner")], &why));
    text + &early.unwrap_or_default()
}

/// The workflow commands that annotate mistakes in files; a line each.
pub fn annotate_mistakes(mistakes: &[Mistake], paths: &GithubPaths) -> String {
    let annotated = |mistake: &Mistake| {
        let (line, column) = (mistake.span.line.max(1).to_string(), mistake.span.column.max(1).to_string());
        let help = mistake.help.as_ref().map_or_else(String::new, |help| format!("\n{help}"));
        let file = paths.of(&mistake.file);
        let properties = [("file", file.as_str()), ("line", &line), ("col", &column), ("title", "mistake")];
        error(&properties, &format!("{}{help}", mistake.message))
    };
    mistakes.iter().map(annotated).collect()
}

/// The summary of a job, in Markdown. `again` is the command that repeats what didn't pass.
pub fn job_summary(record: &RunRecord, again: Option<&str>) -> String {
    let counts = anstream::adapter::strip_str(&record.counts()).to_string();
    let mut text = format!("### {}\n\nseed {}\n", markdown(&counts), record.seed);
    if let Some(why) = record.early_end() {
        let _ = write!(text, "\n**{}**\n", markdown(&why));
    }
    let failed = record.results.iter().filter(|result| !matches!(result.verdict, Verdict::Passed));
    let rows: Vec<String> = failed.map(|result| row(record, result)).collect();
    if !rows.is_empty() {
        text += "\n| | scenario | file | what is wrong |\n| --- | --- | --- | --- |\n";
        text.extend(rows.iter().take(ROWS).map(String::as_str));
    }
    if let Some(left_out @ 1..) = rows.len().checked_sub(ROWS) {
        let _ = write!(text, "\nand {left_out} more\n");
    }
    if let Some(again) = again {
        // A line with four blanks before it is shown as it is.
        let _ = write!(text, "\nagain:\n\n    {}\n", printable(again).replace('\n', " "));
    }
    text + "\n"
}

fn row(record: &RunRecord, result: &ScenarioResult) -> String {
    let (mark, place, wrong) = match &result.verdict {
        Verdict::Passed => ("✓", None, String::new()),
        Verdict::Failed(failures) => {
            ("✗ failed", failures.first().map(|first| place(result, first)), message(failures))
        }
        Verdict::BrokenOff(broken) => ("! broken off", None, broken.to_string()),
        Verdict::Skipped(why) => ("– skipped", None, why.clone()),
    };
    let place = match place {
        Some((file, line)) => format!("{}:{line}", file.display()),
        None => result.scenario.file.display().to_string(),
    };
    let wrong = fit(&printable(&wrong).replace('\n', " "), LONGEST);
    format!("| {mark} | {} | {} | {} |\n", markdown(&record.name(result)), markdown(&place), markdown(&wrong))
}

/// The file and line of a failure's step, or the first line of the scenario's file.
fn place<'a>(result: &'a ScenarioResult, failure: &'a Failure) -> (&'a Path, u32) {
    match &failure.location {
        FailureLocation::Step { span, file, .. } => {
            (file.as_ref().map_or(&**result.scenario.file, |file| file.path.as_path()), span.line.max(1))
        }
        FailureLocation::Start | FailureLocation::End => (&result.scenario.file, 1),
    }
}

/// Where a scenario failed, and each finding in a line.
fn told(failure: &Failure) -> String {
    let findings = failure.findings.iter().map(|finding| {
        let line = printable(&finding_text(finding)).replace('\n', " ");
        format!("\n{}", fit(&line, LONGEST))
    });
    format!("{}{}", failure.location, findings.collect::<String>())
}

/// The workflow command of an error.
fn error(properties: &[(&str, &str)], message: &str) -> String {
    let escaped = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |(key, value): &(&str, &str)| {
        format!("{key}={}", escaped(&printable(value)).replace(':', "%3A").replace(',', "%2C"))
    };
    let properties = properties.iter().map(property).collect::<Vec<_>>().join(",");
    format!("::error {properties}::{}\n", escaped(&printable(message)))
}

/// A text in one line that Markdown shows as it is.
fn markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '\n' | '\t' => shown.push(' '),
            '&' | '<' | '>' | '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '@' | '#' | '!' => {
                let _ = write!(shown, "&#{};", c as u32);
            }
            c => shown.push(c),
        }
    }
    shown
}
