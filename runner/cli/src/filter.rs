//! The language of `--filter`: which scenarios are selected, by their tags, names, paths and last verdicts.
//!
//! ```text
//! filter    := all ( "|" all )*
//! all       := not ( "&" not )*
//! not       := "!" not | "(" filter ")" | predicate | text
//! predicate := ( "tag" | "name" | "path" | "verdict" ) "(" pattern ")"
//! pattern   := text | "=" text | "~" regex
//! ```
//!
//! A filter that begins neither with `!`, `(`, `"` nor with a word and `(`, and has no ` & ` or ` | ` in it, is one plain text.

mod meant;
mod parser;
#[cfg(test)]
mod tests;

use regex::Regex;
use scenario::Scenario;

pub(crate) use parser::FilterMistake;

use crate::last_run::LastVerdict;

/// A predicate of the language, for its documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterPredicate {
    /// Its name.
    pub name: &'static str,
    /// What it selects.
    pub doc: &'static str,
    /// A filter with it.
    pub example: &'static str,
}

/// The predicates of the language of `--filter`.
pub const FILTER_PREDICATES: [FilterPredicate; 4] = [
    FilterPredicate {
        name: "tag",
        doc: "Scenarios with this tag, in any case.",
        example: "tag(payments) & !tag(slow)",
    },
    FilterPredicate {
        name: "name",
        doc: "Scenarios with this text in their name, in any case.",
        example: "name(~ ^A payment .* twice$)",
    },
    FilterPredicate {
        name: "path",
        doc: "Scenarios with this text in the path of their file, in any case.",
        example: "path(crashes/) | path(= scenarios/flows/refund.yaml)",
    },
    FilterPredicate {
        name: "verdict",
        doc: "Scenarios by their verdict in the last run: `passed`, `failed`, `broken off`, `skipped`, or `none` for those that haven't run.",
        example: "verdict(failed) | verdict(none)",
    },
];

/// Which scenarios are selected.
#[derive(Debug, Clone)]
pub(crate) enum Filter {
    /// Those with this text in their name or path, or with this tag, in any case.
    Text(String),
    /// Those with such a tag.
    Tag(Pattern),
    /// Those with such a name.
    Name(Pattern),
    /// Those in such a file.
    Path(Pattern),
    /// Those with this verdict in the last run; `None` for those that weren't in it.
    Verdict(Option<LastVerdict>),
    /// Those that the other doesn't select.
    Not(Box<Self>),
    /// Those that both select.
    And(Box<Self>, Box<Self>),
    /// Those that either selects.
    Or(Box<Self>, Box<Self>),
}

/// What a text has to be.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    /// It contains this, in any case; a tag is this, in any case.
    Text(String),
    /// It is this.
    Exact(String),
    /// This is found in it.
    Regex(Regex),
}

impl Filter {
    /// Reads a filter, or returns all mistakes in it.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<FilterMistake>> {
        parser::parse(text)
    }

    /// Whether it selects a scenario that had this verdict in the last run.
    pub(crate) fn selects(&self, scenario: &Scenario, last: Option<LastVerdict>) -> bool {
        let path = scenario.file.to_string_lossy();
        match self {
            Self::Text(text) => {
                contains(&scenario.name, text)
                    || contains(&path, text)
                    || scenario.tags.iter().any(|tag| equal(tag, text))
            }
            Self::Tag(pattern) => scenario.tags.iter().any(|tag| match pattern {
                Pattern::Text(text) => equal(tag, text),
                other => other.is_met_by(tag),
            }),
            Self::Name(pattern) => pattern.is_met_by(&scenario.name),
            Self::Path(pattern) => pattern.is_met_by(&path),
            Self::Verdict(verdict) => *verdict == last,
            Self::Not(other) => !other.selects(scenario, last),
            Self::And(one, other) => one.selects(scenario, last) && other.selects(scenario, last),
            Self::Or(one, other) => one.selects(scenario, last) || other.selects(scenario, last),
        }
    }
}

impl Pattern {
    fn is_met_by(&self, text: &str) -> bool {
        match self {
            Self::Text(part) => contains(text, part),
            Self::Exact(all) => text == all,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

fn equal(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
