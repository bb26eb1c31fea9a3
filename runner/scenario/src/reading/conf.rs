//! e2e.conf.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use fault::{CLIENT, Link, ServiceName};
use http::Uri;

use super::{
    command,
    invariants::INVARIANT,
    node::{Entry, Kind, Node},
    reader::{Fields, Reader},
    table::{DURATION, Key, Shape, Table},
};
use crate::{
    Configuration, Dependency, Expression, Mistake, Need, Readiness, Service, Span, StartCommand, Template,
};

const SETTLE: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(5);
const STOP_GRACE: Duration = Duration::from_secs(5);

/// What the templates of a service can name.
const OF_A_SERVICE: &[&str] = &["port", "data_dir", "url", "env"];
/// What the build command can name.
const OF_THE_BUILD: &[&str] = &["env"];

pub(crate) const CONFIGURATION: Table = Table {
    what: "e2e.conf",
    one_of: &[],
    groups: &[&[
        Key::required("services", Shape::Names(&Shape::Table(&SERVICE)), "The services by name."),
        Key::optional("build", Shape::Text, "A command that is run once before anything is started."),
        Key::optional(
            "invariants",
            Shape::Names(&Shape::Table(&INVARIANT)),
            "What must hold in every scenario.",
        ),
        Key::optional("snapshots", Shape::Text, "The folder of the snapshots."),
        Key::optional(
            "settle",
            DURATION,
            "How long the system may take to settle; `10s` unless said otherwise.",
        ),
        Key::optional(
            "timeout",
            DURATION,
            "How long a request waits for its reply; `5s` unless said otherwise.",
        ),
    ]],
};

const SERVICE: Table = Table {
    what: "a service",
    one_of: &[],
    groups: &[&[
        Key::optional(
            "base_url",
            Shape::Pattern("^http://"),
            "Where it runs already, or where `runner up` puts it.",
        ),
        Key::optional(
            "required",
            Shape::Boolean,
            "Whether the run is broken off without it; it is unless said otherwise.",
        ),
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
            "stop",
            DURATION,
            "How long it may take to end when asked to; `5s` unless said otherwise.",
        ),
    ]],
};

const DEPENDENCY: Table = Table {
    what: "a dependency",
    one_of: &[],
    groups: &[&[Key::optional(
        "listen",
        Shape::Text,
        "The address on which the link listens: `127.0.0.1:7001`.",
    )]],
};

const READY: &[Shape] = &[Shape::Pattern("^/"), Shape::Table(&READINESS)];
const READINESS: Table = Table {
    what: "a readiness",
    one_of: &[],
    groups: &[&[
        Key::required("path", Shape::Pattern("^/"), "The path that has to answer with 2xx."),
        Key::optional("within", DURATION, "How long that may take; `10s` unless said otherwise."),
    ]],
};

/// Reads e2e.conf.
pub fn read_configuration(text: &str, file: PathBuf) -> Result<Configuration, Vec<Mistake>> {
    let mut reader = Reader::new(text, file);
    let read = reader.tree().and_then(|tree| reader.configuration(&tree));
    reader.finish(read)
}

impl Reader<'_> {
    fn configuration(&mut self, tree: &Node) -> Option<Configuration> {
        let fields = self.fields(tree, &CONFIGURATION)?;
        let entries =
            fields.get("services").and_then(|node| self.mapping(node, "a mapping of names to services"));
        let entries = entries.unwrap_or_default();
        if entries.is_empty()
            && let Some(services) = fields.entry("services")
        {
            self.note(services.span, "there are no services", None);
        }
        let names: Vec<_> = entries.iter().map(|entry| self.service_name(entry)).collect();
        self.services = names.iter().flatten().cloned().collect();
        let services: Vec<_> =
            entries.iter().zip(names).map(|(entry, name)| self.conf_service(entry, name)).collect();
        let build = fields.get("build").map(|node| {
            let text = self.text(node, "a command")?;
            self.filled_in(node, &text, 0, OF_THE_BUILD, &[])
        });
        let invariants = fields.get("invariants").map_or(Some(Vec::new()), |node| self.invariants(node));
        let snapshots = fields.get("snapshots").map(|node| self.text(node, "a folder"));
        let settle = fields.get("settle").map_or(Some(SETTLE), |node| self.duration(node));
        let timeout = fields.get("timeout").map_or(Some(TIMEOUT), |node| self.duration(node));
        Some(Configuration {
            file: self.file.to_path_buf(),
            build: optional(build)?,
            services: services.into_iter().collect::<Option<_>>()?,
            invariants: invariants?,
            snapshots: optional(snapshots)?.map(PathBuf::from),
            settle: settle?,
            timeout: timeout?,
            span: fields.span,
        })
    }

    fn service_name(&mut self, entry: &Entry) -> Option<ServiceName> {
        if entry.key == CLIENT {
            let help =
                "the scenarios' own requests come from `client`: call the service something else".to_owned();
            self.note(entry.span, "a service can't be called `client`", help);
            return None;
        }
        match entry.key.parse() {
            Ok(name) => Some(name),
            Err(error) => {
                self.note(
                    entry.span,
                    format!("`{}` can't be the name of a service: {error}", entry.key),
                    None,
                );
                None
            }
        }
    }

    fn conf_service(&mut self, entry: &Entry, name: Option<ServiceName>) -> Option<Service> {
        let fields = self.fields(&entry.value, &SERVICE)?;
        let base_url = fields.get("base_url").map(|node| self.base_url(node));
        let required = fields.get("required").map_or(Some(true), |node| self.boolean(node));
        let depends_on = fields.get("depends_on").map_or(Some(Vec::new()), |node| self.dependencies(node));
        if let (Some(name), Some(dependencies)) = (&name, &depends_on) {
            let link = |dependency: &Dependency| Link::new(name.clone(), dependency.service.clone());
            self.links.extend(dependencies.iter().map(link));
        }
        let callees: Vec<_> =
            depends_on.iter().flatten().map(|dependency| dependency.service.clone()).collect();
        let start = self.start(&fields, &callees);
        let ready = fields.get("ready").map_or(Some(Vec::new()), |node| {
            let read: Vec<_> = self.one_or_more(node).iter().map(|item| self.readiness(item)).collect();
            read.into_iter().collect()
        });
        if fields.get("base_url").is_none() && fields.get("command").is_none() {
            let help =
                "say where it runs, `base_url: http://localhost:5002`, or how it is started, `command: …`";
            self.note(entry.span, format!("nothing says where `{}` is", entry.key), help.to_owned());
        }
        Some(Service {
            name: name?,
            span: entry.span,
            base_url: optional(base_url)?,
            need: if required? { Need::Required } else { Need::Optional },
            start: start?,
            depends_on: depends_on?,
            ready: ready?,
        })
    }

    fn base_url(&mut self, node: &Node) -> Option<Uri> {
        let text = self.text(node, "an address, such as `http://localhost:5002`")?;
        let help = || "write `http://localhost:5002`".to_owned();
        let uri = text.parse::<Uri>().ok().filter(|uri| uri.host().is_some());
        match uri.as_ref().map(Uri::scheme_str) {
            Some(Some("http")) => uri,
            Some(Some("https")) => {
                self.note(node.span, "links don't speak https", help());
                None
            }
            _ => {
                self.note(node.span, format!("`{text}` is no address of a service"), help());
                None
            }
        }
    }

    fn dependencies(&mut self, node: &Node) -> Option<Vec<Dependency>> {
        let read: Vec<_> = match &node.kind {
            Kind::List(items) => items
                .iter()
                .map(|item| Some(Dependency { service: self.service_at(item)?, listen: None }))
                .collect(),
            Kind::Mapping(entries) => entries.iter().map(|entry| self.dependency(entry)).collect(),
            _ => {
                self.wrong_kind(node, "a list of services, such as `[users-service]`");
                return None;
            }
        };
        read.into_iter().collect()
    }

    fn dependency(&mut self, entry: &Entry) -> Option<Dependency> {
        let service = self.service(&entry.key, entry.span);
        // `users-service:` alone is as good as its name in a list.
        if entry.value.kind == Kind::Null {
            return Some(Dependency { service: service?, listen: None });
        }
        let fields = self.fields(&entry.value, &DEPENDENCY)?;
        let listen = fields.get("listen").map(|node| {
            self.spelled::<SocketAddr>(node, "an address to listen on, such as `127.0.0.1:7001`")
        });
        Some(Dependency { service: service?, listen: optional(listen)? })
    }

    fn readiness(&mut self, node: &Node) -> Option<Readiness> {
        if !matches!(node.kind, Kind::Mapping(_)) {
            return Some(Readiness { path: self.ready_path(node)?, within: Readiness::WITHIN });
        }
        let fields = self.fields(node, &READINESS)?;
        let path = fields.get("path").and_then(|node| self.ready_path(node));
        let within = fields.get("within").map_or(Some(Readiness::WITHIN), |node| self.duration(node));
        Some(Readiness { path: path?, within: within? })
    }

    fn ready_path(&mut self, node: &Node) -> Option<String> {
        let path = self.text(node, "a path, such as `/livez`")?;
        if path.starts_with('/') && path.parse::<Uri>().is_ok() {
            return Some(path);
        }
        self.note(
            node.span,
            format!("`{path}` is no path"),
            "a path starts with `/`: write `/livez`".to_owned(),
        );
        None
    }

    #[expect(clippy::option_option, reason = "a service without a command is not one whose command is wrong")]
    fn start(&mut self, fields: &Fields<'_>, callees: &[ServiceName]) -> Option<Option<StartCommand>> {
        let command = fields.get("command").map(|node| self.command(node, callees));
        let env = fields.get("env").map_or(Some(BTreeMap::new()), |node| self.environment(node, callees));
        let stop_grace = fields.get("stop").map_or(Some(STOP_GRACE), |node| self.duration(node));
        let Some(command) = command else {
            for stray in fields.present(&["env", "stop"]) {
                let message =
                    format!("`{}` belongs to `command`, which this service doesn't have", stray.key);
                self.note(stray.span, message, None);
            }
            return Some(None);
        };
        Some(Some(StartCommand { command: command?, env: env?, stop_grace: stop_grace? }))
    }

    fn command(&mut self, node: &Node, callees: &[ServiceName]) -> Option<Vec<Template>> {
        if let Kind::List(items) = &node.kind {
            if items.is_empty() {
                self.note(node.span, "there is no command here", None);
            }
            let mut read = |item: &Node| {
                let text = self.text(item, "an argument")?;
                self.filled_in(item, &text, 0, OF_A_SERVICE, callees)
            };
            return items.iter().map(&mut read).collect::<Vec<_>>().into_iter().collect();
        }
        let text = self.text(node, "a command")?;
        let words = match command::split(&text) {
            Ok(words) => words,
            Err(mistake) => {
                let help = mistake.help();
                self.note(node.span, mistake.to_string(), help);
                return None;
            }
        };
        let read: Vec<_> =
            words.iter().map(|word| self.filled_in(node, word, 0, OF_A_SERVICE, callees)).collect();
        read.into_iter().collect()
    }

    fn environment(&mut self, node: &Node, callees: &[ServiceName]) -> Option<BTreeMap<String, Template>> {
        let entries = self.mapping(node, "a mapping of environment variables")?;
        let mut read = |entry: &Entry| {
            let text = self.text(&entry.value, "a variable's value")?;
            Some((entry.key.clone(), self.filled_in(&entry.value, &text, 0, OF_A_SERVICE, callees)?))
        };
        entries.iter().map(&mut read).collect::<Vec<_>>().into_iter().collect()
    }

    /// A template that can name `names`, and of `url` the callees.
    fn filled_in(
        &mut self,
        node: &Node,
        text: &str,
        start: usize,
        names: &[&str],
        callees: &[ServiceName],
    ) -> Option<Template> {
        self.template_with(node, text, start, |reader, source, span| {
            reader.variable(source, span, names, callees)
        })
    }

    /// An expression of e2e.conf. `url.users-service` would be a subtraction and `env.NAME or …` an error where NAME
    /// isn't set: both are rewritten to what they mean.
    fn variable(
        &mut self,
        source: &str,
        span: Span,
        names: &[&str],
        callees: &[ServiceName],
    ) -> Option<Expression> {
        let mut written = String::new();
        let mut rest = source;
        while let Some((at, name)) = find_url(rest).filter(|_| names.contains(&"url")) {
            let callee = &rest[at + 4..at + 4 + name];
            if !callees.iter().any(|service| service.as_str() == callee) {
                let known = self.service(callee, span).is_some();
                if known {
                    let help = format!("add it: `depends_on: [{callee}]`");
                    self.note(span, format!("this service doesn't depend on `{callee}`"), help);
                }
                return None;
            }
            written.push_str(&rest[..at]);
            written.extend(["url['", callee, "']"]);
            rest = &rest[at + 4 + name..];
        }
        written.push_str(rest);
        let written = with_defaults(&written);
        let expression = if written == source {
            self.compile(source, span, names)
        } else {
            // Positions within would be those of what is compiled, not of what is written.
            self.compile(&written, Span { length: span.length.min(source.len()), ..span }, names)
        };
        expression.map(|expression| expression.written_as(source))
    }
}

/// Where `url.NAME` stands in a source, and how long NAME is.
fn find_url(source: &str) -> Option<(usize, usize)> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    source.match_indices("url.").map(|(at, _)| at).find_map(|at| {
        let rest = &source[at + 4..];
        let length = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
        let alone = !source[..at].ends_with(|c: char| part(c) || c == '.');
        (alone && length > 0).then_some((at, length))
    })
}

/// Lets `env.NAME or …` have its second value where NAME isn't set.
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

/// What an optional key holds: nothing where the key is missing, but no value at all where it is wrong.
#[expect(clippy::option_option, reason = "nothing written is not something written wrong")]
fn optional<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    read.map_or(Some(None), |value| value.map(Some))
}
