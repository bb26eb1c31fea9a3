//! `env` and `secrets`: what comes from outside of the files.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    expression::check_name,
    fields::Fields,
    reader::{Reader, all},
    suggestion,
    table::{Key, Shape, Table},
    yaml::{Entry, Kind, Node},
};
use crate::{
    Outside, Secrets,
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

/// The environment variables and secrets, with their values. Those that have none are noted.
pub(super) fn outside(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    environment: &BTreeMap<String, String>,
) -> Option<Outside> {
    let env = fields.or("env", BTreeMap::new(), |node| variables(reader, node, environment));
    let secrets = fields.or("secrets", BTreeMap::new(), |node| secrets(reader, node, environment));
    let names = |declared: &Option<BTreeMap<String, String>>, key: &str| match (declared, fields.get(key)) {
        (Some(declared), _) => declared.keys().cloned().collect(),
        // One mistake among them is no reason to call the others undeclared.
        (None, Some(node)) => names_in(node),
        (None, None) => BTreeSet::new(),
    };
    reader.declared.env = names(&env, "env");
    reader.declared.secrets = names(&secrets, "secrets");
    Some(Outside { env: env?, secrets: Secrets::new(secrets?) })
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
) -> Option<BTreeMap<String, String>> {
    let entries = reader.mapping(node, "a mapping of environment variables to their defaults")?;
    all(entries.iter().map(|entry| {
        check_name(reader, &entry.key, entry.span);
        if let Some(value) = environment.get(&entry.key) {
            return Some((entry.key.clone(), value.clone()));
        }
        if matches!(entry.value.kind, Kind::Null) {
            let help = format!("set it: `{}=… runner …`", entry.key);
            reader.note(entry.span, format!("the environment variable `{}` isn't set", entry.key), help);
            return None;
        }
        let default = reader.text(&entry.value, "a default, or `null` for a variable that has to be set")?;
        Some((entry.key.clone(), default))
    }))
}

fn secrets(
    reader: &mut Reader<'_>,
    node: &Node,
    environment: &BTreeMap<String, String>,
) -> Option<BTreeMap<String, String>> {
    if let Kind::List(items) = &node.kind {
        return all(items.iter().map(|item| {
            let name = reader.text(item, "the name of an environment variable")?;
            check_name(reader, &name, item.span);
            let value = from_environment(reader, item, &name, environment)?;
            Some((name, usable(reader, item, value)?))
        }));
    }
    let entries =
        reader.mapping(node, "a list of environment variables, or a mapping of names to secrets")?;
    all(entries.iter().map(|entry| {
        check_name(reader, &entry.key, entry.span);
        let value = secret(reader, entry, environment)?;
        Some((entry.key.clone(), usable(reader, &entry.value, value)?))
    }))
}

fn secret(reader: &mut Reader<'_>, entry: &Entry, environment: &BTreeMap<String, String>) -> Option<String> {
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
        return from_environment(reader, &source.value, &name, environment);
    }
    let (_, content) = reader.content(&source.value)?;
    let Ok(text) = std::str::from_utf8(&content) else {
        reader.note(source.value.span, "this file is no text in UTF-8", None);
        return None;
    };
    Some(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn from_environment(
    reader: &mut Reader<'_>,
    node: &Node,
    name: &str,
    environment: &BTreeMap<String, String>,
) -> Option<String> {
    let value = environment.get(name);
    if value.is_none() {
        let help = format!("set it: `{name}=… runner …`");
        reader.note(
            node.span,
            format!("the environment variable `{name}`, which holds a secret, isn't set"),
            help,
        );
    }
    value.cloned()
}

/// Notes a secret that can't be hidden.
fn usable(reader: &mut Reader<'_>, node: &Node, value: String) -> Option<String> {
    let length = value.chars().count();
    if value.len() > LONGEST {
        let message = format!("this secret has {} bytes, more than {LONGEST}", value.len());
        reader.note(node.span, message, "hand it over as a file whose path is no secret".to_owned());
        return None;
    }
    if length >= SHORTEST {
        return Some(value);
    }
    let what = match length {
        0 => "is empty".to_owned(),
        1 => "has 1 character".to_owned(),
        length => format!("has {length} characters"),
    };
    let help =
        format!("use one of {SHORTEST} or more: a shorter text occurs everywhere, and can't be hidden");
    reader.note(node.span, format!("this secret {what}"), help);
    None
}
