//! Starts one world: ports, links, processes, and the wait until all are ready.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use engine::Stub;
use fault::{Link, Seed, ServiceName};
use futures_util::future::try_join_all;
use proxy::{HttpLink, Links};
use scenario::{Configuration, Object, Service, StartCommand, Value};
use tokio::{
    sync::{OwnedMutexGuard, watch},
    task::JoinSet,
};
use verdict::{BrokenOff, Resource};

use crate::{
    Address, LiveWorld,
    command::Commands,
    external::{ExternalClients, ExternalService, Presence, configured_address, wait_until_ready},
    kept_folder::KeptFolder,
    launch::{Folders, launch},
    log::{Log, Origin},
    mark::WorldMark,
    options::FleetOptions,
    orphans,
    ports::Port,
    service::{CurrentInstance, StartedService},
    stub_server::StubServer,
    workspace::Workspace,
    world::{OpenLink, StartedServices},
    world_folder::WorldFolder,
};

/// How many ports are tried for a link.
const LINK_ATTEMPTS: u32 = 8;

/// How long a link waits for its configured address to become free.
const ADDRESS_TIMEOUT: Duration = Duration::from_millis(200);

/// The ports on which services listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortPolicy {
    /// Any free port.
    Free,
    /// The port of the `base_url`, if there is one.
    AsConfigured,
}

/// What is needed to start a world.
pub(crate) struct Startup<'a> {
    pub(crate) configuration: &'a Configuration,
    pub(crate) options: &'a FleetOptions,
    /// The values of `${env.NAME}`.
    pub(crate) environment: &'a Value,
    pub(crate) workspace: &'a Workspace,
    /// Services that aren't started or waited for.
    pub(crate) missing: &'a BTreeSet<ServiceName>,
    pub(crate) clients: &'a ExternalClients,
    pub(crate) ports: PortPolicy,
    /// The stubs that stand in place of services.
    pub(crate) stubs: &'a [Stub],
    /// The scenario's name.
    pub(crate) label: &'a str,
}

/// A world whose services didn't all become ready.
pub(crate) struct FailedStart {
    pub(crate) why: BrokenOff,
    /// The world, if it was complete; dropping it ends all of it.
    world: Option<Box<LiveWorld>>,
}

/// The parts of a world that its services need before they start.
struct Surroundings<'a> {
    folder: &'a WorldFolder,
    mark: &'a Arc<WorldMark>,
    links: &'a Links,
    open_links: &'a [OpenLink],
    /// Where each service is, or will be.
    addresses: &'a BTreeMap<ServiceName, Address>,
}

impl From<BrokenOff> for FailedStart {
    fn from(why: BrokenOff) -> Self {
        Self { why, world: None }
    }
}

impl FailedStart {
    /// Closes the world and keeps its folder, if folders of failed scenarios are kept. Returns why it failed.
    pub(crate) async fn keep(self) -> BrokenOff {
        if let Some(world) = self.world {
            world.close_broken_off().await;
        }
        self.why
    }
}

impl Startup<'_> {
    /// Starts a world, and returns it once every service that isn't missing is ready.
    pub(crate) async fn run(
        &self,
        seed: Seed,
        exclusive: Option<OwnedMutexGuard<()>>,
    ) -> Result<LiveWorld, FailedStart> {
        let (world, started) = self.world(seed, exclusive).await?;
        match self.wait_for_all(&started).await {
            Ok(()) => Ok(world),
            Err(why) => Err(FailedStart { why, world: Some(Box::new(world)) }),
        }
    }

    /// Makes a world, none of whose services has been started yet.
    async fn world(
        &self,
        seed: Seed,
        exclusive: Option<OwnedMutexGuard<()>>,
    ) -> Result<(LiveWorld, Vec<Arc<StartedService>>), BrokenOff> {
        let folder = WorldFolder::new(&self.workspace.guardian);
        let services = Arc::new(StartedServices::default());
        // A weak reference: the services hold the links.
        let to_crash = Arc::downgrade(&services);
        let links = Links::new(seed, move |service: &ServiceName| {
            if let Some(services) = to_crash.upgrade() {
                services.crash(service);
            }
        });
        let (mut addresses, mut ports) = (BTreeMap::new(), BTreeMap::new());
        for service in &self.configuration.services {
            let (address, port) = choose_address(service, self.ports)?;
            addresses.insert(service.name.clone(), address);
            ports.insert(&service.name, port);
        }
        for service in self.configuration.services.iter().filter(|service| service.start.is_some()) {
            // Nothing listens before it is started, nor ever for a missing one.
            drop(links.absent(&service.name));
        }
        let open_links = self.open_links(&links, &addresses).await?;

        let mark = Arc::new(self.workspace.guardian.mark().world());
        let surroundings = Surroundings {
            folder: &folder,
            mark: &mark,
            links: &links,
            open_links: &open_links,
            addresses: &addresses,
        };
        let (mut started, mut stub_servers, mut external) = (Vec::new(), Vec::new(), BTreeMap::new());
        for service in self.configuration.start_order() {
            let name = service.name.clone();
            let is_missing = self.missing.contains(&name);
            match (&service.start, ports.remove(&name).flatten()) {
                (Some(start), Some(port)) if !is_missing => {
                    started.push(Arc::new(self.service(service, start, port, &surroundings)?));
                }
                (_, Some(port)) if let Some(stub) = self.stub(&name) => {
                    let (address, links) = (addresses[&name].clone(), Links::clone(&links));
                    stub_servers.push(StubServer::start(stub.clone(), port, address, links)?);
                }
                (_, port) => {
                    let address = addresses[&name].clone();
                    let presence = if is_missing { Presence::Missing } else { Presence::Running };
                    let client = match presence {
                        Presence::Missing => address.client(),
                        Presence::Running => self.clients.get(&name, &address),
                    };
                    let ready = service.ready.clone();
                    external.insert(name, ExternalService { address, client, ready, presence, _port: port });
                }
            }
        }
        services.set(started.clone(), stub_servers);
        let shared = |path: &&PathBuf| folder.created().is_none_or(|folder| !path.starts_with(folder));
        let folders = started.iter().map(|service| &service.launch.folder).filter(shared).cloned().collect();
        let folder_use = self.workspace.shared.enter(folders, self.options.notices.clone());
        let keep = self.options.keep.as_ref().map(|root| KeptFolder::new(root, self.label));
        let mut reaper = JoinSet::new();
        reaper.spawn(orphans::reap());
        // Made before the first process starts: dropping it on an error ends all of them.
        let world = LiveWorld {
            services,
            stubs: self.stubs.to_vec(),
            commands: Commands {
                folder: self.workspace.folder.clone(),
                scenario: self.label.to_owned(),
                lines: self.options.lines.clone(),
                guardian: Arc::clone(&self.workspace.guardian),
            },
            external,
            links,
            open_links,
            mark,
            notices: self.options.notices.clone(),
            _reaper: reaper,
            folder,
            keep,
            secrets: self.configuration.outside.secrets.clone(),
            _folder_use: folder_use,
            _exclusive: exclusive,
        };
        Ok((world, started))
    }

    /// Starts all services, each once those that it is started after are ready, and waits until they and those that
    /// run already are ready.
    async fn wait_for_all(&self, started: &[Arc<StartedService>]) -> Result<(), BrokenOff> {
        let ready: BTreeMap<&ServiceName, watch::Sender<bool>> = self
            .configuration
            .services
            .iter()
            .map(|service| (&service.name, watch::Sender::new(false)))
            .collect();
        let wait = async |service: &Service| {
            let name = &service.name;
            if self.missing.contains(name) || self.stub(name).is_some() {
                ready[name].send_replace(true);
                return Ok(());
            }
            for earlier in &service.after {
                // A sender stays until all services are ready, or one of them has failed and this future is dropped.
                let _ = ready[earlier].subscribe().wait_for(|ready| *ready).await;
            }
            let own = started.iter().find(|started| started.name == *name);
            let wait = async {
                match own {
                    Some(started) => started.start_until_ready().await,
                    None => wait_until_ready(service, self.clients).await,
                }
            };
            self.options.tell_wait(name, &service.ready, wait).await?;
            ready[name].send_replace(true);
            Ok(())
        };
        try_join_all(self.configuration.services.iter().map(wait)).await.map(drop)
    }

    fn stub(&self, service: &ServiceName) -> Option<&Stub> {
        self.stubs.iter().find(|stub| stub.service() == service)
    }

    /// Opens a link for every dependency whose caller knows its address: the fleet starts the caller, or the
    /// link listens at a configured address.
    async fn open_links(
        &self,
        links: &Links,
        addresses: &BTreeMap<ServiceName, Address>,
    ) -> Result<Vec<OpenLink>, BrokenOff> {
        let mut open_links = Vec::new();
        for caller in &self.configuration.services {
            for dependency in &caller.depends_on {
                let link = Link::new(caller.name.clone(), dependency.service.clone());
                let callee = addresses.get(&dependency.service);
                let callee = callee.expect("reading the configuration checks that dependencies are services");
                match dependency.listen {
                    Some(address) => {
                        let opened = open_at(links, &link, address, callee).await;
                        let http = opened.map_err(|error| BrokenOff::LinkAddress {
                            link: link.clone(),
                            address,
                            error: error.to_string(),
                        })?;
                        open_links.push(OpenLink { link, http, _port: None });
                    }
                    None if caller.start.is_some() => {
                        let opened = open_anywhere(links, &link, callee).await;
                        let unopened = |error| unavailable(Resource::OpenLink(link.clone()), &error);
                        open_links.push(opened.map_err(unopened)?);
                    }
                    None => {}
                }
            }
        }
        Ok(open_links)
    }

    /// Makes a service's data folder, log and command line. Its process isn't started yet.
    fn service(
        &self,
        service: &Service,
        start: &StartCommand,
        port: Port,
        surroundings: &Surroundings<'_>,
    ) -> Result<StartedService, BrokenOff> {
        let Surroundings { folder, mark, links, open_links, addresses } = surroundings;
        let name = &service.name;
        let folder = folder.path().map_err(|error| unavailable(Resource::DataFolder, &error))?;
        let data = folder.join(name.as_str());
        fs::create_dir(&data).map_err(|error| unavailable(Resource::DataFolder, &error))?;
        let log = self.log(name, folder, links).map_err(|error| unavailable(Resource::LogFile, &error))?;
        let outgoing = open_links.iter().filter(|open| open.link.caller == *name);
        let urls = outgoing.map(|open| {
            let callee = &open.link.callee;
            (callee.to_string(), addresses[callee].behind(open.http.address()).into())
        });
        let mut scope = self.configuration.outside.variables();
        scope.set("port", port.number());
        scope.set("url", urls.collect::<Object>());
        scope.set("env", self.environment.clone());
        let folders = Folders { conf: &self.workspace.folder, data: &data };
        let launch = launch(name, start, &mut scope, &folders, mark)?;
        let address = addresses[name].clone();
        Ok(StartedService {
            name: name.clone(),
            launch,
            stop_grace: start.stop_grace,
            ready: service.ready.clone(),
            port,
            current: CurrentInstance::none(&address),
            address,
            log,
            guardian: Arc::clone(&self.workspace.guardian),
            links: Links::clone(links),
        })
    }

    /// An empty log of a service. If folders are kept, it is also a file beside the service's data.
    fn log(&self, name: &ServiceName, folder: &Path, links: &Links) -> io::Result<Log> {
        let open = |_| fs::File::create_new(folder.join(format!("{name}.log")));
        let file = self.options.keep.as_ref().map(open).transpose()?;
        let links = Some(Links::clone(links));
        let origin = Origin { scenario: self.label.to_owned(), source: name.to_string(), links };
        Ok(Log::new(origin, self.options.lines.clone(), file))
    }
}

/// Returns a service's address, with its port if the fleet starts it.
fn choose_address(service: &Service, policy: PortPolicy) -> Result<(Address, Option<Port>), BrokenOff> {
    if service.start.is_none() && service.stub.is_none() {
        return Ok((configured_address(service)?, None));
    }
    let base_url = service.base_url.as_ref();
    let port = if policy == PortPolicy::Free || base_url.is_none() {
        Port::free().map_err(|error| unavailable(Resource::FreePort, &error))?
    } else {
        let number = configured_address(service)?.port();
        let taken = || BrokenOff::PortTaken { service: service.name.clone(), port: number };
        Port::fixed(number).ok_or_else(taken)?
    };
    // A stub knows paths as scenarios write them, without what a base URL puts before them.
    let base_url = base_url.filter(|_| service.stub.is_none());
    Ok((Address::local(port.number(), base_url), Some(port)))
}

async fn open(links: &Links, link: &Link, at: SocketAddr, callee: &Address) -> io::Result<HttpLink> {
    HttpLink::open(links, link.clone(), Some(at), callee.authority().clone()).await
}

/// Opens a link at its configured address, which the link of a world that was just closed may still hold.
async fn open_at(links: &Links, link: &Link, at: SocketAddr, callee: &Address) -> io::Result<HttpLink> {
    let began = Instant::now();
    loop {
        match open(links, link, at, callee).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && began.elapsed() < ADDRESS_TIMEOUT => {
                tokio::time::sleep(ADDRESS_TIMEOUT / 20).await;
            }
            opened => return opened,
        }
    }
}

/// Opens a link at a reserved port: a link that refuses connections may give its port up for a while, and must be able
/// to bind it again.
async fn open_anywhere(links: &Links, link: &Link, callee: &Address) -> io::Result<OpenLink> {
    let mut attempt = 1;
    loop {
        let port = Port::free()?;
        match open(links, link, port.address(), callee).await {
            Ok(http) => return Ok(OpenLink { link: link.clone(), http, _port: Some(port) }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempt < LINK_ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

fn unavailable(need: Resource, error: &io::Error) -> BrokenOff {
    BrokenOff::System { need, error: error.to_string() }
}
