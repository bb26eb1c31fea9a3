//! The source of an expression as tokens, and which of them are variables.

use std::{collections::BTreeSet, ops::Range};

/// Words that can't be variables: minijinja's operators and constants.
pub(crate) const KEYWORDS: &[&str] =
    &["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"];

/// Cuts `source` into texts, words, operators and single characters; white space is left out.
pub(super) fn tokens(source: &str) -> Vec<Range<usize>> {
    let mut tokens = Vec::new();
    let mut rest = source.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        let mut end = start + first.len_utf8();
        match first {
            _ if first.is_whitespace() => continue,
            '"' | '\'' => {
                let mut escaped = false;
                for (at, c) in rest.by_ref() {
                    end = at + c.len_utf8();
                    if c == first && !escaped {
                        break;
                    }
                    escaped = c == '\\' && !escaped;
                }
            }
            _ if first.is_alphanumeric() || first == '_' => {
                while let Some((at, c)) = rest.next_if(|(_, c)| c.is_alphanumeric() || *c == '_') {
                    end = at + c.len_utf8();
                }
            }
            '<' | '>' | '=' | '!' if rest.next_if(|(_, c)| *c == '=').is_some() => end += 1,
            _ => {}
        }
        tokens.push(start..end);
    }
    tokens
}

/// The source with names of the same lengths in place of the texts in it.
///
/// minijinja's parser takes a mistake right after a text for the end of the expression, and drops the rest.
pub(super) fn without_texts(source: &str) -> String {
    let mut out = source.to_owned();
    let mut is_after_text = false;
    for token in tokens(source) {
        let text = &source[token.clone()];
        let is_text = text.starts_with(['"', '\'']) && is_closed(text);
        if is_text {
            // Texts one after the other are one text.
            let mask = if is_after_text { " " } else { "x" };
            out.replace_range(token.clone(), &mask.repeat(token.len()));
        }
        is_after_text = is_text;
    }
    out
}

/// Whether a token that begins with a quote ends with it.
fn is_closed(token: &str) -> bool {
    let (quote, rest) = token.split_at(1);
    let backslashes = |text: &str| text.len() - text.trim_end_matches('\\').len();
    rest.strip_suffix(quote).is_some_and(|text| backslashes(text).is_multiple_of(2))
}

/// Whether a token is a variable, rather than a keyword, a literal, a key, a filter, a test or an argument's name.
pub(super) fn is_variable(source: &str, tokens: &[Range<usize>], at: usize) -> bool {
    let text = |at: usize| tokens.get(at).map(|token| &source[token.clone()]);
    let before = |steps: usize| at.checked_sub(steps).and_then(text);
    let is_variable = text(at).is_some_and(|token| is_word(token) && !KEYWORDS.contains(&token));
    let is_excluded = matches!(before(1), Some("." | "|")) || follows_is(source, tokens, at);
    is_variable && !is_excluded && text(at + 1) != Some("=")
}

/// Whether a token stands after `is` or `is not`: a test, which may be called `in`, or the `not` before one.
pub(super) fn follows_is(source: &str, tokens: &[Range<usize>], at: usize) -> bool {
    let is = |steps: usize, word| at.checked_sub(steps).is_some_and(|at| &source[tokens[at].clone()] == word);
    is(1, "is") || (is(1, "not") && is(2, "is"))
}

/// The paths that an expression names, such as `body.order.id`: a variable and the keys after it.
///
/// minijinja's own `undeclared_variables` leaves out what is sliced: all of `body.items` in `body.items[1:]`.
pub(super) fn paths(source: &str) -> BTreeSet<Vec<String>> {
    let tokens = tokens(source);
    let text = |at: usize| tokens.get(at).map(|token| &source[token.clone()]);
    let key = |dot: usize| text(dot + 1).filter(|key| text(dot) == Some(".") && is_word(key));
    let variables = (0..tokens.len()).filter(|at| is_variable(source, &tokens, *at));
    variables
        .map(|at| {
            let keys = (at + 1..).step_by(2).map_while(key);
            text(at).into_iter().chain(keys).map(str::to_owned).collect()
        })
        .collect()
}

/// Whether the filter `name` is used in an expression.
pub(super) fn has_filter(source: &str, name: &str) -> bool {
    let tokens = tokens(source);
    tokens.windows(2).any(|pair| &source[pair[0].clone()] == "|" && &source[pair[1].clone()] == name)
}

pub(super) fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}
