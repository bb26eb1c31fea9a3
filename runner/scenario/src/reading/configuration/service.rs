//! `services`: where a service is, how it is started, what it calls and when it is ready.

use fault::{Link, ServiceName};

use super::{
    super::{
        reader::{Reader, all},
        table::{DURATION, Key, Shape, Table},
        yaml::Entry,
    },
    address::base_url,
    after,
    command::start,
    dependency::{DEPENDENCY, dependencies},
    readiness::{READY, path, readiness},
};
use crate::{Dependency, Need, Service};

pub(super) const SERVICE: Table = Table {
    what: "a service",
    groups: &[&[
        Key::optional(
            "base_url",
            Shape::Pattern("^http://"),
            "The address at which it runs already, or at which `runner up` starts it.",
        ),
        Key::optional("required", Shape::Boolean, "Whether a run needs it; `true` unless said otherwise."),
        Key::optional(
            "command",
            Shape::OneOrMore(&Shape::Text),
            "How it is started: the program and its arguments. `${port}`, `${data_dir}`, `${conf_dir}` (the folder of e2e.conf), `${url.other-service}` and `${env.NAME}` are filled in. A relative path to the program is relative to `cwd`.",
        ),
        Key::optional(
            "env",
            Shape::Names(&Shape::Text),
            "Environment variables, filled in as the command is.",
        ),
        Key::optional(
            "cwd",
            Shape::Text,
            "The folder in which it runs, relative to that of e2e.conf, which it is unless said otherwise. With `${data_dir}` it has a folder of its own in every scenario. `${conf_dir}` and `${env.NAME}` are filled in, too.",
        ),
        Key::optional(
            "depends_on",
            Shape::Either(&[Shape::List(&Shape::Text), Shape::Names(&Shape::Table(&DEPENDENCY))]),
            "The services it calls; each makes a link.",
        ),
        Key::optional(
            "after",
            Shape::OneOrMore(&Shape::Text),
            "The services that have to be ready before it is started. Services that aren't ordered start at the same time.",
        ),
        Key::optional(
            "ready",
            Shape::OneOrMore(&Shape::Either(READY)),
            "When it is ready: all of these paths answer with 2xx.",
        ),
        Key::optional(
            "circuits",
            Shape::Pattern("^/"),
            "The path at which it tells its circuits, `{users-service: open}`, also below a key `circuits`. It is asked when a scenario has failed.",
        ),
        Key::optional(
            "stop",
            DURATION,
            "How long it may take to end when asked to; `5s` unless said otherwise.",
        ),
        Key::optional(
            "timeout",
            DURATION,
            "How long a request to it waits for its reply, unless a step says otherwise.",
        ),
    ]],
};

pub(super) fn service(reader: &mut Reader<'_>, entry: &Entry, name: Option<ServiceName>) -> Option<Service> {
    let fields = reader.fields(&entry.value, &SERVICE)?;
    let base_url = fields.optional("base_url", |node| base_url(reader, node));
    let required = fields.or("required", true, |node| reader.boolean(node));
    let depends_on = fields.or("depends_on", Vec::new(), |node| dependencies(reader, node));
    if let (Some(name), Some(dependencies)) = (&name, &depends_on) {
        let link = |dependency: &Dependency| Link::new(name.clone(), dependency.service.clone());
        reader.links.extend(dependencies.iter().map(link));
    }
    let callees: Vec<_> = depends_on.iter().flatten().map(|dependency| dependency.service.clone()).collect();
    let start = start(reader, &fields, &callees);
    let after = fields.or("after", Vec::new(), |node| after::after(reader, node));
    let ready = fields.or("ready", Vec::new(), |node| {
        all(reader.one_or_more(node).iter().map(|item| readiness(reader, item)))
    });
    let timeout = fields.optional("timeout", |node| reader.some_time(node));
    let circuits = fields.optional("circuits", |node| path(reader, node));
    if fields.get("base_url").is_none() && fields.get("command").is_none() {
        let help = "say where it runs, `base_url: http://localhost:5002`, or how it is started, `command: …`";
        reader.note(entry.span, format!("nothing says where `{}` is", entry.key), help.to_owned());
    }
    Some(Service {
        name: name?,
        base_url: base_url?,
        need: if required? { Need::Required } else { Need::Optional },
        start: start?,
        depends_on: depends_on?,
        after: after?,
        ready: ready?,
        timeout: timeout?,
        circuits: circuits?.and_then(|path| path.parse().ok()),
    })
}
