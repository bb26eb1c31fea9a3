//! Files with chance damage: whatever stands in a file, reading it ends, in time, with a scenario or with mistakes that can
//! be shown.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use fault::{FaultName, Seed};
use scenario::{Files, read_configuration, read_file_with};

/// How many damaged files are read; `RUNNER_MUTATIONS=100000` for the long form.
const COUNT: u64 = 2_000;
/// The longest that one file may take, on a machine that has other work.
const LONGEST: Duration = Duration::from_secs(5);

/// Pieces that a damaged file gets. Each has a meaning somewhere, or ends something too early.
const PIECES: &[&str] = &[
    "${",
    "}",
    "${a",
    "${1/0}",
    "${x|f}",
    "${'",
    "{{",
    "{%",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "? ",
    ": ",
    "- ",
    "\t",
    "\n",
    "\r",
    "\u{feff}",
    "\u{0}",
    "\u{202e}",
    "é",
    "🦀",
    "'",
    "\"",
    "|\n",
    ">\n",
    "#",
    "[",
    "]",
    "{",
    "}",
    ",",
    "null",
    "~",
    "true",
    "-1",
    "0",
    "1e999",
    "99999999999999999999999",
    "0x1f",
    "1_000",
    ".inf",
    ".nan",
    "5s",
    "99999999999h",
    "2xx",
    "200-299",
    "a -> b",
    "client -> ",
    " -> ",
    "/",
    "//",
    "GET ",
    "*",
    "calls >= ",
    "every 0th",
    "matching '('",
    "regex('(')",
    "range(1000000000)",
    "'a' * 99999999",
    "steps: ",
    "faults: ",
    "scenario: ",
    "examples: ",
    "include: ",
    "for: ",
    "during: ",
    "../../../../etc/passwd",
    "body: ",
    "exact: ",
    "contains: ",
];

/// Chance that is the same in every run.
struct Chance {
    seed: Seed,
    name: FaultName,
    drawn: u64,
}

impl Chance {
    fn new(case: u64) -> Self {
        Self { seed: Seed(case), name: "mutation".parse().expect("it is a name"), drawn: 0 }
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.drawn += 1;
        let bound = u64::try_from(bound.max(1)).expect("a length fits");
        usize::try_from(self.seed.roll(&self.name, self.drawn, "index") % bound)
            .expect("it is below a length")
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// The text with some damage.
fn damaged(text: &str, others: &[(PathBuf, String)], chance: &mut Chance) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=chance.below(4) {
        let at = chance.below(chars.len() + 1);
        let end = (at + chance.below(40)).min(chars.len());
        match chance.below(7) {
            0 => drop(chars.drain(at..end)),
            1 => drop(chars.splice(at..at, chance.of(PIECES).chars())),
            2 => drop(chars.splice(at..end, chance.of(PIECES).chars())),
            3 => {
                let part = chars[at..end].to_vec();
                drop(chars.splice(at..at, part));
            }
            4 => {
                let other: Vec<char> = chance.of(others).1.chars().collect();
                let from = chance.below(other.len());
                let to = (from + chance.below(400)).min(other.len());
                drop(chars.splice(at..at, other[from..to].iter().copied()));
            }
            5 => chars.truncate(at),
            _ => {
                let piece = chance.of(PIECES).repeat(1 + chance.below(3_000));
                drop(chars.splice(at..at, piece.chars()));
            }
        }
    }
    chars.into_iter().collect()
}

/// The YAML files and e2e.confs of the repository, in the order of their paths.
fn corpus(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            corpus(&path, found);
        } else if name == "e2e.conf" || path.extension().is_some_and(|extension| extension == "yaml") {
            found.push((path.clone(), std::fs::read_to_string(&path).expect("a text")));
        }
    }
}

#[test]
fn a_damaged_file_is_read_to_a_scenario_or_to_mistakes_that_can_be_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    corpus(&root.join("scenarios"), &mut files);
    corpus(&root.join("docs"), &mut files);
    let conf = std::fs::read_to_string(root.join("e2e.conf")).expect("the repository has one");
    let configuration = read_configuration(&conf, "e2e.conf".into()).expect("no mistakes");
    files.push(("e2e.conf".into(), conf));
    let beside: BTreeMap<PathBuf, Vec<u8>> =
        files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
    let count =
        std::env::var("RUNNER_MUTATIONS").ok().map_or(COUNT, |count| count.parse().expect("a number"));
    for case in 0..count {
        let mut chance = Chance::new(case);
        let (path, text) = chance.of(&files).clone();
        let text = damaged(&text, &files, &mut chance);
        let began = Instant::now();
        let read = catch_unwind(AssertUnwindSafe(|| {
            let beside: &dyn Files = &beside;
            let mistakes = if path.ends_with("e2e.conf") {
                read_configuration(&text, path.clone()).err()
            } else {
                read_file_with(&text, path.clone(), &configuration, beside).err()
            };
            mistakes.map(|mistakes| report::render_mistakes(&mistakes, |_| Some(text.clone())))
        }));
        let Ok(shown) = read else { panic!("case {case} of {} panicked:\n{text}", path.display()) };
        assert!(shown.is_none_or(|shown| !shown.is_empty()), "case {case}: mistakes that show nothing");
        assert!(began.elapsed() < LONGEST, "case {case} of {} took {:?}", path.display(), began.elapsed());
    }
}
