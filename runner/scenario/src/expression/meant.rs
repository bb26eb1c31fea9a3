//! What is found before the run in an expression that can't be compiled or evaluated: spellings of other languages, with what
//! they are called here, and where patterns are written as texts.

use std::ops::Range;

use super::{helpers, tokens::tokens};

/// Operators of other languages.
const OPERATORS: &[(&str, &str)] = &[
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("===", "write `==`"),
    ("!==", "write `!=`"),
    ("=~", "write `body.name is matching('…')`"),
    ("=", "`==` compares"),
    ("!", "write `not`"),
    ("?", "write `a if condition else b`"),
    ("${", "names stand in an expression as they are, without `${…}`"),
    ("$", "write a path with its names: `body.order.id`"),
    ("“", "a text stands in straight quotes: 'text'"),
    ("”", "a text stands in straight quotes: 'text'"),
    ("‘", "a text stands in straight quotes: 'text'"),
    ("’", "a text stands in straight quotes: 'text'"),
    ("`", "a text stands in straight quotes: 'text'"),
    ("[*]", "write `list | map(attribute='id')`"),
];

/// Units of time, and other spellings of them.
const UNITS: &[&str] =
    &["us", "ms", "s", "m", "h", "msec", "sec", "secs", "second", "seconds", "min", "mins", "minutes"];

/// Constants of other languages.
const CONSTANTS: &[(&str, &str)] = &[
    ("null", "it is called `none`: `x is none`"),
    ("NULL", "it is called `none`: `x is none`"),
    ("nil", "it is called `none`: `x is none`"),
    ("undefined", "ask `x is undefined`"),
    ("TRUE", "it is called `true`"),
    ("FALSE", "it is called `false`"),
];

/// Functions of other languages.
const FUNCTIONS: &[(&str, &str)] = &[
    ("sum", "write `list | sum`"),
    ("contains", "write `'a' in x`"),
    ("typeof", "ask `x is string`, `x is number` or `x is none`"),
];

/// How a spelling of another language is written here that begins at the byte `at` of a source, or around it.
pub(super) fn operator(source: &str, at: usize) -> Option<&'static str> {
    let at = source.floor_char_boundary(at);
    let found = |start: usize| {
        let rest = source.get(start..)?;
        OPERATORS.iter().find(|(written, _)| rest.starts_with(written))
    };
    let word = source[at..].split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if UNITS.contains(&word) && source[..at].trim_end().ends_with(|c: char| c.is_ascii_digit()) {
        return Some("a length of time has a unit right after its number: `300ms`, `1.5s`, `2m`");
    }
    // The parser stops within an operator of several characters where its beginning is one of its own.
    let inside = (1..=2).rev().filter_map(|back| at.checked_sub(back)).filter_map(|start| {
        found(start).filter(|(written, _)| written.len() > 1 && start + written.len() > at)
    });
    inside.chain(found(at)).next().map(|(_, help)| *help)
}

/// What the constant or function of another language that stands at the beginning of a text is called here.
pub(crate) fn name(text: &str) -> Option<&'static str> {
    let (name, rest) =
        text.split_at(text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len()));
    let names = if rest.starts_with('(') { FUNCTIONS } else { CONSTANTS };
    let found = names.iter().find(|(written, _)| *written == name).map(|(_, help)| *help);
    found.or((rest.starts_with('(') && is_length(name)).then_some("write `x | length`"))
}

/// The places of what stands between `and` and `or` outside of brackets and is one token.
pub(super) fn operands(source: &str) -> Vec<Range<usize>> {
    let (mut depth, mut parts) = (0_usize, vec![Vec::new()]);
    for token in tokens(source) {
        match &source[token.clone()] {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "if" => return Vec::new(),
            "and" | "or" if depth == 0 => {
                parts.push(Vec::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is a part").push(token);
    }
    parts.into_iter().filter_map(|part| <[_; 1]>::try_from(part).ok()).map(|[token]| token).collect()
}

/// The names of the functions.
pub(crate) fn functions() -> Vec<&'static str> {
    helpers::names(helpers::FUNCTIONS)
}

/// Whether this is how other languages call the length of a list or text.
pub(super) fn is_length(name: &str) -> bool {
    ["length", "len", "size", "count"].contains(&name)
}

/// The filters and tests that an expression names, with their kind: after `|` and `is`, and in the texts that are handed to
/// filters of lists, as in `map('upper')` and `selectattr('id', 'eq', 1)`.
pub(super) fn named_helpers(source: &str) -> Vec<(&'static str, Range<usize>)> {
    let tokens = tokens(source);
    let text = |at: usize| tokens.get(at).map(|token| &source[token.clone()]);
    let named = |at: usize| {
        let ends = matches!(text(at + 1), Some("," | ")"));
        let is_text = text(at).is_some_and(|text| text.len() > 2 && text.starts_with(['"', '\'']));
        (ends && is_text).then(|| tokens[at].start + 1..tokens[at].end - 1)
    };
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let (kind, name) = match (text(at), text(at + 1)) {
            (Some("|"), Some(_)) => ("filter", at + 1),
            (Some("is"), Some("not")) => ("test", at + 2),
            (Some("is"), Some(_)) => ("test", at + 1),
            _ => continue,
        };
        let Some(helper) = text(name).filter(|_| at.checked_sub(1).and_then(text) != Some(".")) else {
            continue;
        };
        found.push((kind, tokens[name].clone()));
        let argument = match (kind, helper) {
            ("filter", "map") => ("filter", name + 2),
            ("filter", "select" | "reject") => ("test", name + 2),
            ("filter", "selectattr" | "rejectattr") if text(name + 3) == Some(",") => ("test", name + 4),
            _ => continue,
        };
        found.extend(named(argument.1).map(|place| (argument.0, place)));
    }
    found
}

/// The places of the patterns of `regex` and `matching` that are written as texts, with their quotes.
pub(super) fn patterns(source: &str) -> Vec<Range<usize>> {
    arguments(source, |helper, before| match helper {
        "regex" => before == "|",
        "matching" => matches!(before, "is" | "not"),
        _ => false,
    })
}

/// The places of the lengths of time of `plus_time` that are written as texts, with their quotes.
pub(super) fn lengths(source: &str) -> Vec<Range<usize>> {
    arguments(source, |helper, before| helper == "plus_time" && before == "|")
}

/// The places of the only arguments that are written as texts, with their quotes, of some helpers; `takes` knows those by their
/// names and the word before them.
fn arguments(source: &str, takes: impl Fn(&str, &str) -> bool) -> Vec<Range<usize>> {
    let tokens = tokens(source);
    let text = |at: usize| tokens.get(at).map(|token| &source[token.clone()]);
    let takes = |at: &usize| {
        let before = at.checked_sub(1).and_then(text).unwrap_or_default();
        text(*at).is_some_and(|helper| takes(helper, before))
    };
    let argument = |at: usize| if text(at + 1) == Some("(") { at + 2 } else { at + 1 };
    (0..tokens.len())
        .filter(takes)
        .map(argument)
        .filter(|at| text(*at).is_some_and(|token| token.starts_with(['"', '\''])))
        .filter(|at| text(at + 1) != Some("~"))
        .map(|at| tokens[at].clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Expression, environment::ENVIRONMENT, helpers};

    #[test]
    fn a_spelling_of_another_language_is_refused_with_the_one_that_exists() {
        for (source, expected) in [
            ("a == 1 && b", "write `and`"),
            ("a || b", "write `or`"),
            ("!a", "write `not`"),
            ("a = 2", "`==` compares"),
            ("a === 2", "write `==`"),
            ("a !== 2", "write `!=`"),
            ("a =~ 'x'", "write `body.name is matching('…')`"),
            ("a ? 1 : 2", "write `a if condition else b`"),
            ("a == ${b}", "names stand in an expression as they are, without `${…}`"),
            ("$.a.b", "write a path with its names: `body.order.id`"),
            ("“a” == b", "a text stands in straight quotes: 'text'"),
            ("took < 300 ms", "a length of time has a unit right after its number: `300ms`, `1.5s`, `2m`"),
            ("took < 5sec", "a length of time has a unit right after its number: `300ms`, `1.5s`, `2m`"),
            ("took < 1 min", "a length of time has a unit right after its number: `300ms`, `1.5s`, `2m`"),
            ("a[*].id", "write `list | map(attribute='id')`"),
        ] {
            let invalid = Expression::parse(source).expect_err(source);
            assert_eq!(invalid.help, Some(expected), "{source}: {invalid} at {:?}", invalid.range);
        }
        for source in ["a +", "(a", "a b"] {
            assert_eq!(Expression::parse(source).expect_err(source).help, None, "{source}");
        }
    }

    #[test]
    fn a_pattern_that_is_written_as_a_text_is_compiled_before_the_run() {
        for (source, range) in [
            ("a is matching('(')", 14..17),
            ("a is not matching '['", 18..21),
            ("b and a | regex(\"*\") == 'x'", 16..19),
        ] {
            let invalid = Expression::parse(source).expect_err(source);
            assert!(invalid.message.starts_with("no regular expression: "), "{invalid}");
            assert!(!invalid.message.contains('\n'), "{invalid}");
            assert_eq!(invalid.range, Some(range), "{source}");
        }
        for source in [
            "a is matching('\\\\d')",
            "a is matching(b)",
            "a | regex(b ~ '(')",
            "a | replace('(', '')",
            "regex",
        ] {
            assert!(Expression::parse(source).is_ok(), "{source}");
        }
    }

    #[test]
    fn the_filters_and_tests_that_are_suggested_exist() {
        for (kind, known) in [("filter", helpers::FILTERS), ("test", helpers::TESTS)] {
            for name in helpers::names(known) {
                let exists = ENVIRONMENT.compile_expression_owned(format!("name is {kind}"));
                let exists = exists
                    .and_then(|exists| exists.eval(minijinja::context! { name }).map(|it| it.is_true()));
                assert!(exists.is_ok_and(|exists| exists), "{kind} {name}");
            }
        }
    }
}
