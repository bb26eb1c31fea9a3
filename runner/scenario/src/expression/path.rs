//! Expressions that are nothing but a path, such as `body.rows[0].id`: their values are taken as they are.

use super::{
    Scope,
    tokens::{KEYWORDS, is_word, tokens},
};
use crate::Value;

/// A variable and the steps from its value to another one.
pub(super) struct Path {
    name: String,
    steps: Vec<Step>,
}

enum Step {
    Key(String),
    Index(usize),
}

impl Path {
    /// The path that a source is; `None` when it is anything else.
    pub(super) fn of(source: &str) -> Option<Self> {
        let tokens: Vec<&str> = tokens(source).into_iter().map(|token| &source[token]).collect();
        let (name, mut rest) = tokens.split_first()?;
        if !is_word(name) || KEYWORDS.contains(name) {
            return None;
        }
        let mut steps = Vec::new();
        while !rest.is_empty() {
            rest = match rest {
                [".", key, rest @ ..] if is_word(key) => {
                    steps.push(Step::Key((*key).to_owned()));
                    rest
                }
                ["[", index, "]", rest @ ..] => {
                    steps.push(Step::Index(index.parse().ok()?));
                    rest
                }
                _ => return None,
            };
        }
        Some(Self { name: (*name).to_owned(), steps })
    }

    /// The value that it leads to; `None` when it leads nowhere.
    pub(super) fn find<'a>(&self, scope: &'a Scope) -> Option<&'a Value> {
        self.steps.iter().try_fold(scope.get(&self.name)?, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.item(*index),
        })
    }
}
