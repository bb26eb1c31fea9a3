//! Expressions, templates and values with templates in them, whose names are checked.

use super::{
    foreign_placeholder,
    names::{ANY, CONFIGURATION_ONLY, ENV, SECRETS, is_spelled_as_one, is_taken},
    pattern::pattern,
    reader::{Reader, all},
    suggestion,
    yaml::{Entry, Kind, Node},
};
use crate::{
    Expression, Others, Span, Template, TemplateValue, UnorderedList, Value, ValueType,
    expression::{functions, meant},
    template::{ANY_ORDER, CONTAINS, TemplateError},
};

/// What a value is for. Only an expected one can have `${any}` in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is compared with what a service sends.
    Expected,
    /// It is sent.
    Sent,
}

/// Notes a name that a variable can't have.
pub(crate) fn check_name(reader: &mut Reader<'_>, name: &str, span: Span) {
    if !is_spelled_as_one(name) {
        let help = "a name begins with a letter and goes on with letters, digits and `_`".to_owned();
        reader.note(span, format!("`{name}` can't be the name of a variable"), help);
    } else if is_taken(name) {
        let message = format!("`{name}` already has a meaning in expressions");
        reader.note(span, message, "call it something else".to_owned());
    } else {
        return;
    }
    // It can't be used either, which would be a second message about one mistake.
    reader.names.mark_used(name);
}

/// The expression in a scalar. Besides variables it can name `extra`.
pub(crate) fn expression(reader: &mut Reader<'_>, node: &Node, extra: &[&str]) -> Option<Expression> {
    let Kind::Text(text) = &node.kind else {
        let example = match extra.first() {
            Some(&"status") => "status == 200",
            Some(&"calls") => "calls == 1",
            _ => "order_id == 7",
        };
        reader.wrong_kind(node, &format!("an expression, such as `{example}`"));
        return None;
    };
    if text.trim_start().starts_with("${") {
        let help = "write what stands in the braces, without them".to_owned();
        reader.note(node.span, "this is an expression by itself and needs no `${…}`", help);
        return None;
    }
    let span = reader.part(node, text, 0..text.len());
    compile(reader, text, span, extra)
}

/// Compiles an expression that stands at `span`, and notes the names in it that don't exist.
pub(crate) fn compile(
    reader: &mut Reader<'_>,
    source: &str,
    span: Span,
    extra: &[&str],
) -> Option<Expression> {
    if source.trim().is_empty() {
        reader.note(span, "there is no expression here", None);
        return None;
    }
    let expression = match Expression::parse(source) {
        Ok(expression) => expression,
        Err(invalid) => {
            let range =
                invalid.range.filter(|range| span.length == source.len() && range.end <= source.len());
            let span = range.map_or(span, |range| Span {
                column: span.column + u32::try_from(source[..range.start].chars().count()).unwrap_or(0),
                offset: span.offset + range.start,
                length: range.len(),
                ..span
            });
            let help = invalid.help.map(str::to_owned);
            let meant = suggestion::nearest(reader.written(span), invalid.known.iter().copied());
            let help = help.or_else(|| meant.map(suggestion::did_you_mean));
            let inner = source.strip_prefix('{').map(|rest| rest.trim_end_matches('}').trim());
            let help = help.or_else(|| Some(format!("write `${{{}}}`, with one pair of braces", inner?)));
            reader.note(span, format!("not an expression: {}", invalid.message), help);
            return None;
        }
    };
    for name in expression.names() {
        reader.names.mark_used(name);
        let is_known = reader.names.is_known(name) || reader.given.contains(&name);
        if !extra.contains(&name) && !is_known && !reader.names.is_incomplete() {
            undefined(reader, name, source, span, extra);
        }
    }
    check_declared(reader, &expression, span, extra);
    Some(expression)
}

fn undefined(reader: &mut Reader<'_>, name: &str, source: &str, span: Span, extra: &[&str]) {
    let word = word(source, name);
    let span = if span.length == source.len()
        && let Some(start) = word
    {
        let columns = u32::try_from(source[..start].chars().count()).unwrap_or(0);
        Span { column: span.column + columns, offset: span.offset + start, length: name.len(), ..span }
    } else {
        span
    };
    let help = if name == ANY {
        Some(
            "`${any}` stands for a whole value in an expected body or an expected header, and nowhere else"
                .to_owned(),
        )
    } else if CONFIGURATION_ONLY.contains(&name) && !extra.contains(&ENV) {
        Some(format!(
            "`{name}` is known in e2e.conf only: write the value under `vars`, and hand it to a service there"
        ))
    } else if let Some(help) = word.and_then(|start| meant(&source[start..])) {
        Some(help.to_owned())
    } else if ValueType::named(name).is_some() && !CONFIGURATION_ONLY.contains(&name) {
        Some(format!(
            "`${{{name}}}` stands for a whole value in an expected body; a condition on it begins with it: `${{number > 3}}`"
        ))
    } else if let Some(later) = reader.names.announced(name) {
        Some(format!("it is captured only later, on line {}", later.line))
    } else {
        let known = reader.names.known().iter().map(String::as_str).chain(extra.iter().copied());
        let given = reader.given.iter().copied();
        let meant = suggestion::nearest(name, known.clone().chain(given)).map(suggestion::did_you_mean);
        let is_called = word.is_some_and(|start| source[start + name.len()..].trim_start().starts_with('('));
        let is_environment = name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        let help = match meant {
            Some(meant) => Some(meant),
            None if is_called => Some(format!("the functions are {}", suggestion::list(&functions()))),
            None if is_environment => {
                Some(format!("an environment variable is `env.{name}`, and is declared in e2e.conf"))
            }
            None => suggestion::help(name, known),
        };
        Some(help.unwrap_or_else(|| "there are no variables yet: `vars` and `capture` make them".into()))
    };
    reader.note(span, format!("`{name}` is undefined"), help);
}

/// Notes environment variables and secrets that e2e.conf doesn't declare. Where `env` is among `extra`, it holds all variables.
fn check_declared(reader: &mut Reader<'_>, expression: &Expression, span: Span, extra: &[&str]) {
    for path in expression.paths() {
        let (declared, what, example) = match path.first().map(String::as_str) {
            Some(ENV) if !extra.contains(&ENV) => (&reader.declared.env, ENV, "env: { NAME: a default }"),
            Some(SECRETS) => (&reader.declared.secrets, SECRETS, "secrets: [NAME]"),
            _ => continue,
        };
        let Some(name) = path.get(1) else {
            let source = expression.source();
            let key = ["['", "[\""].iter().find_map(|open| source.split_once(&format!("{what}{open}")));
            let key = key.and_then(|(_, rest)| rest.split(['\'', '"']).next());
            let help = match key.filter(|key| is_spelled_as_one(key)) {
                Some(key) => format!("write `{what}.{key}`"),
                None => format!("name one of them: `{what}.NAME`"),
            };
            reader.note(span, format!("`{what}` by itself is no value"), help);
            continue;
        };
        if !declared.contains(name) {
            let meant = suggestion::nearest(name, declared.iter().map(String::as_str));
            let declare = || format!("declare it in e2e.conf: `{}`", example.replace("NAME", name));
            let help =
                meant.map_or_else(declare, |meant| suggestion::did_you_mean(&format!("{what}.{meant}")));
            reader.note(span, format!("e2e.conf declares no `{what}.{name}`"), help);
        }
    }
}

/// A text with `${…}` in it.
pub(crate) fn template(reader: &mut Reader<'_>, node: &Node, wanted: &str) -> Option<Template> {
    let text = reader.text(node, wanted)?;
    template_in(reader, node, &text, 0)
}

/// The template in the rest of a scalar's text, from the byte `start` on.
pub(crate) fn template_in(
    reader: &mut Reader<'_>,
    node: &Node,
    text: &str,
    start: usize,
) -> Option<Template> {
    let template =
        template_with(reader, node, text, start, |reader, source, span| compile(reader, source, span, &[]))?;
    foreign_placeholder::check(reader, node, text, &template);
    Some(template)
}

/// The same, with `compile` to make an expression of the text in each `${…}`.
pub(crate) fn template_with(
    reader: &mut Reader<'_>,
    node: &Node,
    text: &str,
    start: usize,
    mut compile: impl FnMut(&mut Reader<'_>, &str, Span) -> Option<Expression>,
) -> Option<Template> {
    let rest = &text[start..];
    let read = Template::parse(rest, |placeholder| {
        let span = reader.part(node, text, start + placeholder.start..start + placeholder.end);
        compile(reader, &rest[placeholder], span).ok_or(())
    });
    match read {
        Ok(template) => Some(template),
        Err(TemplateError::Placeholder(())) => None,
        Err(TemplateError::Unclosed(at)) => {
            let span = reader.part(node, text, start + at..start + at + 2);
            let help = "for the characters `${` themselves write `$${`".to_owned();
            reader.note(span, "this `${` has no `}`", help);
            None
        }
    }
}

/// A JSON value with `${…}` in its texts.
pub(crate) fn value(reader: &mut Reader<'_>, node: &Node, role: Role) -> Option<TemplateValue> {
    if node.is_missing() {
        reader.note(node.span, "the value is missing", "write `null` if that is meant".to_owned());
        return None;
    }
    match &node.kind {
        Kind::Null => Some(TemplateValue::Plain(Value::Null)),
        Kind::Boolean(value) => Some(TemplateValue::Plain((*value).into())),
        Kind::Number(number, _) => Some(TemplateValue::Plain(Value::Number(number.clone()))),
        Kind::Text(text) if role == Role::Expected && is_any(text) => Some(TemplateValue::Any),
        Kind::Text(text) => {
            let pattern = if role == Role::Expected { pattern(reader, node, text) } else { None };
            match pattern {
                Some(pattern) => pattern.map(TemplateValue::Pattern),
                None => template_in(reader, node, text, 0).map(TemplateValue::Text),
            }
        }
        Kind::List(items) => {
            all(items.iter().map(|item| value(reader, item, role))).map(TemplateValue::Array)
        }
        Kind::Mapping(entries)
            if role == Role::Expected
                && let Some((list, others)) = unordered(entries) =>
        {
            unordered_list(reader, list, others)
        }
        Kind::Mapping(entries) => {
            let read = |entry: &Entry| Some((entry.key.clone(), value(reader, &entry.value, role)?));
            all(entries.iter().map(read)).map(TemplateValue::Object)
        }
    }
}

/// The items of a list in any order, which is a mapping of nothing but `any_order` or, to a list, `contains`.
fn unordered(entries: &[Entry]) -> Option<(&Node, Others)> {
    let [entry] = entries else { return None };
    match entry.key.as_str() {
        ANY_ORDER => Some((&entry.value, Others::Forbidden)),
        CONTAINS if matches!(entry.value.kind, Kind::List(_)) => Some((&entry.value, Others::Allowed)),
        _ => None,
    }
}

fn unordered_list(reader: &mut Reader<'_>, node: &Node, others: Others) -> Option<TemplateValue> {
    let Kind::List(items) = &node.kind else {
        reader.wrong_kind(node, "a list whose items can have any order");
        return None;
    };
    if items.is_empty() && others == Others::Allowed {
        let help = "say what has to be in it, or `${list}`".to_owned();
        reader.note(node.span, "every list contains nothing", help);
    }
    let items = all(items.iter().map(|item| value(reader, item, Role::Expected)))?;
    Some(TemplateValue::Unordered(UnorderedList { items, others }))
}

/// Whether a text is `${any}`.
pub(crate) fn is_any(text: &str) -> bool {
    text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).is_some_and(|hole| hole.trim() == ANY)
}

/// The byte at which `name` stands as a word of its own.
fn word(source: &str, name: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    source.match_indices(name).map(|(at, _)| at).find(|at| {
        !source[..*at].ends_with(|c: char| part(c) || c == '.')
            && !source[at + name.len()..].starts_with(part)
    })
}
