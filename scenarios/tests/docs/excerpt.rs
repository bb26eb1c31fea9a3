//! Excerpts of examples: the lines of a file that show a key.

use scenario::Span;

/// The most lines that an excerpt shows.
const LONGEST: usize = 12;

/// The entry of the key at `span`: its line and those below that belong to it, without the indentation that they share. Of what
/// is longer, the beginning.
pub(super) fn excerpt(text: &str, span: Span) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let first = usize::try_from(span.line).expect("a file has fewer lines") - 1;
    let indent = indentation(lines[first]);
    let belongs = |line: &&&str| line.trim().is_empty() || indentation(line) > indent;
    let mut below: Vec<&str> = lines[first + 1..].iter().take_while(belongs).copied().collect();
    while below.last().is_some_and(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        below.pop();
    }
    let mut shown: Vec<&str> = vec![&lines[first][indent..]];
    shown.extend(below.iter().map(|line| line.get(indent..).unwrap_or_default()));
    if shown.len() > LONGEST {
        shown.truncate(LONGEST - 1);
        shown.push("# …");
    }
    shown.join("\n")
}

/// The place in an order of excerpts: the shorter one explains itself sooner.
pub(super) fn length(excerpt: &str) -> (usize, usize) {
    (excerpt.lines().count(), excerpt.len())
}

/// How many blanks a line begins with.
fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Panics unless excerpts hold what belongs to a key, and no more.
pub(super) fn are_short() {
    let check = |text: &str, line: u32, expected: &str| {
        let span = Span { line, ..Span::default() };
        assert_eq!(excerpt(text, span), expected, "line {line} of\n{text}");
    };
    let text = "steps:\n  - request: GET a /\n    expect:\n      status: 200\n\n    # next\n  - wait: 5s\n";
    check(text, 3, "expect:\n  status: 200");
    check(text, 4, "status: 200");
    check(text, 2, "- request: GET a /\n  expect:\n    status: 200");
    check(text, 7, "- wait: 5s");
    let long: String = "steps:\n".to_owned() + &"  - wait: 1s\n".repeat(20);
    check(&long, 1, &("steps:\n".to_owned() + &"  - wait: 1s\n".repeat(10) + "# …"));
}
