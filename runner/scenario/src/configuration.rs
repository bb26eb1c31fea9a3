//! e2e.conf: the services, how they are started, and what holds for all scenarios.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use fault::{Link, ServiceName};

use crate::{Invariant, Span, Template};

/// What e2e.conf says.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The file it was read from, as it was named. Paths and commands are relative to its folder.
    pub file: PathBuf,
    /// A command that is run once before anything is started.
    pub build: Option<Template>,
    /// The services, in the order they are written.
    pub services: Vec<Service>,
    /// What must hold in every scenario.
    pub invariants: Vec<Invariant>,
    /// The folder of the snapshots, when there are any.
    pub snapshots: Option<PathBuf>,
    /// How long the system may take to settle after a scenario's last step.
    pub settle: Duration,
    /// How long a request waits for its reply unless its step says otherwise.
    pub timeout: Duration,
}

/// A service of e2e.conf.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name.
    pub name: ServiceName,
    /// Where it stands.
    pub span: Span,
    /// Where it runs already, or where `runner up` puts it.
    pub base_url: Option<http::Uri>,
    /// Whether the run ends as broken off without it.
    pub need: Need,
    /// How it is started; it runs already when there is no command.
    pub start: Option<StartCommand>,
    /// Whom it calls: each makes a link. With a fixed address, the link listens there.
    pub depends_on: Vec<Dependency>,
    /// When it is ready: all of these; when there are none, once it answers at all on `/`, with whatever status,
    /// within [`Readiness::WITHIN`].
    pub ready: Vec<Readiness>,
}

/// Whether a run can do without a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The run is broken off when it isn't ready.
    Required,
    /// Scenarios that use it are skipped when it isn't ready.
    Optional,
}

/// How a service's process is started. In the templates: `port`, `data_dir`, `url[service]` (the address of the link
/// to that service) and `env` (the runner's own environment).
#[derive(Debug, Clone)]
pub struct StartCommand {
    /// The program and its arguments, split at white space as a shell would split plain words and quotes.
    pub command: Vec<Template>,
    /// Variables set for it, besides those the runner itself has.
    pub env: BTreeMap<String, Template>,
    /// How long it may take to end when asked to, before it is killed.
    pub stop_grace: Duration,
}

/// A link from a service to one that it calls.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// Who is called.
    pub service: ServiceName,
    /// Where the link listens; any free port when `None`.
    pub listen: Option<std::net::SocketAddr>,
}

/// One condition of being ready.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// The path that has to answer with a 2xx status.
    pub path: String,
    /// How long that may take after the start.
    pub within: Duration,
}

impl Readiness {
    /// How long becoming ready may take unless the configuration says otherwise.
    pub const WITHIN: Duration = Duration::from_secs(10);
}

impl Configuration {
    /// The service of that name.
    pub fn service(&self, name: &ServiceName) -> Option<&Service> {
        self.services.iter().find(|service| service.name == *name)
    }

    /// Every link between services, in the order of the file; those of scenarios' own requests are not among them.
    pub fn links(&self) -> impl Iterator<Item = Link> {
        self.services.iter().flat_map(|caller| {
            let link = |callee: &Dependency| Link::new(caller.name.clone(), callee.service.clone());
            caller.depends_on.iter().map(link)
        })
    }
}
