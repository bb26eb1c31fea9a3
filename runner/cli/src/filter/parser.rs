//! Reads a filter: a descent with one function for each rule of the grammar.

use regex::Regex;
use scenario::help_for_unknown;

use super::{FILTER_PREDICATES, Filter, Pattern};
use crate::last_run::LastVerdict;

/// How deeply a filter may be nested.
const DEPTH: usize = 100;

/// A mistake in a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilterMistake {
    /// The first byte of what is wrong.
    pub(crate) offset: usize,
    /// The number of bytes.
    pub(crate) length: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: String,
}

/// What ends the reading; the mistake is noted.
struct Stop;

/// Reads a filter, or returns all mistakes in it.
pub(super) fn parse(text: &str) -> Result<Filter, Vec<FilterMistake>> {
    if !is_expression(text) {
        return Ok(Filter::Text(text.into()));
    }
    let mut parser = Parser { text, at: 0, depth: 0, mistakes: Vec::new() };
    let filter = parser.whole();
    match filter {
        Ok(filter) if parser.mistakes.is_empty() => Ok(filter),
        _ => Err(parser.mistakes),
    }
}

/// Whether a text is in the language, rather than one plain text.
fn is_expression(text: &str) -> bool {
    let trimmed = text.trim_start();
    let rest = trimmed.trim_start_matches(is_of_word);
    trimmed.starts_with(['!', '(', '"'])
        || (rest.len() < trimmed.len() && rest.starts_with('('))
        || text.contains(" & ")
        || text.contains(" | ")
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Parser<'a> {
    text: &'a str,
    /// The byte that is read next.
    at: usize,
    depth: usize,
    mistakes: Vec<FilterMistake>,
}

impl<'a> Parser<'a> {
    fn whole(&mut self) -> Result<Filter, Stop> {
        let filter = self.any()?;
        match self.peek() {
            None => Ok(filter),
            Some(')') => Err(self.stop(
                self.at,
                1,
                "this `)` closes nothing",
                "take it away, or put the text in quotes",
            )),
            Some(_) => Err(self.missing_operator()),
        }
    }

    fn any(&mut self) -> Result<Filter, Stop> {
        let mut one = self.all()?;
        while self.take('|') {
            one = Filter::Or(Box::new(one), Box::new(self.all()?));
        }
        Ok(one)
    }

    fn all(&mut self) -> Result<Filter, Stop> {
        let mut one = self.not()?;
        while self.take('&') {
            one = Filter::And(Box::new(one), Box::new(self.not()?));
        }
        Ok(one)
    }

    fn not(&mut self) -> Result<Filter, Stop> {
        self.depth += 1;
        if self.depth > DEPTH {
            let message = format!("it is nested more than {DEPTH} deep");
            return Err(self.stop(self.at, 1, message, "write it as several `--filter`s"));
        }
        let filter = if self.take('!') { Filter::Not(Box::new(self.not()?)) } else { self.one()? };
        self.depth -= 1;
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, Stop> {
        let begin = self.skip_blanks();
        match self.peek() {
            Some('(') => {
                self.take('(');
                let filter = self.any()?;
                if self.take(')') {
                    return Ok(filter);
                }
                Err(match self.peek() {
                    None => self.stop(begin, 1, "this `(` isn't closed", "write `)` where it ends"),
                    Some(_) => self.missing_operator(),
                })
            }
            Some('"') => self.quoted().map(Filter::Text),
            None | Some(')' | '&' | '|') => {
                let length = self.peek().map_or(0, char::len_utf8);
                let help = "write what is selected, such as `tag(payments)`";
                Err(self.stop(begin, length, "something is missing here", help))
            }
            Some(_) => self.word_or_text(begin),
        }
    }

    /// A predicate, or a text without quotes.
    fn word_or_text(&mut self, begin: usize) -> Result<Filter, Stop> {
        let rest = &self.text[begin..];
        let word = &rest[..rest.find(|c| !is_of_word(c)).unwrap_or(rest.len())];
        if rest[word.len()..].starts_with('(') && !word.is_empty() {
            self.at += word.len();
            return self.predicate(word, begin);
        }
        let end = rest.find(['&', '|', '(', ')']).unwrap_or(rest.len());
        self.at = begin + end;
        if rest[end..].starts_with('(') {
            let help = "put a text with `(` in quotes, or write `&` or `|` between two conditions";
            return Err(self.stop(self.at, 1, "a text without quotes has no `(`", help));
        }
        Ok(Filter::Text(rest[..end].trim_end().into()))
    }

    fn predicate(&mut self, word: &'a str, begin: usize) -> Result<Filter, Stop> {
        let (inside, at) = self.arguments()?;
        let read = |parser: &mut Self, filter: fn(Pattern) -> Filter| {
            parser.pattern(inside, at).map_or(Filter::Text(String::new()), filter)
        };
        Ok(match word {
            "tag" => read(self, Filter::Tag),
            "name" => read(self, Filter::Name),
            "path" => read(self, Filter::Path),
            "verdict" => self.verdict(inside, at),
            _ => {
                let known = FILTER_PREDICATES.map(|predicate| predicate.name);
                let help = help_for_unknown(word, known).unwrap_or_default();
                self.note(begin, word.len(), format!("unknown predicate `{word}`"), help);
                // Read on: all mistakes are told at once.
                Filter::Text(String::new())
            }
        })
    }

    /// The text between a pair of parentheses, without the blanks around it, and where it begins. Parentheses inside are in
    /// pairs, in quotes or behind a `\`.
    fn arguments(&mut self) -> Result<(&'a str, usize), Stop> {
        let open = self.at;
        let begin = open + 1;
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        for (at, c) in self.text[begin..].char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = !quoted,
                '(' if !quoted => depth += 1,
                ')' if !quoted && depth > 0 => depth -= 1,
                ')' if !quoted => {
                    self.at = begin + at + 1;
                    let inside = &self.text[begin..begin + at];
                    let blanks = inside.len() - inside.trim_start().len();
                    return Ok((inside.trim(), begin + blanks));
                }
                _ => {}
            }
        }
        Err(self.stop(open, 1, "this `(` isn't closed", "write `)` where it ends"))
    }

    /// Reads a pattern that stands at `at`.
    fn pattern(&mut self, inside: &str, at: usize) -> Option<Pattern> {
        let (kind, rest) = match inside.chars().next() {
            Some(kind @ ('=' | '~')) => (kind, &inside[1..]),
            _ => (' ', inside),
        };
        let blanks = rest.len() - rest.trim_start().len();
        let (at, rest) = (at + inside.len() - rest.len() + blanks, rest.trim_start());
        if rest.is_empty() {
            self.note(at, 0, "a text is missing here".into(), "write what to look for".into());
            return None;
        }
        let text = match rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(text) => unescaped(text, &['"', '\\']),
            None if kind == '~' => rest.into(),
            None => unescaped(rest, &['(', ')', '"', '\\']),
        };
        match kind {
            '=' => Some(Pattern::Exact(text)),
            '~' => match Regex::new(&text) {
                Ok(regex) => Some(Pattern::Regex(regex)),
                Err(error) => {
                    let help = "it is a regular expression, as after `~` in `name(~ ^A)`";
                    self.note(at, rest.len(), invalid(&error), help.into());
                    None
                }
            },
            _ => Some(Pattern::Text(text)),
        }
    }

    fn verdict(&mut self, inside: &str, at: usize) -> Filter {
        let word = inside.replace('_', " ");
        if word == "none" {
            return Filter::Verdict(None);
        }
        let verdict = LastVerdict::ALL.into_iter().find(|verdict| verdict.word() == word);
        if verdict.is_none() {
            let known = LastVerdict::ALL.map(LastVerdict::word).into_iter().chain(["none"]);
            let help = help_for_unknown(&word, known).unwrap_or_default();
            self.note(at, inside.len(), format!("`{inside}` is no verdict"), help);
        }
        Filter::Verdict(verdict)
    }

    /// A text in quotes.
    fn quoted(&mut self) -> Result<String, Stop> {
        let begin = self.at;
        let mut escaped = false;
        for (at, c) in self.text[begin + 1..].char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    self.at = begin + 1 + at + 1;
                    return Ok(unescaped(&self.text[begin + 1..begin + 1 + at], &['"', '\\']));
                }
                _ => {}
            }
        }
        Err(self.stop(begin, 1, "this text has no end", "write `\"` where it ends"))
    }

    fn missing_operator(&mut self) -> Stop {
        let length = self.peek().map_or(0, char::len_utf8);
        self.stop(self.at, length, "`&` or `|` is missing before this", "write `&` for both, `|` for either")
    }

    fn skip_blanks(&mut self) -> usize {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.at
    }

    fn peek(&mut self) -> Option<char> {
        let begin = self.skip_blanks();
        self.text[begin..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn stop(&mut self, offset: usize, length: usize, message: impl Into<String>, help: &str) -> Stop {
        self.note(offset, length, message.into(), help.into());
        Stop
    }

    fn note(&mut self, offset: usize, length: usize, message: String, help: String) {
        self.mistakes.push(FilterMistake { offset, length, message, help });
    }
}

/// A text without the `\` before these characters.
fn unescaped(text: &str, special: &[char]) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(next) if c == '\\' && special.contains(next) => plain.extend(chars.next()),
            _ => plain.push(c),
        }
    }
    plain
}

/// What is wrong with a regular expression, in one line.
fn invalid(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    format!("not a regular expression: {}", last.trim_start_matches("error: "))
}
