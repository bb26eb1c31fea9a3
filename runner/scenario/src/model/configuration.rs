use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use fault::{Link, ServiceName};

use super::{Client, Invariant, Outside, RequestDefaults, Scenario, Step, StubEntry};
use crate::{Mistake, Template};

/// The services, how they are started, and what holds for all scenarios: the content of e2e.conf.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The file it was read from, as it was named. Paths and commands are relative to its folder.
    pub file: PathBuf,
    /// The other files that it was read from.
    pub sources: BTreeSet<PathBuf>,
    /// A command that is run once before anything is started.
    pub build: Option<Template>,
    /// The services, in the order of the file.
    pub services: Vec<Service>,
    /// The clients of all scenarios.
    pub clients: Vec<Client>,
    /// Conditions that must hold in every scenario.
    pub invariants: Vec<Invariant>,
    /// The steps before those of every scenario.
    pub before: Vec<Step>,
    /// The steps at the end of every scenario.
    pub finally: Vec<Step>,
    /// The folder of the snapshots; `None` when none are taken.
    pub snapshots: Option<PathBuf>,
    /// How long the system may take to settle after a scenario's last step.
    pub settle: Duration,
    /// How long a request waits for its reply, unless its step or its service has another time.
    pub timeout: Duration,
    /// What scenarios have from outside.
    pub outside: Outside,
    /// What stands in the file and has no effect, each with what replaces it.
    pub ignored: Vec<Mistake>,
}

/// A service of e2e.conf.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name.
    pub name: ServiceName,
    /// The address at which it runs already, or at which `runner up` starts it.
    pub base_url: Option<http::Uri>,
    /// Whether a run needs it.
    pub need: Need,
    /// How it is started; `None` when it runs already.
    pub start: Option<StartCommand>,
    /// The entries of the stub that stands in its place; `None` when it is a service.
    pub stub: Option<Vec<StubEntry>>,
    /// The services it calls, each over a link.
    pub depends_on: Vec<Dependency>,
    /// The services that have to be ready before it is started. They form no cycle.
    pub after: Vec<ServiceName>,
    /// Conditions that all hold once it is ready. Without any, it is ready when `/` is answered with any status within
    /// [`Readiness::WITHIN`].
    pub ready: Vec<Readiness>,
    /// What every request to it bears, unless it says otherwise: headers and authentication.
    pub requests: RequestDefaults,
    /// The path at which it tells the states of its circuits, for what a person reads about a failure.
    pub circuits: Option<http::Uri>,
}

impl Service {
    /// Whether neither the runner starts it nor the program that runs it is the runner itself.
    pub fn runs_already(&self) -> bool {
        self.start.is_none() && self.stub.is_none() && self.base_url.is_some()
    }
}

/// Whether a run can do without a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The run is broken off when it isn't ready.
    Required,
    /// Scenarios that use it are skipped when it isn't ready.
    Optional,
}

/// How a service's process is started. Its templates can name `port`, `data_dir`, `conf_dir` (the configuration's
/// folder), `url[service]` (the address of the link to that service) and `env` (the runner's own environment).
#[derive(Debug, Clone)]
pub struct StartCommand {
    /// The program and its arguments, split at white space as a shell would split plain words and quotes.
    pub command: Vec<Template>,
    /// Environment variables, in addition to those of the runner itself.
    pub env: BTreeMap<String, Template>,
    /// The working folder, relative to the configuration's folder, which it is when `None`. It can name `data_dir`,
    /// `conf_dir` and `env` only.
    pub cwd: Option<Template>,
    /// How long it may take to end when asked to, before it is killed.
    pub stop_grace: Duration,
}

/// A link from a service to one that it calls.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// The service that is called.
    pub service: ServiceName,
    /// The address on which the link listens; any free port when `None`.
    pub listen: Option<std::net::SocketAddr>,
}

/// One condition of being ready.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// The path that has to answer with a 2xx status.
    pub path: String,
    /// Headers that are sent, with those of every request to its service.
    pub headers: http::HeaderMap,
    /// The time from the start within which it has to.
    pub within: Duration,
}

impl Readiness {
    /// The time within which a service has to be ready, unless the configuration has another.
    pub const WITHIN: Duration = Duration::from_secs(10);

    /// The condition that this path answers within [`Readiness::WITHIN`].
    pub fn new(path: &str) -> Self {
        Self { path: path.to_owned(), headers: http::HeaderMap::new(), within: Self::WITHIN }
    }

    /// How long a service with these conditions may take to be ready.
    pub fn longest(conditions: &[Self]) -> Duration {
        conditions.iter().map(|condition| condition.within).max().unwrap_or(Self::WITHIN)
    }
}

impl Configuration {
    /// The configuration of a scenario's world: its stubs stand in place of services, and answer before the stubs that are
    /// there already.
    pub fn with_stubs(&self, scenario: &Scenario) -> Cow<'_, Self> {
        if scenario.stubs.is_empty() {
            return Cow::Borrowed(self);
        }
        let stub_of = |name: &ServiceName| scenario.stubs.iter().find(|stub| stub.service == *name);
        let mut stubbed = self.clone();
        for service in &mut stubbed.services {
            service.after.retain(|name| stub_of(name).is_none());
            let Some(stub) = stub_of(&service.name) else { continue };
            service.stub = Some(stub.entries.iter().chain(service.stub.iter().flatten()).cloned().collect());
            service.start = None;
            (service.depends_on, service.after, service.ready) = Default::default();
        }
        Cow::Owned(stubbed)
    }

    /// The service of that name.
    pub fn service(&self, name: &ServiceName) -> Option<&Service> {
        self.services.iter().find(|service| service.name == *name)
    }

    /// The services, each behind those that it is started after; else in the order of the file.
    pub fn start_order(&self) -> Vec<&Service> {
        let (mut ordered, mut rest) = (Vec::new(), self.services.iter().collect::<Vec<_>>());
        while !rest.is_empty() {
            let is_ordered = |name: &ServiceName| ordered.iter().any(|other: &&Service| other.name == *name);
            let (next, waiting): (Vec<_>, _) =
                rest.into_iter().partition(|service| service.after.iter().all(is_ordered));
            assert!(!next.is_empty(), "reading the configuration refuses cycles");
            ordered.extend(next);
            rest = waiting;
        }
        ordered
    }

    /// The links between services, in the order of the file. A service that is started is told the addresses of its
    /// links; of one that runs already, there are those at a fixed address only. Links of scenarios' own requests are not
    /// among them.
    pub fn links(&self) -> impl Iterator<Item = Link> {
        links(&self.services)
    }

    /// The variables that the steps before every scenario capture or set.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.before.iter().flat_map(Step::made)
    }

    /// Steps with those that stand around the steps of every scenario.
    pub fn around(&self, steps: Vec<Step>) -> Vec<Step> {
        self.before.iter().cloned().chain(steps).chain(self.finally.iter().cloned()).collect()
    }
}

/// The links between these services, as [`Configuration::links`] gives them.
pub(crate) fn links(services: &[Service]) -> impl Iterator<Item = Link> {
    services.iter().flat_map(|caller| {
        let link = |callee: &Dependency| Link::new(caller.name.clone(), callee.service.clone());
        let exists = |callee: &&Dependency| !caller.runs_already() || callee.listen.is_some();
        caller.depends_on.iter().filter(exists).map(link)
    })
}
