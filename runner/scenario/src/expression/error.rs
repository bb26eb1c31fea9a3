use std::ops::Range;

use super::meant;

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidExpression {
    /// The mistake, without its place.
    pub message: String,
    /// The bytes of the expression that are wrong, when that is known.
    pub range: Option<Range<usize>>,
    /// How it is written here, when it is a spelling of another language.
    pub help: Option<&'static str>,
    /// The names that exist in its place, when a name is unknown.
    pub known: Vec<&'static str>,
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}`: {reason}")]
pub struct EvaluationError {
    /// The expression as written.
    pub expression: String,
    /// The reason.
    pub reason: String,
}

impl InvalidExpression {
    pub(super) fn new(error: &minijinja::Error, source: &str) -> Self {
        // minijinja counts an unexpected character as one byte, whatever its length.
        let characters = |range: Range<usize>| {
            source.floor_char_boundary(range.start)..source.ceil_char_boundary(range.end)
        };
        let range = error.range().map(characters);
        let help = range.as_ref().and_then(|range| meant::operator(source, range.start));
        Self { message: describe(error), range, help, known: Vec::new() }
    }
}

/// The message of an error of minijinja, in the words of expressions rather than templates.
pub(super) fn describe(error: &minijinja::Error) -> String {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    detail.replace("template", "expression").replace("plain object", "long number")
}
