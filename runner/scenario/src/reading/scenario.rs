//! A scenario: its name, variables, faults and steps.

use super::{
    clients::{self, CLIENTS, DefinedIn},
    defaults::{DEFAULTS, defaults},
    expression::{Role, check_name, value},
    fault::{self, faults},
    reader::{Reader, all},
    step::{Faults, STEP, step},
    table::{DURATION, Key, Shape, Table},
    tags::{TAGS, tags},
    yaml::{Kind, Node},
};
use crate::{RequestDefaults, Scenario, Span, Step, TemplateValue};

pub(crate) const SCENARIO: Table = Table {
    what: "a scenario",
    groups: &[&[
        Key::required("scenario", Shape::Text, "The scenario's name: a sentence about what it shows."),
        TAGS,
        Key::optional(
            "vars",
            Shape::Names(&Shape::Json),
            "Variables, each of which can use those before it.",
        ),
        Key::optional(
            "clients",
            CLIENTS,
            "Those who send its requests, by name; one here replaces one of e2e.conf of the same name.",
        ),
        Key::optional(
            "defaults",
            Shape::Table(&DEFAULTS),
            "What its requests bear and how they are sent, unless they say otherwise.",
        ),
        Key::optional(
            "faults",
            Shape::Names(&Shape::Table(&fault::FAULT)),
            "The faults it injects, by name.",
        ),
        Key::required("steps", Shape::List(&Shape::Table(&STEP)), "The steps, in order."),
        Key::optional("settle", DURATION, "How long the system may take to settle after the last step."),
    ]],
};

pub(crate) fn scenario(reader: &mut Reader<'_>, tree: &Node) -> Option<Scenario> {
    let fields = reader.fields(tree, &SCENARIO)?;
    let name = fields.get("scenario").and_then(|node| reader.text(node, "the scenario's name"));
    let tags = fields.or("tags", Vec::new(), |node| tags(reader, node));
    let vars = fields.or("vars", Vec::new(), |node| vars(reader, node));
    let clients =
        fields.or("clients", Vec::new(), |node| clients::clients(reader, node, DefinedIn::Scenario));
    let defaults = fields.or("defaults", RequestDefaults::default(), |node| defaults(reader, node));
    let read = fields.get("faults").map_or_else(Vec::new, |node| faults(reader, node));
    let mut faults =
        Faults { known: read.iter().filter_map(|fault| fault.name.clone()).collect(), ..Faults::default() };
    let steps = fields.get("steps").and_then(|node| steps(reader, node, &mut faults));
    if let Some(node) = fields.get("clients") {
        clients::check_used(reader, node);
    }
    for fault in &read {
        if let Some(name) = &fault.name
            && !faults.injected.contains(name)
        {
            let help = format!("inject it: `- inject: {name}`");
            reader.note(fault.span, format!("`{name}` is never injected"), help);
        }
    }
    let settle = fields.optional("settle", |node| reader.duration(node));
    Some(Scenario {
        name: name?,
        tags: tags?,
        file: reader.file.clone(),
        sources: reader.sources.clone(),
        text: reader.text.into(),
        vars: vars?,
        clients: clients?,
        defaults: defaults?,
        faults: read.into_iter().map(|read| read.fault).collect::<Option<_>>()?,
        steps: steps?,
        settle: settle?,
    })
}

fn vars(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(String, TemplateValue)>> {
    let entries = reader.mapping(node, "a mapping of names to values")?;
    all(entries.iter().map(|entry| {
        check_name(reader, &entry.key, entry.span);
        let value = value(reader, &entry.value, Role::Sent);
        reader.names.define(&entry.key);
        Some((entry.key.clone(), value?))
    }))
}

fn steps(reader: &mut Reader<'_>, node: &Node, faults: &mut Faults) -> Option<Vec<Step>> {
    let Kind::List(items) = &node.kind else {
        reader.wrong_kind(node, "a list of steps");
        return None;
    };
    if items.is_empty() {
        reader.note(node.span, "a scenario without steps can't fail", None);
    }
    check_captures(reader, items);
    let read = all(items.iter().map(|item| step(reader, item, faults)));
    for (name, span) in captures(items) {
        if !reader.names.is_used(name) {
            let help = "use it in a later step, or expect what it must be".to_owned();
            reader.note(span, format!("`{name}` is captured and never used"), help);
        }
    }
    read
}

/// Notes captures that would hide a variable, and remembers the places of all, for the message about a name that is
/// used too early.
fn check_captures(reader: &mut Reader<'_>, steps: &[Node]) {
    for (name, span) in captures(steps) {
        if reader.names.is_known(name) {
            let message = format!("`{name}` is a variable of this scenario already");
            reader.note(span, message, "call what is captured something else".to_owned());
        }
    }
    for (name, span) in captures(steps) {
        reader.names.announce(name, span);
    }
}

/// The names that steps capture, and the places of those names.
fn captures(steps: &[Node]) -> impl Iterator<Item = (&str, Span)> {
    steps
        .iter()
        .flat_map(|step| {
            match step.entries().iter().find(|entry| entry.key == "together").map(|entry| &entry.value.kind) {
                Some(Kind::List(members)) => members.as_slice(),
                _ => std::slice::from_ref(step),
            }
        })
        .flat_map(Node::entries)
        .flat_map(
            |entry| {
                if entry.key == "eventually" { entry.value.entries() } else { std::slice::from_ref(entry) }
            },
        )
        .filter(|entry| entry.key == "capture")
        .flat_map(|entry| entry.value.entries())
        .map(|capture| (capture.key.as_str(), capture.span))
}
