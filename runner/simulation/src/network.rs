//! What the services of one world share: their hosts, the links between them, clock and budget.

use std::sync::{Arc, Weak};

use fault::{Link, Seed, ServiceName};
use proxy::Links;
use tower::Layer;
use verdict::{BrokenOff, Exit, ProcessChange};

use crate::{
    Clock, Transport,
    budget::Budget,
    host::Host,
    process::Process,
    services::ServiceDefinition,
    transport::{direct, over_links},
};

/// Everything that the services of one world share.
pub(crate) struct Network {
    pub(crate) links: Links,
    pub(crate) clock: Clock,
    pub(crate) budget: Arc<Budget>,
    members: Vec<Member>,
}

/// A service of a world, and its host there.
pub(crate) struct Member {
    pub(crate) service: Arc<ServiceDefinition>,
    pub(crate) host: Arc<Host>,
}

impl Network {
    /// A network of hosts without processes.
    pub(crate) fn new(services: &[Arc<ServiceDefinition>], seed: Seed, clock: Clock) -> Arc<Self> {
        Arc::new_cyclic(|network: &Weak<Self>| {
            let network = Weak::clone(network);
            let crash = move |service: &ServiceName| {
                if let Some(network) = network.upgrade() {
                    network.crash(service);
                }
            };
            let member = |service: &Arc<ServiceDefinition>| {
                let host = Host::new(service.name.clone(), service.stop_grace, seed);
                let (crash, name) = (crash.clone(), service.name.clone());
                host.disk().on_power_cut(move || crash(&name));
                Member { service: Arc::clone(service), host: Arc::new(host) }
            };
            let members = services.iter().map(member).collect();
            Self { links: Links::new(seed, crash), clock, budget: Arc::new(Budget::new(clock)), members }
        })
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(crate) fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.members.iter().map(|member| &*member.host)
    }

    /// The host of a service; `None` when the service isn't linked in.
    pub(crate) fn host(&self, name: &ServiceName) -> Option<&Arc<Host>> {
        self.find(name).map(|member| &member.host)
    }

    /// The service of this name. Fails when it isn't linked in.
    pub(crate) fn member(&self, name: &ServiceName) -> Result<&Member, BrokenOff> {
        self.find(name).ok_or_else(|| BrokenOff::NotLinked { service: name.clone() })
    }

    fn find(&self, name: &ServiceName) -> Option<&Member> {
        self.members.iter().find(|member| member.service.name == *name)
    }

    /// A client of a service, over no link.
    pub(crate) fn client(&self, name: &ServiceName) -> Transport {
        direct(self.host(name).cloned(), Arc::clone(&self.budget))
    }

    /// The client of a service's process, over the links to the services that it depends on.
    pub(crate) fn transport(&self, caller: &ServiceDefinition, process: &Arc<Process>) -> Transport {
        let link = |callee: &ServiceName| {
            let layer = self.links.layer(Link::new(caller.name.clone(), callee.clone()));
            (callee.to_string(), layer.layer(self.client(callee)))
        };
        over_links(process, caller.callees.iter().map(link).collect(), Arc::clone(&self.budget))
    }

    /// What is called when a process of this service ends by itself.
    pub(crate) fn on_exit(&self, name: &ServiceName) -> impl Fn(&Arc<Process>, Exit) + Send + Sync + 'static {
        let (host, links, name) = (self.host(name).cloned(), self.links.clone(), name.clone());
        move |process, exit| {
            if host.as_ref().is_some_and(|host| host.exit(process)) {
                links.record_process(name.clone(), ProcessChange::Exited(exit));
            }
        }
    }

    /// Kills a service's process because of a fault or a power cut, if it has one.
    fn crash(&self, name: &ServiceName) {
        if let Some(process) = self.host(name).and_then(|host| host.crash()) {
            process.end();
            self.record(name, ProcessChange::Crashed);
        }
    }

    pub(crate) fn record(&self, name: &ServiceName, change: ProcessChange) {
        self.links.record_process(name.clone(), change);
    }

    /// Ends all processes and deliveries at once.
    pub(crate) fn end(&self) {
        for process in self.hosts().filter_map(Host::crash) {
            process.end();
        }
        self.links.close();
    }
}
