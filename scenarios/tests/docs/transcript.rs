//! What a block writes, compared with what a document shows.

use std::{path::Path, sync::LazyLock};

use regex::Regex;

use super::document::Extent;

/// What differs from run to run, each with what stands for it.
static VARYING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (r"\x1b\[[0-9;]*m", ""),
        (r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z", "TIMESTAMP"),
        (r"(localhost|127\.0\.0\.1|\[::1\]):\d+", "$1:PORT"),
        (r"\bport \d+", "port PORT"),
        (r"(\d+ min )?\b\d+(\.\d+)? (µs|ms|s|min|h)\b", "TIME"),
        (r"\b(seed[ =])\d+", "${1}SEED"),
        (r"\d+ a second", "MANY a second"),
        (r"[ \t]+", " "),
    ];
    patterns.map(|(pattern, name)| (Regex::new(pattern).expect("a pattern"), name)).into()
});

/// What differs between what a document shows, all of it or some lines, and what was written in `folder`: times, ports, seeds and the width of columns don't
/// count, and a line `…` stands for any lines.
pub(super) fn difference(shown: &str, written: &str, extent: Extent, folder: &Path) -> Option<String> {
    let (shown, written) = (lines(shown, folder), lines(written, folder));
    let any = || "…".to_owned();
    let same = match extent {
        Extent::All => matches(&shown, &written),
        Extent::Part => {
            let around: Vec<String> =
                [any()].into_iter().chain(shown.iter().cloned()).chain([any()]).collect();
            matches(&around, &written)
        }
    };
    (!same).then(|| {
        let quoted = |lines: &[String]| lines.join("\n  | ");
        format!("the document shows:\n  | {}\nand what came is:\n  | {}\n", quoted(&shown), quoted(&written))
    })
}

fn lines(text: &str, folder: &Path) -> Vec<String> {
    let text =
        text.replace(&format!("{}/", folder.display()), "").replace(&folder.display().to_string(), ".");
    let plain =
        VARYING.iter().fold(text, |text, (pattern, name)| pattern.replace_all(&text, *name).into_owned());
    let mut lines: Vec<String> = plain.lines().map(|line| line.trim_end().to_owned()).collect();
    let ends =
        [lines.iter().position(|line| !line.is_empty()), lines.iter().rposition(|line| !line.is_empty())];
    let [Some(first), Some(last)] = ends else { return Vec::new() };
    lines.truncate(last + 1);
    lines.split_off(first)
}

fn matches(shown: &[String], written: &[String]) -> bool {
    match shown.split_first() {
        None => written.is_empty(),
        Some((any, rest)) if any.trim() == "…" => {
            (0..=written.len()).any(|skipped| matches(rest, &written[skipped..]))
        }
        Some((line, rest)) => {
            written.split_first().is_some_and(|(first, written)| line == first && matches(rest, written))
        }
    }
}

/// Panics unless only what varies is passed over.
pub(super) fn are_compared() {
    let check_extent = |extent: Extent, shown: &str, written: &str, same: bool| {
        let difference = difference(shown, written, extent, Path::new("/tmp/project"));
        assert_eq!(difference.is_none(), same, "{shown}\n{written}\n{difference:?}");
    };
    let check = |shown: &str, written: &str, same| check_extent(Extent::All, shown, written, same);
    check("✓ It answers   3 steps  0.571 s\n", "✓ It answers 3 steps      12.0 ms", true);
    check("✓ It answers   3 steps  0.571 s\n", "✗ It answers   3 steps  0.571 s\n", false);
    check("1 scenario: 1 passed  (2 min 5 s, seed 1)", "1 scenario: 1 passed  (639 ms, seed 195742)", true);
    check("1 scenario: 1 passed  (1 s, seed 1)", "2 scenarios: 2 passed  (1 s, seed 1)", false);
    check("http://localhost:5000/a", "http://localhost:34567/a", true);
    check("kept as a.yaml", "kept as /tmp/project/a.yaml", true);
    check("first\n…\nlast", "first\nlast\n", true);
    check("first\n…\nlast", "first\n2\n3\nlast\n", true);
    check("first\n…\nlast", "first\n2\n", false);
    check("", "\n\n", true);
    check("a", "a\nb", false);
    check_extent(Extent::Part, "2\n3", "1\n2\n3\n4\n", true);
    check_extent(Extent::Part, "1\n2", "1\n2\n", true);
    check_extent(Extent::Part, "2\n4", "1\n2\n3\n4\n", false);
}
