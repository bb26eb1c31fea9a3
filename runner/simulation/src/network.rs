//! All services of a world, and the links between them.

use std::sync::{Arc, Weak};

use fault::{Seed, ServiceName};
use proxy::Links;
use verdict::{BrokenOff, ProcessChange};

use crate::{
    Clock,
    budget::Budget,
    host::{Blueprint, Host},
};

/// Everything that is shared within a world.
pub(crate) struct Network {
    pub(crate) links: Links,
    pub(crate) clock: Clock,
    pub(crate) budget: Arc<Budget>,
    hosts: Vec<Arc<Host>>,
}

impl Network {
    /// A network in which no service runs yet.
    pub(crate) fn new(blueprints: &[Blueprint], seed: Seed) -> Arc<Self> {
        Arc::new_cyclic(|network: &Weak<Self>| {
            let network = Weak::clone(network);
            let crash = move |service: &ServiceName| {
                if let Some(network) = network.upgrade() {
                    network.crash(service);
                }
            };
            let host = |blueprint: &Blueprint| {
                let host = Host::new(blueprint.clone(), seed);
                let (crash, name) = (crash.clone(), blueprint.name.clone());
                host.disk().powers(move || crash(&name));
                Arc::new(host)
            };
            let hosts = blueprints.iter().map(host).collect();
            let clock = Clock::start();
            Self { links: Links::new(seed, crash), clock, budget: Arc::new(Budget::new(clock)), hosts }
        })
    }

    pub(crate) fn hosts(&self) -> &[Arc<Host>] {
        &self.hosts
    }

    pub(crate) fn host(&self, name: &ServiceName) -> Option<&Arc<Host>> {
        self.hosts.iter().find(|host| host.blueprint.name == *name)
    }

    /// The same, where a scenario names a service that must be there.
    pub(crate) fn linked_in(&self, name: &ServiceName) -> Result<&Arc<Host>, BrokenOff> {
        self.host(name).ok_or_else(|| not_linked_in(name))
    }

    /// Kills a service, for a fault or because its machine has died.
    fn crash(&self, name: &ServiceName) {
        if let Some(life) = self.host(name).and_then(|host| host.crash()) {
            life.end();
            self.record(name, ProcessChange::Crashed);
        }
    }

    pub(crate) fn record(&self, name: &ServiceName, change: ProcessChange) {
        self.links.record_process(name.clone(), change);
    }

    /// Ends everything at once.
    pub(crate) fn end(&self) {
        for life in self.hosts.iter().filter_map(|host| host.crash()) {
            life.end();
        }
        self.links.close();
    }
}

pub(crate) fn not_linked_in(name: &ServiceName) -> BrokenOff {
    BrokenOff::NotLinked { service: name.clone() }
}
