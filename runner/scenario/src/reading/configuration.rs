//! e2e.conf: the services, and what holds for all scenarios.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use fault::{CLIENT, ServiceName};

use self::{
    address::check_places,
    after::note_cycle,
    command::words,
    outside::{ENVIRONMENT, SECRETS, outside},
    service::{SERVICE, service},
    variables::{Variables, filled_in},
};
use super::{
    clients::{self, CLIENTS, DefinedIn},
    files::Files,
    invariant::{INVARIANT, invariants},
    phases::{self, BEFORE, FINALLY},
    reader::{Reader, all},
    table::{DURATION, Key, Shape, Table},
    yaml::{Entry, Kind, Node},
};
use crate::{Configuration, Mistake};

mod address;
mod after;
mod command;
mod command_line;
mod dependency;
mod original;
mod outside;
mod readiness;
mod service;
mod variables;

pub(super) use command::command_words;
pub(super) use variables::service_members;

/// How long the system may take to settle, unless the file has another time.
const SETTLE: Duration = Duration::from_secs(10);
/// How long a request waits for its reply, unless the file has another time.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) const CONFIGURATION: Table = Table {
    what: "e2e.conf",
    groups: &[&[
        Key::required("services", Shape::Names(&Shape::Table(&SERVICE)), "The services by name."),
        Key::optional("build", Shape::Text, "A command that is run once before anything is started."),
        Key::optional("clients", CLIENTS, "Those who send the requests of scenarios, by name."),
        Key::optional(
            "invariants",
            Shape::Names(&Shape::Table(&INVARIANT)),
            "What must hold in every scenario.",
        ),
        BEFORE,
        FINALLY,
        Key::optional(
            "env",
            ENVIRONMENT,
            "The environment variables that scenarios can name (`${env.NAME}`), each with its default; `null` for one that has to be set.",
        ),
        Key::optional(
            "secrets",
            SECRETS,
            "The secrets (`${secrets.NAME}`), which are shown as `***` everywhere: a list of environment variables, or a mapping of names to where each comes from. Each has at least 4 characters: a shorter text occurs everywhere, and can't be hidden.",
        ),
        Key::optional("snapshots", Shape::Text, "The folder of the snapshots."),
        Key::optional("settle", DURATION, "How long the system may take to settle.").or("10s"),
        Key::optional("timeout", DURATION, "How long a request waits for its reply.").or("5s"),
    ]],
};

/// Reads e2e.conf, without environment variables and other files; [`read_configuration_with`] reads one that names some.
pub fn read_configuration(text: &str, file: PathBuf) -> Result<Configuration, Vec<Mistake>> {
    read_configuration_with(text, file, &BTreeMap::new(), &BTreeMap::new())
}

/// Reads e2e.conf. `environment` has the environment variables that it can declare, and `files` the content of its secrets and of what it
/// includes.
pub fn read_configuration_with(
    text: &str,
    file: PathBuf,
    files: &dyn Files,
    environment: &BTreeMap<String, String>,
) -> Result<Configuration, Vec<Mistake>> {
    let mut reader = Reader::new(text, file, files);
    let read = reader.tree().and_then(|mut tree| {
        original::translate(&mut reader, &mut tree);
        configuration(&mut reader, &tree, environment)
    });
    reader.finish(read)
}

fn configuration(
    reader: &mut Reader<'_>,
    tree: &Node,
    environment: &BTreeMap<String, String>,
) -> Option<Configuration> {
    let fields = reader.fields(tree, &CONFIGURATION)?;
    let entries =
        fields.get("services").and_then(|node| reader.mapping(node, "a mapping of names to services"));
    let entries = entries.unwrap_or_default();
    if entries.is_empty()
        && let Some(services) = fields.entry("services")
    {
        reader.note(services.span, "there are no services", None);
    }
    let names: Vec<_> = entries.iter().map(|entry| service_name(reader, entry)).collect();
    let outside = outside(reader, &fields, environment);
    reader.services = names.iter().flatten().cloned().collect();
    let services: Option<Vec<_>> =
        all(entries.iter().zip(names).map(|(entry, name)| service(reader, entry, name, outside.as_ref())));
    check_places(reader, entries, services.as_deref().unwrap_or_default());
    if let Some(services) = &services {
        note_cycle(reader, entries, services);
    }
    let external = services.iter().flatten().filter(|service| service.runs_already());
    reader.external = external.map(|service| service.name.clone()).collect();
    let clients =
        fields.or("clients", Vec::new(), |node| clients::clients(reader, node, DefinedIn::Configuration));
    let build = fields.optional("build", |node| {
        let text = reader.text(node, "a command")?;
        words(reader, node, &text)?;
        filled_in(reader, node, &text, Variables::Build)
    });
    let invariants = fields.or("invariants", Vec::new(), |node| invariants(reader, node));
    let snapshots = fields.optional("snapshots", |node| {
        if matches!(node.kind, Kind::Boolean(_)) {
            reader.wrong_kind(node, "the folder of the snapshots");
            return None;
        }
        reader.text(node, "the folder of the snapshots")
    });
    let settle = fields.or("settle", SETTLE, |node| reader.duration(node));
    let timeout = fields.or("timeout", TIMEOUT, |node| reader.some_time(node));
    reader.know(services.as_deref().unwrap_or_default());
    let around = phases::configured(reader, &fields);
    let phases::Around { before, finally } = around?;
    reader.ignored.sort_by_key(|ignored| ignored.span.offset);
    Some(Configuration {
        file: reader.file.to_path_buf(),
        sources: reader.sources.clone(),
        build: build?,
        services: services?,
        clients: clients?,
        invariants: invariants?,
        before,
        finally,
        snapshots: snapshots?.map(PathBuf::from),
        settle: settle?,
        timeout: timeout?,
        outside: outside?,
        ignored: std::mem::take(&mut reader.ignored),
    })
}

fn service_name(reader: &mut Reader<'_>, entry: &Entry) -> Option<ServiceName> {
    if entry.key == CLIENT {
        let help =
            "the scenarios' own requests come from `client`: call the service something else".to_owned();
        reader.note(entry.span, "a service can't be called `client`", help);
        return None;
    }
    match entry.key.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            reader.note(entry.span, format!("`{}` can't be the name of a service: {error}", entry.key), None);
            None
        }
    }
}
