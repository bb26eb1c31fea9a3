//! `env` and `secrets`: what comes from outside of the files.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::super::{
    expression::check_name,
    fields::Fields,
    reader::{Reader, all},
    suggestion,
    table::{Key, Shape, Table},
    yaml::{Entry, Kind, Node},
};
use crate::{
    Mistake, Outside, Secrets, Span, Unset,
    secrets::{LONGEST, SHORTEST},
};

pub(super) const ENVIRONMENT: Shape = Shape::Names(&Shape::Either(&[Shape::Text, Shape::Null]));
pub(super) const SECRETS: Shape =
    Shape::Either(&[Shape::List(&Shape::Text), Shape::Names(&Shape::Table(&SECRET))]);

const SECRET: Table = Table {
    what: "a secret",
    groups: &[&[
        Key::one_of("env", Shape::Text, "The environment variable that holds it."),
        Key::one_of(
            "file",
            Shape::Text,
            "The file that holds it, relative to the folder of e2e.conf. A line break at its end doesn't count.",
        ),
    ]],
};

/// The environment variables and secrets, with their values, and those that have none.
pub(super) fn outside(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    environment: &BTreeMap<String, String>,
) -> Option<Outside> {
    let mut unset = Unset::default();
    let env = fields.or("env", BTreeMap::new(), |node| variables(reader, node, environment, &mut unset));
    let secrets =
        fields.or("secrets", BTreeMap::new(), |node| secrets(reader, node, environment, &mut unset));
    let names = |declared: &Option<BTreeMap<String, String>>, unset: &BTreeSet<String>, key: &str| match (
        declared,
        fields.get(key),
    ) {
        (Some(declared), _) => declared.keys().chain(unset).cloned().collect(),
        // One mistake among them is no reason to call the others undeclared.
        (None, Some(node)) => names_in(node),
        (None, None) => BTreeSet::new(),
    };
    reader.declared.env = names(&env, &unset.env, "env");
    reader.declared.secrets = names(&secrets, &unset.secrets, "secrets");
    Some(Outside { env: env?, secrets: Secrets::new(secrets?), unset })
}

/// The names that a mapping or a list declares.
fn names_in(node: &Node) -> BTreeSet<String> {
    let text = |item: &Node| match &item.kind {
        Kind::Text(text) => Some(text.clone()),
        _ => None,
    };
    match &node.kind {
        Kind::List(items) => items.iter().filter_map(text).collect(),
        _ => node.entries().iter().map(|entry| entry.key.clone()).collect(),
    }
}

fn variables(
    reader: &mut Reader<'_>,
    node: &Node,
    environment: &BTreeMap<String, String>,
    unset: &mut Unset,
) -> Option<BTreeMap<String, String>> {
    let entries = reader.mapping(node, "a mapping of environment variables to their defaults")?;
    let read: Vec<_> = all(entries.iter().map(|entry| {
        check_name(reader, &entry.key, entry.span);
        if let Some(value) = environment.get(&entry.key) {
            return Some(Some((entry.key.clone(), value.clone())));
        }
        if matches!(entry.value.kind, Kind::Null) {
            let message = format!("the environment variable `{}` isn't set", entry.key);
            unset.mistakes.push(not_set(reader, entry.span, message, &entry.key));
            unset.env.insert(entry.key.clone());
            return Some(None);
        }
        let default = reader.text(&entry.value, "a default, or `null` for a variable that has to be set")?;
        Some(Some((entry.key.clone(), default)))
    }))?;
    Some(read.into_iter().flatten().collect())
}

fn secrets(
    reader: &mut Reader<'_>,
    node: &Node,
    environment: &BTreeMap<String, String>,
    unset: &mut Unset,
) -> Option<BTreeMap<String, String>> {
    let read: Vec<_> = if let Kind::List(items) = &node.kind {
        all(items.iter().map(|item| {
            let name = reader.text(item, "the name of an environment variable")?;
            check_name(reader, &name, item.span);
            let value = from_environment(reader, item, &name, environment);
            Some(value_of(reader, unset, item, name, value))
        }))
    } else {
        let entries =
            reader.mapping(node, "a list of environment variables, or a mapping of names to secrets")?;
        all(entries.iter().map(|entry| {
            check_name(reader, &entry.key, entry.span);
            let value = secret(reader, entry, environment)?;
            Some(value_of(reader, unset, &entry.value, entry.key.clone(), value))
        }))
    }?;
    Some(read.into_iter().flatten().collect())
}

/// A secret with its value; `None` for one that has none, which is kept in `unset`.
fn value_of(
    reader: &Reader<'_>,
    unset: &mut Unset,
    node: &Node,
    name: String,
    value: Result<String, Mistake>,
) -> Option<(String, String)> {
    match value.and_then(|value| usable(reader, node, value)) {
        Ok(value) => Some((name, value)),
        Err(mistake) => {
            unset.mistakes.push(mistake);
            unset.secrets.insert(name);
            None
        }
    }
}

/// The value of a secret, or the mistake that it has none; `None` after other mistakes, which are noted.
fn secret(
    reader: &mut Reader<'_>,
    entry: &Entry,
    environment: &BTreeMap<String, String>,
) -> Option<Result<String, Mistake>> {
    if !entry.value.is_mapping() {
        let help = format!(
            "say where it comes from: `{}: {{ env: {} }}` or `{{ file: key.txt }}`",
            entry.key, entry.key
        );
        reader.note(entry.value.span, "a secret doesn't stand in e2e.conf itself", help);
        return None;
    }
    let fields = reader.fields(&entry.value, &SECRET)?;
    let chosen = fields.chosen();
    let Some(source) = chosen.first() else {
        let help = format!("it needs one of {}", suggestion::list(&["env", "file"]));
        reader.note(entry.span, format!("nothing says where the secret `{}` comes from", entry.key), help);
        return None;
    };
    if let Some(second) = chosen.get(1) {
        reader.note(second.span, "a secret comes from one place: `env` and `file` are two", None);
    }
    if source.key == "env" {
        let name = reader.text(&source.value, "the name of an environment variable")?;
        return Some(from_environment(reader, &source.value, &name, environment));
    }
    let content = match reader.readable(&source.value)? {
        Ok((_, content)) => content,
        Err(mistake) => return Some(Err(mistake)),
    };
    let Ok(text) = std::str::from_utf8(&content) else {
        reader.note(source.value.span, "this file is no text in UTF-8", None);
        return None;
    };
    Some(Ok(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn from_environment(
    reader: &Reader<'_>,
    node: &Node,
    name: &str,
    environment: &BTreeMap<String, String>,
) -> Result<String, Mistake> {
    environment.get(name).cloned().ok_or_else(|| {
        let message = format!("the environment variable `{name}`, which holds a secret, isn't set");
        not_set(reader, node.span, message, name)
    })
}

/// The mistake that an environment variable isn't set.
fn not_set(reader: &Reader<'_>, span: Span, message: String, name: &str) -> Mistake {
    let help = Some(format!("set it: `{name}=… runner …`"));
    Mistake { file: Arc::clone(&reader.file), span, message, help }
}

/// The value of a secret, or the mistake that it can't be hidden.
fn usable(reader: &Reader<'_>, node: &Node, value: String) -> Result<String, Mistake> {
    let wrong = |message: String, help: String| {
        Err(Mistake { file: Arc::clone(&reader.file), span: node.span, message, help: Some(help) })
    };
    if value.len() > LONGEST {
        let message = format!("this secret has {} bytes, more than {LONGEST}", value.len());
        return wrong(message, "hand it over as a file whose path is no secret".into());
    }
    let what = match value.chars().count() {
        0 => "is empty".to_owned(),
        1 => "has 1 character".to_owned(),
        length if length < SHORTEST => format!("has {length} characters"),
        _ => return Ok(value),
    };
    let help =
        format!("use one of {SHORTEST} or more: a shorter text occurs everywhere, and can't be hidden");
    wrong(format!("this secret {what}"), help)
}
