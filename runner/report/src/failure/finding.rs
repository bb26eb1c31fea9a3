//! Findings: what is expected beside what was found, with both sides computed.

use std::iter;

use owo_colors::OwoColorize;
use scenario::Value;
use verdict::{Computed, Finding, FindingKind, differing_texts, outline};

use super::{
    folding::{Line, folded},
    last_lines,
};
use crate::layout::{count, printable};

/// The most differences in a body that are shown.
const MOST_IN_BODY: usize = 10;
/// The most members that differ which are shown of a comparison.
const MOST_MEMBERS: usize = 8;
/// The most characters of a JSON value.
const ROOM: usize = 300;
/// The most characters of a text, such as a difference from a snapshot.
const MOST_CHARACTERS: usize = 4_000;

/// All findings of a failure; a subject that several are about is named once.
pub(super) fn all(findings: &[Finding]) -> Vec<String> {
    let in_body = |finding: &Finding| matches!(finding.kind, FindingKind::Body(_));
    let groups = findings.chunk_by(|one, other| in_body(one) && in_body(other));
    let mut all = Vec::new();
    for group in groups {
        let shown = group.iter().map(Line::plain);
        all.extend(folded(shown.collect(), MOST_IN_BODY));
    }
    let mut lines = Vec::new();
    let mut subject = String::new();
    for finding in all {
        match finding {
            Ok(finding) => {
                let its_lines = self::lines(finding);
                let skipped = usize::from(finding.subject() == subject);
                subject = finding.subject();
                lines.extend(its_lines.into_iter().skip(skipped));
            }
            Err(left_out) => lines.push(format!("… {}", count(left_out, "more difference"))),
        }
    }
    lines
}

/// A finding as a diff, below its subject.
fn lines(finding: &Finding) -> Vec<String> {
    let mut lines = vec![finding.subject()];
    if finding.computed.is_empty() {
        let (expected, found) = texts(finding);
        lines.extend(expected_and_found(&expected, &found));
    }
    for part in &finding.computed {
        lines.extend(expected_and_found(&part.source, &part.values));
        lines
            .extend(details(part).iter().map(|line| format!("    {}", printable(line)).dimmed().to_string()));
    }
    if matches!(finding.kind, FindingKind::Traffic(_)) && !finding.computed.is_empty() {
        lines.push(format!("    traffic: {}", finding.found).dimmed().to_string());
    }
    lines.extend(last_lines(&finding.log).iter().map(|line| format!("  {line}")));
    lines.extend(finding.help().map(|help| format!("  {help}")));
    lines
}

fn expected_and_found(expected: &str, found: &str) -> impl Iterator<Item = String> {
    let expected = marked('-', expected).into_iter().map(|line| line.green().to_string());
    expected.chain(marked('+', found).into_iter().map(|line| line.red().to_string()))
}

/// What is expected and what was found, shortened without losing what differs.
fn texts(finding: &Finding) -> (String, String) {
    let json = |text: &str| (text.len() > ROOM).then(|| Value::parse(text).ok())?;
    match (json(&finding.expected), json(&finding.found)) {
        (Some(Value::String(expected)), Some(Value::String(found))) => differing_texts(&expected, &found),
        (expected, found) => {
            let short =
                |value: Option<Value>, text: &str| value.map_or(text.into(), |value| outline(&value, ROOM));
            (short(expected, &finding.expected), short(found, &finding.found))
        }
    }
}

/// The members that differ, and what the operands were computed from.
fn details(part: &Computed) -> Vec<String> {
    let differences = part.differences.iter().take(MOST_MEMBERS);
    let mut lines: Vec<String> =
        differences.map(|found| format!("{}: {} == {}", found.path, found.left, found.right)).collect();
    if part.differences.len() > lines.len() {
        lines.push(format!("… {}", count(part.differences.len() - lines.len(), "more difference")));
    }
    lines.extend(part.inputs.iter().map(|(source, value)| format!("{source} = {value}")));
    lines
}

fn marked(mark: char, text: &str) -> Vec<String> {
    let mut short: String = printable(text).chars().take(MOST_CHARACTERS).collect();
    if text.chars().nth(MOST_CHARACTERS).is_some() {
        short.push('…');
    }
    if short.is_empty() {
        short.push_str("(nothing)");
    }
    // Only the first line bears the mark: the others may be a diff with marks of their own.
    let marks = iter::once(mark).chain(iter::repeat(' '));
    marks.zip(short.lines()).map(|(mark, line)| format!("  {mark} {line}")).collect()
}

#[cfg(test)]
mod tests {
    use verdict::Exit;

    use super::*;
    use crate::tests::text::plain;

    #[test]
    fn only_the_first_line_of_a_value_is_marked() {
        let finding = Finding::new(FindingKind::Snapshot, "", "it differs\n-old\n+new\u{1b}[2J");
        let expected = ["snapshot", "  - (nothing)", "  + it differs", "    -old", r"    +new\u{1b}[2J"];
        assert_eq!(plain(&lines(&finding).join("\n")), expected.join("\n"));
    }

    #[test]
    fn a_service_that_ended_is_shown_with_its_exit_its_last_lines_and_what_to_do() {
        let log = vec!["\u{1b}[31mpanic\u{1b}[0m: nil map".to_owned()];
        let finding = Finding::exited(&"users-service".parse().expect("a name"), Exit::Signal(9), log);
        let expected = [
            "process users-service",
            "  - it keeps running",
            "  + users-service ended by itself with signal 9",
            "  its last lines:",
            "    panic: nil map",
            "  a step during which it may end says so: `may_end: users-service`",
        ];
        assert_eq!(plain(&lines(&finding).join("\n")), expected.join("\n"));
    }
}
