//! The live world of one scenario.

use std::{
    cell::LazyCell,
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use engine::{ServiceOutput, World};
use fault::{Link, ServiceName};
use futures_util::future::join_all;
use http::Uri;
use proxy::{HttpClient, HttpLink, Links};
use scenario::Signal;
use tempfile::TempDir;
use tokio::{sync::OwnedMutexGuard, task::JoinSet};
use verdict::{BrokenOff, Verdict};

use crate::{
    Address,
    external::{ExternalService, Presence},
    kept_folder::KeptFolder,
    mark::{Search, WorldMark},
    notice::{Notice, NoticeSink},
    ports::Port,
    process::Process,
    process_table::ProcessTable,
    service::{Connections, StartedService},
    shared_folder::FolderUse,
};

/// Processes on real ports, and the links between them. All of them end when the world is closed or dropped.
#[derive(Debug)]
pub struct LiveWorld {
    pub(crate) services: Arc<StartedServices>,
    pub(crate) external: BTreeMap<ServiceName, ExternalService>,
    pub(crate) links: Links,
    pub(crate) open_links: Vec<OpenLink>,
    /// Finds what left the process groups of the services.
    pub(crate) mark: Arc<WorldMark>,
    pub(crate) notices: NoticeSink,
    /// Reaps what its services leave, until it is dropped.
    pub(crate) _reaper: JoinSet<()>,
    /// Dropped after the processes that write into it.
    pub(crate) folder: TempDir,
    /// Where its folder is moved when its scenario fails; `None` if it is removed anyway.
    pub(crate) keep: Option<KeptFolder>,
    /// Dropped when no service runs in the folders any more.
    pub(crate) _folder_use: FolderUse,
    /// Held while no other world may be started.
    pub(crate) _exclusive: Option<OwnedMutexGuard<()>>,
}

/// The services that the fleet has started; none before the world is complete.
#[derive(Debug, Default)]
pub(crate) struct StartedServices(OnceLock<Vec<Arc<StartedService>>>);

/// A link between services, on real sockets.
#[derive(Debug)]
pub(crate) struct OpenLink {
    pub(crate) link: Link,
    pub(crate) http: HttpLink,
    /// Reserved also while a fault makes the link refuse connections; `None` for a configured address.
    pub(crate) _port: Option<Port>,
}

/// A service of a world, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceStatus {
    /// The service.
    pub name: ServiceName,
    /// Its own address, past all links.
    pub address: Address,
    /// Whether it runs.
    pub state: ServiceState,
}

/// Whether a service runs, and who started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    /// The fleet has started it; this is its process's id.
    Running(u32),
    /// The fleet has started it, and its process has ended.
    Ended,
    /// It ran before the fleet started.
    External,
    /// It is optional and doesn't run.
    Missing,
}

impl StartedServices {
    /// Sets the services, once.
    pub(crate) fn set(&self, services: Vec<Arc<StartedService>>) {
        self.0.set(services).expect("a startup sets them once");
    }

    pub(crate) fn all(&self) -> &[Arc<StartedService>] {
        self.0.get().map_or(&[], Vec::as_slice)
    }

    fn get(&self, name: &ServiceName) -> Option<&StartedService> {
        self.all().iter().map(Arc::as_ref).find(|service| service.name == *name)
    }

    /// Kills a service for a fault.
    pub(crate) fn crash(&self, name: &ServiceName) {
        if let Some(service) = self.get(name) {
            service.crash();
        } else {
            // A scenario that asks for this gets no world, but other users of the links can inject such a fault.
            tracing::warn!(%name, "a fault can't crash a service that the fleet hasn't started");
        }
    }
}

impl LiveWorld {
    /// Every service: those that the fleet starts, in the order in which it does, then the others by name.
    pub fn services(&self) -> Vec<ServiceStatus> {
        let started = self.services.all().iter().map(|service| ServiceStatus {
            name: service.name.clone(),
            address: service.address.clone(),
            state: service.process_id().map_or(ServiceState::Ended, ServiceState::Running),
        });
        let external = self.external.iter().map(|(name, service)| ServiceStatus {
            name: name.clone(),
            address: service.address.clone(),
            state: match service.presence {
                Presence::Running => ServiceState::External,
                Presence::Missing => ServiceState::Missing,
            },
        });
        started.chain(external).collect()
    }

    /// Every link between services and where it listens, in the order of the configuration.
    pub fn link_addresses(&self) -> Vec<(Link, SocketAddr)> {
        self.open_links.iter().map(|open| (open.link.clone(), open.http.address())).collect()
    }

    fn started(&self, name: &ServiceName, signal: Signal) -> Result<&StartedService, BrokenOff> {
        self.services.get(name).ok_or_else(|| BrokenOff::NotOurs {
            service: name.clone(),
            action: signal.as_str(),
            file: None,
        })
    }

    /// Fails if a process that `service` started couldn't be ended.
    fn check_ended(&self, service: &ServiceName) -> Result<(), BrokenOff> {
        match self.mark.take_remaining() {
            none if none.is_empty() => Ok(()),
            processes => Err(BrokenOff::LeftRunning { service: Some(service.clone()), processes }),
        }
    }

    /// Creates the folder in which its own is kept once it is closed; `None` if it isn't.
    fn reserve_kept_folder(&self) -> Option<PathBuf> {
        let reserved = self.keep.as_ref()?.reserve().map(Path::to_owned);
        reserved.map_err(|error| self.notices.send(Notice::NotKept(error.to_string()))).ok()
    }

    /// Closes it after a start that failed. Its folder is kept, if those of failed scenarios are.
    pub(crate) async fn close_broken_off(self) {
        let notice = self.reserve_kept_folder().map(|folder| Notice::Kept { folder });
        let notices = self.notices.clone();
        self.close().await;
        if let Some(notice) = notice {
            notices.send(notice);
        }
    }

    /// Ends what left the process groups of the services, once the groups have ended.
    fn end_escaped(&self, search: Search) {
        self.mark.end_all(search);
        for (service, process) in self.mark.take_escaped() {
            self.notices.send(Notice::Escaped { service, process });
        }
        let processes = self.mark.take_remaining();
        if !processes.is_empty() {
            self.notices.send(Notice::LeftRunning(BrokenOff::LeftRunning { service: None, processes }));
        }
    }

    /// Kills all process groups without waiting, and returns their leaders.
    fn kill_all(&self) -> Vec<Arc<Process>> {
        self.mark.close();
        let table: LazyCell<ProcessTable> = LazyCell::new(ProcessTable::read);
        self.services.all().iter().filter_map(|service| service.close(&table)).collect()
    }
}

impl World for LiveWorld {
    type Client = HttpClient;

    fn links(&self) -> &Links {
        &self.links
    }

    fn client(&self, service: &ServiceName) -> HttpClient {
        let started = self.services.get(service).map(StartedService::client);
        let client = started.or_else(|| self.external.get(service).map(|service| service.client.clone()));
        client.expect("reading a scenario checks that its services are in the configuration")
    }

    fn addresses(&self) -> Vec<(ServiceName, Uri)> {
        let services = self.services();
        let own = services.iter().map(|service| (service.name.clone(), service.address.to_string()));
        let linked = self.open_links.iter().filter_map(|open| {
            let callee = services.iter().find(|service| service.name == open.link.callee)?;
            Some((callee.name.clone(), callee.address.behind(open.http.address())))
        });
        own.chain(linked).filter_map(|(service, url)| Some((service, url.parse().ok()?))).collect()
    }

    fn runs_already(&self, service: &ServiceName) -> bool {
        self.external.contains_key(service)
    }

    fn unix_time(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    async fn signal(&self, service: &ServiceName, signal: Signal) -> Result<(), BrokenOff> {
        let service = self.started(service, signal)?;
        match signal {
            Signal::Kill => service.kill().await,
            Signal::Stop => service.stop().await,
            Signal::Start => return service.start().await,
            Signal::Restart => {
                service.stop().await;
                self.check_ended(&service.name)?;
                return service.start().await;
            }
            Signal::Pause => return service.pause(),
            Signal::Resume => return service.resume(),
        }
        self.check_ended(&service.name)
    }

    fn enter_step(&self, step: Option<usize>) {
        self.services.all().iter().for_each(|service| service.log.drain());
        self.links.enter_step(step);
    }

    fn output(&self, verdict: &Verdict) -> ServiceOutput {
        let logs = self.services.all().iter().map(|service| (service.name.clone(), service.log.lines()));
        let logs = logs.filter(|(_, log)| !log.slices().is_empty()).collect();
        let folder = if *verdict == Verdict::Passed { None } else { self.reserve_kept_folder() };
        ServiceOutput { logs, folder }
    }

    async fn launch(&self, service: &ServiceName) -> Result<(), BrokenOff> {
        self.started(service, Signal::Start)?.launch().await
    }

    async fn await_exits(&self, suspects: &BTreeSet<ServiceName>) {
        let await_exit = |service: &Arc<StartedService>| {
            let is_suspect = suspects.contains(&service.name);
            let connections = if is_suspect { Connections::Closed } else { Connections::Kept };
            let service = Arc::clone(service);
            async move { service.await_exit(connections).await }
        };
        join_all(self.services.all().iter().map(await_exit)).await;
    }

    async fn last_lines(&self, service: &ServiceName) -> Vec<String> {
        match self.services.get(service) {
            Some(service) => service.all_last_lines().await,
            None => Vec::new(),
        }
    }

    fn down(&self) -> Vec<ServiceName> {
        let down = self.services.all().iter().filter(|service| service.is_down());
        down.map(|service| service.name.clone()).collect()
    }

    async fn close(mut self) {
        for process in self.kill_all() {
            process.ended().await;
        }
        self.end_escaped(Search::Children);
        for open in std::mem::take(&mut self.open_links) {
            open.http.close().await;
        }
        if let Some(Err(error)) = self.keep.as_ref().map(|keep| keep.fill(self.folder.path())) {
            self.notices.send(Notice::NotKept(error.to_string()));
        }
    }
}

impl Drop for LiveWorld {
    fn drop(&mut self) {
        self.links.close();
        for process in self.kill_all() {
            process.kill_now();
        }
        self.end_escaped(Search::Everywhere);
    }
}
