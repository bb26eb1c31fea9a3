//! Types and conditions in an expected body: `${uuid}`, `${number > 3}`, `${string matching '^a'}`.

use super::{expression::compile, reader::Reader, suggestion, yaml::Node};
use crate::{ValuePattern, ValueType, template::closing_brace};

/// Tests that can stand right after the name of a type, without `is`.
const TESTS: &[&str] = &["matching", "startingwith", "endingwith"];

/// Whether a text is one `${…}` that begins with the name of a type.
pub(super) fn begins_with_type(text: &str) -> bool {
    type_in(text).is_some()
}

/// The name of a type with which a text that is one `${…}` begins.
pub(super) fn type_in(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("${").map(str::trim_start).unwrap_or_default();
    let name = inner.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    ValueType::named(name).map(|_| name)
}

/// The pattern that a text is: one `${…}` that begins with the name of a type. `None` if it is none; a variable of that name is
/// none. `Some(None)` if there is a mistake in it.
#[expect(clippy::option_option, reason = "a text that is no pattern is not one with a mistake")]
pub(super) fn pattern(reader: &mut Reader<'_>, node: &Node, text: &str) -> Option<Option<ValuePattern>> {
    let is_whole = |rest: &&str| closing_brace(rest).is_some_and(|at| at + 1 == rest.len());
    let inner = text.strip_prefix("${").filter(is_whole)?;
    let source = inner[..inner.len() - 1].trim();
    let (name, rest) =
        source.split_at(source.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(source.len()));
    let kind = ValueType::named(name).filter(|_| !reader.names.is_known(name) && !rest.starts_with('('))?;
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Some(Some(ValuePattern { kind, condition: None, source: source.into() }));
    }
    let first = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let between = rest.strip_prefix("between ").and_then(|bounds| bounds.split_once(" and "));
    let written = match between {
        Some((least, most)) => format!("{name} >= {least} and {name} <= {most}"),
        None if TESTS.contains(&first) => format!("{name} is {rest}"),
        None => {
            let meant = ["matches", "match"].contains(&first).then_some("matching");
            if let Some(meant) = meant.or_else(|| suggestion::nearest(first, TESTS.iter().copied())) {
                let message = format!("`{first}` has no meaning after a type");
                reader.note(node.span, message, suggestion::did_you_mean(meant));
                return Some(None);
            }
            source.to_owned()
        }
    };
    let start = text.find(source).unwrap_or_default();
    let span = reader.part(node, text, start..start + source.len());
    let Some(condition) = compile(reader, &written, span, &[name]) else { return Some(None) };
    if let Some(always) = condition.always() {
        let help = format!("say `${{{name}}}`, or something that could be otherwise");
        reader.note(span, format!("`{source}` is always {always}"), help);
    } else if condition.names().all(|used| used != name) {
        reader.note(span, format!("`{source}` says nothing about the {name}"), None);
    }
    Some(Some(ValuePattern { kind, condition: Some(condition), source: source.into() }))
}
