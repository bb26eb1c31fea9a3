//! A file: a scenario, or invariants for all scenarios.

use std::path::PathBuf;

use super::{
    names::Role,
    node::{Entry, Kind, Node},
    reader::Reader,
    step::{Faults, STEP},
    table::{DURATION, Key, Shape, Table},
};
use crate::{Configuration, File, Mistake, Scenario, TemplateValue};

pub(crate) const SCENARIO: Table = Table {
    what: "a scenario",
    one_of: &[],
    groups: &[&[
        Key::required("scenario", Shape::Text, "What the scenario says of itself."),
        Key::optional("tags", Shape::List(&Shape::Text), "What it can be selected by."),
        Key::optional(
            "vars",
            Shape::Names(&Shape::Json),
            "Variables, each of which can use those before it.",
        ),
        Key::optional(
            "faults",
            Shape::Names(&Shape::Table(&super::faults::FAULT)),
            "The faults it injects, by name.",
        ),
        Key::required("steps", Shape::List(&Shape::Table(&STEP)), "What happens, in order."),
        Key::optional("settle", DURATION, "How long the system may take to settle after the last step."),
    ]],
};

pub(crate) const INVARIANTS: Table = Table {
    what: "a file of invariants",
    one_of: &[],
    groups: &[&[Key::required(
        "invariants",
        Shape::Names(&Shape::Table(&super::invariants::INVARIANT)),
        "What must hold in every scenario.",
    )]],
};

/// Reads a file that stands among the scenarios: one scenario, invariants for all of them, or an
/// exploration.
pub fn read_file(text: &str, file: PathBuf, configuration: &Configuration) -> Result<File, Vec<Mistake>> {
    let mut reader = Reader::new(text, file);
    reader.services = configuration.services.iter().map(|service| service.name.clone()).collect();
    reader.links = configuration.links().collect();
    let read = reader.tree().and_then(|tree| reader.file(&tree));
    reader.finish(read)
}

impl Reader<'_> {
    fn file(&mut self, tree: &Node) -> Option<File> {
        let has = |key: &str| match &tree.kind {
            Kind::Mapping(entries) => entries.iter().any(|entry| entry.key == key),
            _ => false,
        };
        if has("invariants") && !has("scenario") {
            let fields = self.fields(tree, &INVARIANTS)?;
            return fields.get("invariants").and_then(|node| self.invariants(node)).map(File::Invariants);
        }
        if has("exploration") && !has("scenario") {
            return self.exploration(tree).map(|exploration| File::Exploration(Box::new(exploration)));
        }
        self.scenario(tree).map(|scenario| File::Scenario(Box::new(scenario)))
    }

    fn scenario(&mut self, tree: &Node) -> Option<Scenario> {
        let fields = self.fields(tree, &SCENARIO)?;
        let name =
            fields.get("scenario").and_then(|node| self.text(node, "what the scenario says of itself"));
        let tags = fields.get("tags").map_or(Some(Vec::new()), |node| self.tags(node));
        let vars = fields.get("vars").map_or(Some(Vec::new()), |node| self.vars(node));
        let read = fields.get("faults").map_or_else(Vec::new, |node| self.faults(node));
        let mut faults = Faults {
            known: read.iter().filter_map(|(_, name, _)| name.clone()).collect(),
            ..Faults::default()
        };
        let steps = fields.get("steps").and_then(|node| self.steps(node, &mut faults));
        for (span, name, _) in &read {
            if let Some(name) = name
                && !faults.injected.contains(name)
            {
                let help = format!("inject it: `- inject: {name}`");
                self.note(*span, format!("`{name}` is never injected"), help);
            }
        }
        let settle = fields.get("settle").map(|node| self.duration(node));
        Some(Scenario {
            name: name?,
            tags: tags?,
            file: self.file.clone(),
            vars: vars?,
            faults: read.into_iter().map(|(_, _, fault)| fault).collect::<Option<_>>()?,
            steps: steps?,
            settle: match settle {
                Some(settle) => Some(settle?),
                None => None,
            },
        })
    }

    pub(crate) fn tags(&mut self, node: &Node) -> Option<Vec<String>> {
        let Kind::List(items) = &node.kind else {
            self.wrong_kind(node, "a list of tags, such as `[smoke, payments]`");
            return None;
        };
        let read: Vec<_> = items.iter().map(|item| self.text(item, "a tag")).collect();
        read.into_iter().collect()
    }

    fn vars(&mut self, node: &Node) -> Option<Vec<(String, TemplateValue)>> {
        let entries = self.mapping(node, "a mapping of names to values")?;
        let mut read = |entry: &Entry| {
            self.check_name(&entry.key, entry.span);
            let value = self.value(&entry.value, Role::Sent);
            self.names.define(&entry.key);
            Some((entry.key.clone(), value?))
        };
        entries.iter().map(&mut read).collect::<Vec<_>>().into_iter().collect()
    }

    fn steps(&mut self, node: &Node, faults: &mut Faults) -> Option<Vec<crate::Step>> {
        let Kind::List(items) = &node.kind else {
            self.wrong_kind(node, "a list of steps");
            return None;
        };
        if items.is_empty() {
            self.note(node.span, "a scenario without steps can't fail", None);
        }
        self.check_captures(items);
        let read: Vec<_> = items.iter().map(|item| self.step(item, faults)).collect();
        for (name, span) in captures(items) {
            if !self.names.is_used(name) {
                let help = "use it in a later step, or expect what it must be".to_owned();
                self.note(span, format!("`{name}` is captured and never used"), help);
            }
        }
        read.into_iter().collect()
    }

    /// Notes captures that would hide a variable, and remembers where all of them stand, so that a name that is used
    /// too early can be told from a wrong one.
    fn check_captures(&mut self, steps: &[Node]) {
        for (name, span) in captures(steps) {
            if self.names.is_known(name) {
                let message = format!("`{name}` is a variable of this scenario already");
                self.note(span, message, "call what is captured something else".to_owned());
            }
        }
        for (name, span) in captures(steps) {
            self.names.announce(name, span);
        }
    }
}

/// The names that steps capture, and where.
fn captures(steps: &[Node]) -> impl Iterator<Item = (&str, crate::Span)> {
    steps
        .iter()
        .flat_map(|step| {
            match within(step).iter().find(|entry| entry.key == "together").map(|entry| &entry.value.kind) {
                Some(Kind::List(members)) => members.as_slice(),
                _ => std::slice::from_ref(step),
            }
        })
        .flat_map(within)
        .flat_map(
            |entry| {
                if entry.key == "eventually" { within(&entry.value) } else { std::slice::from_ref(entry) }
            },
        )
        .filter(|entry| entry.key == "capture")
        .flat_map(|entry| within(&entry.value))
        .map(|capture| (capture.key.as_str(), capture.span))
}

fn within(node: &Node) -> &[Entry] {
    match &node.kind {
        Kind::Mapping(entries) => entries,
        _ => &[],
    }
}
