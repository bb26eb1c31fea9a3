//! `services`: where a service is, how it is started, what it calls and when it is ready.

use fault::{Link, ServiceName};
use http::Uri;

use super::{
    super::{
        reader::{Reader, all},
        table::{DURATION, Key, Shape, Table},
        yaml::{Entry, Node},
    },
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
            "How it is started: the program and its arguments. `${port}`, `${data_dir}`, `${url.other-service}` and `${env.NAME}` are filled in.",
        ),
        Key::optional(
            "env",
            Shape::Names(&Shape::Text),
            "Environment variables, filled in as the command is.",
        ),
        Key::optional(
            "depends_on",
            Shape::Either(&[Shape::List(&Shape::Text), Shape::Names(&Shape::Table(&DEPENDENCY))]),
            "The services it calls; each makes a link.",
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
    let ready = fields.or("ready", Vec::new(), |node| {
        all(reader.one_or_more(node).iter().map(|item| readiness(reader, item)))
    });
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
        ready: ready?,
        circuits: circuits?.and_then(|path| path.parse().ok()),
    })
}

fn base_url(reader: &mut Reader<'_>, node: &Node) -> Option<Uri> {
    let text = reader.text(node, "an address, such as `http://localhost:5002`")?;
    let help = || "write `http://localhost:5002`".to_owned();
    let uri = text.parse::<Uri>().ok().filter(|uri| uri.host().is_some());
    match uri.as_ref().map(Uri::scheme_str) {
        Some(Some("http")) => uri,
        Some(Some("https")) => {
            reader.note(node.span, "links don't speak https", help());
            None
        }
        _ => {
            reader.note(node.span, format!("`{text}` is no address of a service"), help());
            None
        }
    }
}
