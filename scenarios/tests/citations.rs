//! A rule of the contract is cited by its letter and number: A1 in a comment or a tag, `b3_…` in a test's name, `Breaks: Q2` in
//! a patch. Each one that is cited must be defined in `services/CONTRACT.md`.
//!
//! A definition is a line `- A1 …` or a table's row `| B1 | …`. A citation is a letter of a family with one or two digits
//! that stands alone: no letter, digit, `_`, `#`, `&` or `%` before it and no letter, digit or `_` after it, so hexadecimal
//! digits, generated names and `u8`s aren't citations.

use std::{collections::BTreeSet, fs, process::Command, sync::LazyLock};

use regex::Regex;

const CONTRACT: &str = "services/CONTRACT.md";
/// Kinds of files in which rules are cited. The examples below are no citations.
const CITING: [&str; 5] = ["*.rs", "*.yaml", "*.md", "*.patch", ":!scenarios/tests/citations.rs"];

static CITATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^\w#&%])([ABQEWR][0-9]{1,2})\b|\bfn ([abqewr][0-9]{1,2})_").expect("a pattern")
});

/// Panics with the file and line of every citation of a rule that the contract doesn't define.
pub(crate) fn all_are_defined() {
    let contract = fs::read_to_string(CONTRACT).expect(CONTRACT);
    let defined = defined(&contract);
    let undefined: Vec<String> = files()
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
            let undefined = undefined(&text, &defined).into_iter();
            undefined.map(move |(line, rule)| format!("{file}:{line} cites {rule}")).collect::<Vec<_>>()
        })
        .collect();
    assert!(undefined.is_empty(), "{CONTRACT} doesn't define:\n  {}", undefined.join("\n  "));
}

/// The rules that a contract defines. Panics when one is defined twice.
fn defined(contract: &str) -> BTreeSet<String> {
    let definition = Regex::new(r"(?m)^(?:- |\| )([ABQEWR][0-9]{1,2})\b").expect("a pattern");
    let mut rules = BTreeSet::new();
    for captures in definition.captures_iter(contract) {
        assert!(rules.insert(captures[1].to_owned()), "{CONTRACT} defines {} twice", &captures[1]);
    }
    rules
}

/// The rules that a text cites and that aren't defined, each with its line.
fn undefined(text: &str, defined: &BTreeSet<String>) -> Vec<(usize, String)> {
    let mut undefined = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for captures in CITATION.captures_iter(line) {
            let rule = captures.get(1).or(captures.get(2)).expect("one of the two matched");
            let rule = rule.as_str().to_uppercase();
            if !defined.contains(&rule) {
                undefined.push((number, rule));
            }
        }
    }
    undefined
}

/// The files of the repository in which rules may be cited.
fn files() -> Vec<String> {
    let listed = Command::new("git").arg("ls-files").arg("--").args(CITING).output().expect("git runs");
    let listed = String::from_utf8(listed.stdout).expect("paths are UTF-8");
    let files: Vec<String> = listed.lines().map(String::from).collect();
    assert!(!files.is_empty(), "git lists no files: is this a clone?");
    files
}

/// Panics unless citations are told from what only looks like them.
pub(crate) fn are_told_from_other_text() {
    let defined = defined("- A1 holds.\n| B2 | too | |\nB3 is only mentioned.\n");
    assert_eq!(defined, BTreeSet::from(["A1".into(), "B2".into()]));
    let check = |text: &str, expected: &[(usize, &str)]| {
        let found = undefined(text, &defined);
        let found: Vec<_> = found.iter().map(|(line, rule)| (*line, rule.as_str())).collect();
        assert_eq!(found, expected, "{text:?}");
    };
    check("# A1 and B2: as they should be.", &[]);
    check("tags: [crash, A11, Q3]", &[(1, "A11"), (1, "Q3")]);
    check("first\n//! B1 to B15 of it.\n", &[(2, "B1"), (2, "B15")]);
    check("    fn w4_is_written() {}", &[(1, "W4")]);
    check("fn b2_too() {}", &[]);
    check("#A4A4A4 %E2%82 0xE5 XB12 A1b A123 e4 A_4 B7_x", &[]);
}
