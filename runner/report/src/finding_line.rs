//! The first thing that is wrong with a run, in one line.

use engine::ScenarioResult;
use verdict::{Failure, Finding, Verdict};

use crate::layout::{fit, printable};

/// The most columns of the line: values can be whole documents.
const LONGEST: usize = 240;

/// The first thing that is wrong with a failed run, in one line; empty if it didn't fail.
pub fn finding_line(result: &ScenarioResult) -> String {
    let Verdict::Failed(failures) = &result.verdict else { return String::new() };
    fit(&printable(&message(failures).replace('\n', " ")), LONGEST)
}

/// The first finding, for lists that show one.
pub(crate) fn message(failures: &[Failure]) -> String {
    let first = failures.iter().find_map(|failure| Some((&failure.location, failure.findings.first()?)));
    let Some((location, finding)) = first else { return "failed".into() };
    format!("{location}: {}", finding_text(finding))
}

/// What had to hold, and what was found.
pub(crate) fn finding_text(finding: &Finding) -> String {
    format!("{}: expected {}, found {}", finding.subject(), finding.expected, finding.found)
}
