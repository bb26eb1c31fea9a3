//! A failing scenario as the text of a file.

use scenario::write;
use verdict::{Failure, Verdict};

use engine::ScenarioResult;

/// The text of a scenario file that fails as this run did. Its first line is a comment with `origin`: how it was found, and the
/// seed with which it fails.
pub fn counterexample_yaml(result: &ScenarioResult, origin: &str) -> String {
    let mut text = format!("# {origin}\n");
    if let Verdict::Failed(failures) = &result.verdict {
        for line in failures.iter().flat_map(lines) {
            text.extend(["# ", &line, "\n"]);
        }
    }
    text.push('\n');
    text.push_str(&write(&result.scenario));
    text
}

fn lines(failure: &Failure) -> Vec<String> {
    const LONGEST: usize = 100;
    let location = &failure.location;
    let short = |text: &str| {
        let cut: String = text.chars().take(LONGEST).collect();
        if cut.len() < text.len() { format!("{cut}…") } else { cut }
    };
    // Names and values can have any characters; a comment ends at a line break, and YAML has no control characters.
    let in_one_line =
        |text: String| text.replace(|c: char| c.is_control() || "\u{2028}\u{2029}".contains(c), " ");
    let findings = failure.findings.iter();
    findings
        .map(|finding| {
            in_one_line(format!(
                "{location}: {}: expected {}, found {}",
                finding.subject(),
                short(&finding.expected),
                short(&finding.found)
            ))
        })
        .collect()
}
