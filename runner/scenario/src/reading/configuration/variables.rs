//! The variables in templates of e2e.conf.

use std::ops::Range;

use fault::ServiceName;

use super::super::{
    expression::{compile, template_with},
    reader::Reader,
    services::service,
    yaml::Node,
};
use crate::{Expression, Span, Template};

const OF_A_FOLDER: &[&str] = &["data_dir", "conf_dir", "env", "secrets"];
const OF_THE_BUILD: &[&str] = &["env", "secrets"];
const OF_A_SERVICE: &[&str] = &["port", "data_dir", "conf_dir", "url", "env", "secrets"];

/// The variables of a template.
#[derive(Debug, Clone, Copy)]
pub(super) enum Variables<'a> {
    /// Those of the build command: `env`.
    Build,
    /// Those of a working folder: `data_dir`, `conf_dir` and `env`.
    Folder,
    /// Those of a service: `port`, `data_dir`, `conf_dir`, `env`, and `url` of each of its callees.
    Service { callees: &'a [ServiceName] },
}

/// A template of e2e.conf.
pub(super) fn filled_in(
    reader: &mut Reader<'_>,
    node: &Node,
    text: &str,
    variables: Variables<'_>,
) -> Option<Template> {
    let given = std::mem::take(&mut reader.given);
    let read = template_with(reader, node, text, 0, |reader, source, span| {
        variable(reader, source, span, variables)
    });
    reader.given = given;
    read
}

/// An expression of e2e.conf. `url.users-service` would be a subtraction and `env.NAME or …` an error where NAME
/// isn't set: both are rewritten to what they mean.
fn variable(
    reader: &mut Reader<'_>,
    source: &str,
    span: Span,
    variables: Variables<'_>,
) -> Option<Expression> {
    let names = match variables {
        Variables::Build => OF_THE_BUILD,
        Variables::Folder => OF_A_FOLDER,
        Variables::Service { .. } => OF_A_SERVICE,
    };
    let written = if let Variables::Service { callees } = variables {
        with_urls(reader, source, span, callees)?
    } else {
        source.to_owned()
    };
    let written = with_defaults(&written);
    let expression = if written == source {
        compile(reader, source, span, names)
    } else {
        // Positions within the compiled source would be wrong in the file.
        compile(reader, &written, Span { length: span.length.min(source.len()), ..span }, names)
    };
    expression.map(|expression| expression.written_as(source))
}

/// Makes `url['NAME']` of `url.NAME`, where NAME is a callee.
fn with_urls(reader: &mut Reader<'_>, source: &str, span: Span, callees: &[ServiceName]) -> Option<String> {
    service_members(reader, source, span, "url", |reader, callee, span| {
        let is_callee = callees.iter().any(|service| service.as_str() == callee);
        if !is_callee && service(reader, callee, span).is_some() {
            let help = format!("add it: `depends_on: [{callee}]`");
            reader.note(span, format!("this service doesn't depend on `{callee}`"), help);
        }
        is_callee
    })
}

/// Makes `OBJECT['NAME']` of each `OBJECT.NAME`. `check` notes what is wrong with a NAME, and returns whether nothing is.
pub(in super::super) fn service_members(
    reader: &mut Reader<'_>,
    source: &str,
    span: Span,
    object: &str,
    mut check: impl FnMut(&mut Reader<'_>, &str, Span) -> bool,
) -> Option<String> {
    let mut written = String::new();
    let mut rest = source;
    while let Some((at, name)) = find_member(rest, object) {
        if !check(reader, &rest[name.clone()], span) {
            return None;
        }
        written.push_str(&rest[..at]);
        written.extend([object, "['", &rest[name.clone()], "']"]);
        rest = &rest[name.end..];
    }
    Some(written + rest)
}

/// The first byte of `OBJECT.NAME` in a source, and the place of NAME.
fn find_member(source: &str, object: &str) -> Option<(usize, Range<usize>)> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    source.match_indices(object).find_map(|(at, _)| {
        let start = at + object.len() + 1;
        let rest = source[at + object.len()..].strip_prefix('.')?;
        let length = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
        let alone = !source[..at].ends_with(|c: char| part(c) || c == '.');
        (alone && length > 0).then_some((at, start..start + length))
    })
}

/// Gives `env.NAME or …` its second value where NAME isn't set.
fn with_defaults(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some(at) = rest.find("env.") {
        let name =
            rest[at + 4..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len() - at - 4);
        let end = at + 4 + name;
        out.push_str(&rest[..end]);
        if rest[end..].trim_start().starts_with("or ") {
            out.push_str("|default('')");
        }
        rest = &rest[end..];
    }
    out + rest
}
