//! A scenario: its name, variables, faults and steps.

use super::{
    clients::{self, CLIENTS, DefinedIn},
    defaults::{DEFAULTS, defaults},
    examples::{EXAMPLES, examples},
    expression::template,
    fault::{self, faults},
    phases::{self, BEFORE, FINALLY},
    reader::Reader,
    step::{Faults, STEP, vars},
    stub::{STUBS, stubs},
    table::{DURATION, Key, Shape, Table},
    tags::{TAGS, tags},
    yaml::{Kind, Node},
};
use crate::{File, RequestDefaults, Scenario, Scope, Template};

pub(crate) const SCENARIO: Table = Table {
    what: "a scenario",
    groups: &[&[
        Key::required("scenario", Shape::Text, "The scenario's name: a sentence about what it shows."),
        TAGS,
        EXAMPLES,
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
        Key::optional(
            "stubs",
            STUBS,
            "Stubs in place of services, by their names; their entries come before those of e2e.conf.",
        ),
        BEFORE,
        Key::required("steps", Shape::List(&Shape::Table(&STEP)), "The steps, in order."),
        FINALLY,
        Key::optional("settle", DURATION, "How long the system may take to settle after the last step."),
    ]],
};

pub(crate) fn scenario(reader: &mut Reader<'_>, tree: &Node) -> Option<File> {
    let fields = reader.fields(tree, &SCENARIO)?;
    let examples = fields.entry("examples").map(|entry| (entry, examples(reader, &entry.value)));
    if let Some((_, None)) = examples {
        reader.names.leave_incomplete();
    }
    // What it has no values for, the name can't name either.
    let name = fields.get("scenario").and_then(|node| {
        if examples.is_some() {
            return template(reader, node, "the scenario's name");
        }
        let name = reader.text(node, "the scenario's name")?;
        if name.contains("${") {
            let help = "leave it out, or give its values in `examples`".to_owned();
            reader.note(node.span, "only a scenario with `examples` can have values in its name", help);
        }
        Some(Template::literal(name))
    });
    if let Some(node) = fields.get("scenario")
        && matches!(&node.kind, Kind::Text(name) if name.trim().is_empty())
    {
        reader.note(node.span, "this name is empty", "write a sentence about what it shows".to_owned());
    }
    let tags = fields.or("tags", Vec::new(), |node| tags(reader, node));
    check_hidden(reader, fields.get("vars"));
    let vars = fields.or("vars", Vec::new(), |node| vars(reader, node));
    let clients =
        fields.or("clients", Vec::new(), |node| clients::clients(reader, node, DefinedIn::Scenario));
    let defaults = fields.or("defaults", RequestDefaults::default(), |node| defaults(reader, node));
    let stubs = fields.or("stubs", Vec::new(), |node| stubs(reader, node));
    let read = fields.get("faults").map_or_else(Vec::new, |node| faults(reader, node));
    let mut faults =
        Faults { known: read.iter().filter_map(|fault| fault.name.clone()).collect(), ..Faults::default() };
    reader.names.fix();
    let steps = phases::of_scenario(reader, &fields, &mut faults);
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
    if let Some((entry, Some(examples))) = &examples {
        examples.check_used(reader, entry.span);
    }
    let settle = fields.optional("settle", |node| reader.duration(node));
    let name = name?;
    let scenario = Scenario {
        tags: tags?,
        sources: reader.sources.clone(),
        text: reader.text.into(),
        vars: vars?,
        clients: clients?,
        defaults: defaults?,
        stubs: stubs?,
        faults: read.into_iter().map(|read| read.fault).collect::<Option<_>>()?,
        steps: steps?,
        settle: settle?,
        ..Scenario::new("", reader.file.to_path_buf())
    };
    match examples {
        None => {
            let name = name.render(&Scope::default()).expect("a text has no expression in it");
            Some(File::Scenario(Box::new(Scenario { name, ..scenario })))
        }
        Some((_, examples)) => {
            let node = fields.get("scenario")?;
            examples?.scenarios(reader, node, &name, &scenario).map(File::Examples)
        }
    }
}

/// Notes variables that would hide a value of the examples, or that steps of e2e.conf capture.
fn check_hidden(reader: &mut Reader<'_>, vars: Option<&Node>) {
    for entry in vars.into_iter().flat_map(Node::entries) {
        if reader.names.is_known(&entry.key) {
            let message = format!("`{}` is a variable of this scenario already", entry.key);
            reader.note(entry.span, message, "call one of them something else".to_owned());
        }
    }
}
