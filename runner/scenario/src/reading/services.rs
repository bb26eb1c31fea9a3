//! Services and links, by the names that the configuration gives them.

use fault::{CLIENT, Link, ServiceName};

use super::{reader::Reader, suggestion, yaml::Node};
use crate::{Service, Span, model::links};

impl Reader<'_> {
    /// Makes the services of a configuration known, with the links between them.
    pub(crate) fn know(&mut self, services: &[Service]) {
        self.services = services.iter().map(|service| service.name.clone()).collect();
        self.links = links(services).collect();
        let external = services.iter().filter(|service| service.runs_already());
        self.external = external.map(|service| service.name.clone()).collect();
        let telling = services.iter().filter(|service| service.circuits.is_some());
        self.circuits = telling.map(|service| service.name.clone()).collect();
    }
}

/// The service of this name.
pub(crate) fn service(reader: &mut Reader<'_>, name: &str, span: Span) -> Option<ServiceName> {
    let found = reader.services.iter().find(|service| service.as_str() == name).cloned();
    if found.is_none() {
        let help = suggestion::help(name, reader.services.iter().map(ServiceName::as_str));
        reader.note(span, format!("unknown service `{name}`"), help);
    }
    found
}

/// The service whose name a scalar is.
pub(crate) fn service_at(reader: &mut Reader<'_>, node: &Node) -> Option<ServiceName> {
    let name = reader.text(node, "the name of a service")?;
    service(reader, &name, node.span)
}

/// The link written as `text`: from a service to one it depends on, or from `client` to any.
pub(crate) fn link(reader: &mut Reader<'_>, text: &str, span: Span) -> Option<Link> {
    let link: Link = match text.parse() {
        Ok(link) => link,
        Err(error) => {
            reader.note(span, format!("`{text}` is no link: {error}"), None);
            return None;
        }
    };
    if link.caller.as_str() == CLIENT {
        return service(reader, link.callee.as_str(), span).map(|_| link);
    }
    if reader.links.contains(&link) {
        return Some(link);
    }
    let caller = service(reader, link.caller.as_str(), span);
    let callee = service(reader, link.callee.as_str(), span);
    if caller.is_some() && callee.is_some() {
        let Link { caller, callee } = &link;
        let mut message = format!("`{caller}` doesn't call `{callee}`");
        let help = if reader.links.contains(&Link::new(callee.clone(), caller.clone())) {
            format!("did you mean `{callee} -> {caller}`?")
        } else if reader.external.contains(caller) {
            message =
                format!("there is no link `{link}`: `{caller}` runs already, and is told no address of one");
            format!(
                "give the link an address in e2e.conf, `depends_on: {{ {callee}: {{ listen: 127.0.0.1:7001 }} }}` under \
                 `{caller}`, and have `{caller}` call that"
            )
        } else {
            format!("if it does, say so in e2e.conf: `depends_on: [{callee}]` under `{caller}`")
        };
        reader.note(span, message, help);
    }
    None
}
