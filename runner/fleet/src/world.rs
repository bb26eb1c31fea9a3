//! The live world of one scenario.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use engine::World;
use fault::{Link, ServiceName};
use proxy::{HttpClient, HttpLink, Links};
use scenario::Signal;
use tempfile::TempDir;
use tokio::sync::OwnedMutexGuard;
use verdict::BrokenOff;

use crate::{Address, ports::Port, service::StartedService};

/// Processes on real ports, and the links between them. Everything in it ends when it is closed or dropped.
#[derive(Debug)]
pub struct LiveWorld {
    pub(crate) crew: Arc<Crew>,
    /// Services that run already, and those that are missing.
    pub(crate) others: BTreeMap<ServiceName, Other>,
    pub(crate) links: Links,
    pub(crate) listening: Vec<Listening>,
    /// Gone after the processes that write into it.
    pub(crate) _folder: TempDir,
    /// Kept while no other world may be raised.
    pub(crate) _exclusive: Option<OwnedMutexGuard<()>>,
}

/// The services that the fleet has started. Faults reach them through it, and it doesn't keep the links alive.
#[derive(Debug, Default)]
pub(crate) struct Crew {
    pub(crate) services: OnceLock<Vec<Arc<StartedService>>>,
}

/// A service that the fleet hasn't started.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) address: Address,
    pub(crate) client: HttpClient,
    pub(crate) runs: Runs,
    /// The port on which a missing one would listen, so that nobody else does.
    pub(crate) _port: Option<Port>,
}

/// A link between services.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) link: Link,
    pub(crate) http: HttpLink,
    /// Kept for the link, also while a fault makes it refuse connections; `None` for a configured address.
    pub(crate) _port: Option<Port>,
}

/// A service of a world, for a person to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceStatus {
    /// Its name.
    pub name: ServiceName,
    /// Where it is reached, past all links.
    pub address: Address,
    /// What runs it.
    pub runs: Runs,
}

/// What runs a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// A process of the fleet with this id.
    Started(u32),
    /// A process of the fleet that has ended.
    Down,
    /// Somebody else.
    Already,
    /// Nobody; it is optional.
    Missing,
}

impl Crew {
    pub(crate) fn services(&self) -> &[Arc<StartedService>] {
        self.services.get().map_or(&[], Vec::as_slice)
    }

    fn service(&self, name: &ServiceName) -> Option<&StartedService> {
        self.services().iter().map(Arc::as_ref).find(|service| service.name == *name)
    }

    /// Kills a service for a fault.
    pub(crate) fn crash(&self, name: &ServiceName) {
        if let Some(service) = self.service(name) {
            service.crash();
        } else {
            // No world is raised for a scenario that asks for it, but links can be told to by others.
            tracing::warn!(%name, "a fault is to kill a service that the fleet hasn't started");
        }
    }
}

impl LiveWorld {
    /// Every service: those that the fleet started in the order of the configuration, then the others by name.
    pub fn services(&self) -> Vec<ServiceStatus> {
        let started = self.crew.services().iter().map(|service| ServiceStatus {
            name: service.name.clone(),
            address: service.address.clone(),
            runs: service.process_id().map_or(Runs::Down, Runs::Started),
        });
        let others = self.others.iter().map(|(name, other)| ServiceStatus {
            name: name.clone(),
            address: other.address.clone(),
            runs: other.runs,
        });
        started.chain(others).collect()
    }

    /// Every link between services and where it listens, in the order of the configuration.
    pub fn link_addresses(&self) -> Vec<(Link, SocketAddr)> {
        self.listening.iter().map(|listening| (listening.link.clone(), listening.http.address())).collect()
    }

    /// The last lines that a service wrote; none of a service that the fleet hasn't started.
    pub fn log(&self, service: &ServiceName) -> Vec<String> {
        self.crew.service(service).map(|service| service.log.last(usize::MAX)).unwrap_or_default()
    }

    fn started(&self, name: &ServiceName, signal: Signal) -> Result<&StartedService, BrokenOff> {
        self.crew.service(name).ok_or_else(|| BrokenOff::NotOurs {
            service: name.clone(),
            action: signal.as_str(),
            file: None,
        })
    }

    /// Kills everything, all at once, and returns what is dying.
    fn end(&self) -> Vec<Arc<crate::process::Process>> {
        self.crew.services().iter().filter_map(|service| service.close()).collect()
    }
}

impl World for LiveWorld {
    type Client = HttpClient;

    fn links(&self) -> &Links {
        &self.links
    }

    fn client(&self, service: &ServiceName) -> HttpClient {
        let started = self.crew.service(service).map(StartedService::client);
        let client = started.or_else(|| self.others.get(service).map(|other| other.client.clone()));
        client.expect("a scenario that names no service of the configuration is a mistake")
    }

    async fn signal(&self, service: &ServiceName, signal: Signal) -> Result<(), BrokenOff> {
        let service = self.started(service, signal)?;
        match signal {
            Signal::Kill => service.kill().await,
            Signal::Stop => service.stop().await,
            Signal::Start => return service.start().await,
            Signal::Restart => {
                service.stop().await;
                return service.start().await;
            }
            Signal::Pause => return service.pause(),
            Signal::Resume => return service.resume(),
        }
        Ok(())
    }

    fn down(&self) -> Vec<ServiceName> {
        let down = self.crew.services().iter().filter(|service| service.is_down());
        down.map(|service| service.name.clone()).collect()
    }

    async fn close(mut self) {
        for process in self.end() {
            process.ended().await;
        }
        for listening in std::mem::take(&mut self.listening) {
            listening.http.close().await;
        }
    }
}

impl Drop for LiveWorld {
    fn drop(&mut self) {
        self.links.close();
        for process in self.end() {
            process.kill_now();
        }
    }
}
