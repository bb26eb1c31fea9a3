//! Raises one world: ports, links, processes, and the wait until all are ready.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use fault::{Link, Seed, ServiceName};
use futures_util::future::try_join_all;
use proxy::{HttpLink, Links};
use scenario::{EvaluationError, Scope, Service, StartCommand};
use serde_json::{Map, json};
use verdict::BrokenOff;

use crate::{
    Address, Client, Fleet, LiveWorld,
    fleet::{Ground, reached, runs},
    log::Log,
    ports::Port,
    process::Launch,
    service::{StartedService, State},
    world::{Crew, Listening, Other, Runs},
};

/// Ports that are tried for a link.
const LINK_ATTEMPTS: u32 = 8;

/// How long a configured address that is taken may take to come free.
const TO_LET_GO: Duration = Duration::from_millis(200);

/// Where services listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortPolicy {
    /// Anywhere.
    Free,
    /// Where their `base_url` says.
    AsConfigured,
}

/// Why a world can't be raised.
#[derive(Debug)]
pub(crate) struct RaiseError {
    /// The service on account of which, if it is one's.
    pub(crate) service: Option<ServiceName>,
    pub(crate) cause: Cause,
}

/// Why something didn't start.
#[derive(Debug)]
pub(crate) enum Cause {
    /// Somebody took its port meanwhile; another would do.
    PortTaken(BrokenOff),
    /// Anything else.
    BrokenOff(BrokenOff),
}

impl From<Cause> for BrokenOff {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::PortTaken(broken_off) | Cause::BrokenOff(broken_off) => broken_off,
        }
    }
}

impl From<BrokenOff> for Cause {
    fn from(broken_off: BrokenOff) -> Self {
        Self::BrokenOff(broken_off)
    }
}

impl From<BrokenOff> for RaiseError {
    fn from(broken_off: BrokenOff) -> Self {
        Self { service: None, cause: broken_off.into() }
    }
}

/// What a world is made of and made with.
struct Site<'a> {
    ground: &'a Ground,
    /// The world's folder.
    folder: &'a Path,
    /// What the world is for, as the name of a folder for its logs.
    label: String,
    links: Links,
    /// Where each service is, or will be.
    addresses: BTreeMap<&'a ServiceName, Address>,
}

impl Fleet {
    /// A world with every service ready, but for those that are known to be missing.
    pub(crate) async fn raise_once(
        &self,
        missing: &BTreeSet<ServiceName>,
        policy: PortPolicy,
        seed: Seed,
        label: &str,
    ) -> Result<LiveWorld, RaiseError> {
        let exclusive = match &self.exclusive {
            Some(exclusive) => Some(Arc::clone(exclusive).lock_owned().await),
            None => None,
        };
        let ground = self.ground().await?;
        let folder = tempfile::Builder::new().prefix("world-").tempdir_in(ground.guardian.folder());
        let folder = folder.map_err(|error| cannot("make a folder for data", &error))?;

        let crew = Arc::new(Crew::default());
        let hands = Arc::downgrade(&crew);
        let links = Links::new(seed, move |victim: &ServiceName| {
            if let Some(crew) = hands.upgrade() {
                crew.crash(victim);
            }
        });
        let (label, addresses) = (folder_name(label), BTreeMap::new());
        let mut site = Site { ground, folder: folder.path(), label, links: links.clone(), addresses };
        let mut ports = BTreeMap::new();
        for service in &self.configuration.services {
            let (address, port) = place(service, policy)?;
            site.addresses.insert(&service.name, address);
            ports.insert(&service.name, port);
        }
        let listening = self.open_links(&site).await?;

        let (mut started, mut others) = (Vec::new(), BTreeMap::new());
        for service in &self.configuration.services {
            let name = service.name.clone();
            let is_missing = missing.contains(&name);
            match (&service.start, ports.remove(&name).flatten()) {
                (Some(start), Some(port)) if !is_missing => {
                    started.push(Arc::new(self.make(service, start, port, &site, &listening)?));
                }
                (_, port) => {
                    let address = site.addresses[&name].clone();
                    let client = Client::new(address.clone());
                    let runs = if is_missing { Runs::Missing } else { Runs::Already };
                    others.insert(name, Other { address, client, runs, _port: port });
                }
            }
        }
        crew.services.set(started.clone()).expect("nobody else sets it");
        // From here on, whatever happens, the world's end is that of its processes.
        let world = LiveWorld { crew, others, links, listening, _folder: folder, _exclusive: exclusive };
        self.wait_for_all(&started, missing).await?;
        Ok(world)
    }

    /// Starts all services at once and waits until they, and those that run already, are ready.
    async fn wait_for_all(
        &self,
        started: &[Arc<StartedService>],
        missing: &BTreeSet<ServiceName>,
    ) -> Result<(), RaiseError> {
        let fleet = try_join_all(started.iter().map(async |service| {
            let raised = self.wait_for(&service.name, service.raise()).await;
            raised.map_err(|cause| RaiseError { service: Some(service.name.clone()), cause })
        }));
        let others = self.configuration.services.iter();
        let others = others.filter(|service| service.start.is_none() && !missing.contains(&service.name));
        let others =
            try_join_all(others.map(async |service| Ok(self.wait_for(&service.name, runs(service)).await?)));
        tokio::try_join!(fleet, others).map(drop)
    }

    /// Opens a link for every dependency of a service that is told where to find it: one that the fleet starts, or
    /// one for which the link listens at a configured address.
    async fn open_links(&self, site: &Site<'_>) -> Result<Vec<Listening>, BrokenOff> {
        let mut listening = Vec::new();
        for caller in &self.configuration.services {
            for dependency in &caller.depends_on {
                let link = Link::new(caller.name.clone(), dependency.service.clone());
                let callee = site.addresses.get(&dependency.service);
                let callee = callee.expect("a dependency that isn't a service is a mistake");
                match dependency.listen {
                    Some(address) => {
                        let opened = open_there(&site.links, &link, address, callee).await;
                        let http = opened.map_err(|error| BrokenOff {
                            reason: format!("the link {link} can't listen on {address}: {error}"),
                            help: Some("end what listens there, or change its `listen`".into()),
                            log: Vec::new(),
                        })?;
                        listening.push(Listening { link, http, _port: None });
                    }
                    None if caller.start.is_some() => {
                        let opened = open_anywhere(&site.links, &link, callee).await;
                        listening
                            .push(opened.map_err(|error| cannot(&format!("open the link {link}"), &error))?);
                    }
                    None => {}
                }
            }
        }
        Ok(listening)
    }

    fn make(
        &self,
        service: &Service,
        start: &StartCommand,
        port: Port,
        site: &Site<'_>,
        listening: &[Listening],
    ) -> Result<StartedService, BrokenOff> {
        let name = &service.name;
        let data = site.folder.join(name.as_str());
        fs::create_dir(&data).map_err(|error| cannot("make a folder for data", &error))?;
        let log = self.log(name, &site.label).map_err(|error| cannot("keep a log", &error))?;
        let own = listening.iter().filter(|listening| listening.link.caller == *name);
        let urls = own.map(|listening| {
            let callee = &listening.link.callee;
            (callee.to_string(), site.addresses[callee].behind(listening.http.address()).into())
        });
        let mut scope = Scope::default();
        scope.set("port", json!(port.number()));
        scope.set("data_dir", json!(data));
        scope.set("url", urls.collect::<Map<_, _>>().into());
        scope.set("env", self.environment.clone());
        let launch = render(start, &scope, &site.ground.folder).map_err(|error| BrokenOff {
            reason: format!("{name} can't be started: {error}"),
            help: Some("check its `command` and `env` in the configuration".into()),
            log: Vec::new(),
        })?;
        let address = site.addresses[name].clone();
        Ok(StartedService {
            name: name.clone(),
            launch,
            stop_grace: start.stop_grace,
            ready: service.ready.clone(),
            port,
            state: State::new(address.clone()),
            address,
            log,
            guardian: Arc::clone(&site.ground.guardian),
            links: site.links.clone(),
        })
    }

    fn log(&self, name: &ServiceName, label: &str) -> io::Result<Log> {
        let file = |root: &PathBuf| {
            let folder = root.join(label);
            fs::create_dir_all(&folder)?;
            fs::OpenOptions::new().create(true).append(true).open(folder.join(format!("{name}.log")))
        };
        let file = self.options.logs.as_ref().map(file).transpose()?;
        Ok(Log::new(name.as_str(), self.options.lines.clone(), file))
    }
}

/// Where a service is, with the port if the fleet starts it.
fn place(service: &Service, policy: PortPolicy) -> Result<(Address, Option<Port>), BrokenOff> {
    if service.start.is_none() {
        return Ok((reached(service)?, None));
    }
    let base_url = service.base_url.as_ref();
    let port = if policy == PortPolicy::Free || base_url.is_none() {
        Port::free().map_err(|error| cannot("find a free port", &error))?
    } else {
        let number = reached(service)?.port();
        Port::fixed(number).ok_or_else(|| BrokenOff {
            reason: format!("{} can't be started on port {number}: somebody listens there", service.name),
            help: Some("end what listens there, or change its `base_url` in the configuration".into()),
            log: Vec::new(),
        })?
    };
    Ok((Address::local(port.number(), base_url), Some(port)))
}

async fn open(links: &Links, link: &Link, at: SocketAddr, callee: &Address) -> io::Result<HttpLink> {
    HttpLink::open(links, link.clone(), Some(at), callee.authority().clone()).await
}

/// A former world's link may still have the address for a moment.
async fn open_there(links: &Links, link: &Link, at: SocketAddr, callee: &Address) -> io::Result<HttpLink> {
    let begun = Instant::now();
    loop {
        match open(links, link, at, callee).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && begun.elapsed() < TO_LET_GO => {
                tokio::time::sleep(TO_LET_GO / 20).await;
            }
            opened => return opened,
        }
    }
}

/// Its port isn't one of those that the system gives out, since a link that refuses connections may give its port up
/// for a while and wants it back.
async fn open_anywhere(links: &Links, link: &Link, callee: &Address) -> io::Result<Listening> {
    let mut attempt = 1;
    loop {
        let port = Port::free()?;
        match open(links, link, port.address(), callee).await {
            Ok(http) => return Ok(Listening { link: link.clone(), http, _port: Some(port) }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempt < LINK_ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

fn render(start: &StartCommand, scope: &Scope, folder: &Path) -> Result<Launch, EvaluationError> {
    let words = start.command.iter().map(|word| word.render(scope)).collect::<Result<_, _>>()?;
    let env = start.env.iter().map(|(name, value)| Ok((name.clone(), value.render(scope)?)));
    Ok(Launch { words, env: env.collect::<Result<_, _>>()?, folder: folder.to_owned() })
}

fn cannot(what: &str, error: &io::Error) -> BrokenOff {
    BrokenOff { reason: format!("the fleet can't {what}: {error}"), help: None, log: Vec::new() }
}

/// Letters and digits, with dashes for the rest.
fn folder_name(label: &str) -> String {
    const LONGEST: usize = 80;
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    label.chars().map(plain).take(LONGEST).collect()
}
