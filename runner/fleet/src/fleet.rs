//! Everything that a run's worlds have in common.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use engine::{NotReady, Stage, until_ready};
use fault::{Damage, Seed, ServiceName};
use futures_util::future::join_all;
use scenario::{Action, Configuration, Need, Scenario, Scope, Service};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, OnceCell};
use verdict::{BrokenOff, Exit, PortState, Resource, RunBy};

use crate::{
    Address, LiveWorld,
    guardian::Guardian,
    log::{LineSink, Log},
    process::{Launch, exit},
    raising::PortPolicy,
};

/// How often a world is raised anew because somebody took one of its ports.
const ATTEMPTS: u32 = 5;
/// Lines of the build's output that a message shows.
const BUILD_LINES: usize = 40;

/// What a fleet may be told besides the configuration.
#[derive(Clone, Default)]
pub struct Options {
    /// Where services store their data, each world in a folder that goes with it; the system's folder for temporary
    /// files if `None`.
    pub data: Option<PathBuf>,
    /// Where logs are kept: a folder a scenario, a file a service.
    pub logs: Option<PathBuf>,
    /// What gets every line that a service or the build writes.
    pub lines: Option<LineSink>,
}

/// Makes a live world for every scenario of a run.
pub struct Fleet {
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) options: Options,
    /// The runner's own environment, for `${env.NAME}`.
    pub(crate) environment: Value,
    ground: OnceCell<Ground>,
    missing: OnceCell<BTreeMap<ServiceName, BrokenOff>>,
    /// Held by the one world that may exist at a time, if links listen at configured addresses.
    pub(crate) exclusive: Option<Arc<Mutex<()>>>,
}

/// What worlds stand on.
pub(crate) struct Ground {
    pub(crate) guardian: Arc<Guardian>,
    /// The configuration's folder.
    pub(crate) folder: PathBuf,
}

impl Fleet {
    /// A fleet of which nothing runs yet.
    pub fn new(configuration: Arc<Configuration>, options: Options) -> Self {
        let mut dependencies = configuration.services.iter().flat_map(|service| &service.depends_on);
        let exclusive = dependencies.any(|dependency| dependency.listen.is_some());
        Self {
            options,
            environment: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?.into()))
                })
                .collect::<Map<_, _>>()
                .into(),
            ground: OnceCell::new(),
            missing: OnceCell::new(),
            exclusive: exclusive.then(Arc::default),
            configuration,
        }
    }

    /// Runs the `build` command, if there is one, and waits for it. What it writes is shown when it fails.
    pub async fn build(&self) -> Result<(), BrokenOff> {
        let Some(build) = &self.configuration.build else { return Ok(()) };
        let log = Log::new("build", self.options.lines.clone(), None);
        let mut scope = Scope::default();
        scope.set("env", self.environment.clone());
        let command = build.render(&scope).map_err(|error| BrokenOff::BuildInvalid(error.to_string()))?;
        let words = shlex::split(&command).filter(|words| !words.is_empty());
        let words = words.ok_or_else(|| BrokenOff::BuildInvalid(format!("{command:?} has an open quote")))?;
        let ground = self.ground().await?;
        let launch = Launch { words, env: Vec::new(), folder: ground.folder.clone() };
        let process = launch
            .spawn(&log, &ground.guardian, |_| {})
            .map_err(|error| BrokenOff::BuildInvalid(format!("{command:?} can't be started: {error}")))?;
        let status = process.ended().await;
        if status.is_some_and(|status| status.success()) {
            return Ok(());
        }
        process.drained().await;
        let (exit, folder) = (status.map_or(Exit::Unknown, exit), ground.folder.clone());
        Err(BrokenOff::BuildFailed { command, folder, exit, log: log.last(BUILD_LINES) })
    }

    /// Finds out, once, which of the services that aren't required aren't there, and why. A required service that
    /// runs already, or should, and isn't ready, breaks off.
    pub async fn probe(&self) -> Result<&BTreeMap<ServiceName, BrokenOff>, BrokenOff> {
        self.missing.get_or_try_init(|| self.find_missing()).await
    }

    /// The services that aren't there though they may be, as [`Fleet::probe`] has found; none before that.
    pub fn missing(&self) -> BTreeSet<ServiceName> {
        self.missing.get().map(|missing| missing.keys().cloned().collect()).unwrap_or_default()
    }

    async fn find_missing(&self) -> Result<BTreeMap<ServiceName, BrokenOff>, BrokenOff> {
        let mut missing = BTreeMap::new();
        let running = self.configuration.services.iter().filter(|service| service.start.is_none());
        for (service, found) in join_all(running.map(async |service| (service, runs(service).await))).await {
            match found {
                Ok(()) => {}
                Err(why) if service.need == Need::Optional => drop(missing.insert(service.name.clone(), why)),
                Err(why) => return Err(why),
            }
        }
        let optional = |service: &Service| service.need == Need::Optional && service.start.is_some();
        while self.configuration.services.iter().any(|s| optional(s) && !missing.contains_key(&s.name)) {
            let without = missing.keys().cloned().collect();
            let raised = self.raise_without(&without, PortPolicy::Free, Seed(0), "probe").await;
            match raised {
                Ok(world) => {
                    engine::World::close(world).await;
                    break;
                }
                Err(why) => match why.service().and_then(|name| self.configuration.service(name)) {
                    Some(service) if optional(service) => {
                        missing.insert(service.name.clone(), why);
                    }
                    _ => return Err(why),
                },
            }
        }
        Ok(missing)
    }

    /// A world on the ports of the services' `base_url`, for somebody who wants to use it by hand.
    pub async fn up(&self, seed: Seed) -> Result<LiveWorld, BrokenOff> {
        self.probe().await?;
        self.raise_without(&self.missing(), PortPolicy::AsConfigured, seed, "up").await
    }

    /// Tries again on other ports when somebody took one.
    async fn raise_without(
        &self,
        missing: &BTreeSet<ServiceName>,
        policy: PortPolicy,
        seed: Seed,
        label: &str,
    ) -> Result<LiveWorld, BrokenOff> {
        let mut attempt = 1;
        loop {
            match self.raise_once(missing, policy, seed, label).await {
                Err(why @ BrokenOff::EndedEarly { port: PortState::Lost, .. }) if attempt < ATTEMPTS => {
                    tracing::debug!(%why, attempt, "a port was taken; trying others");
                    attempt += 1;
                }
                raised => return raised,
            }
        }
    }

    pub(crate) async fn ground(&self) -> Result<&Ground, BrokenOff> {
        let lay = async || -> io::Result<Ground> {
            let folder = self.configuration.file.parent().unwrap_or(Path::new(""));
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let folder = std::path::absolute(folder)?;
            let guardian = Arc::new(Guardian::new(self.options.data.as_deref())?);
            Ok(Ground { guardian, folder })
        };
        self.ground
            .get_or_try_init(lay)
            .await
            .map_err(|error| BrokenOff::System { need: Resource::Workspace, error: error.to_string() })
    }

    /// Refuses what a scenario asks for and no world of this fleet can do.
    fn refuse_impossible(&self, scenario: &Scenario) -> Result<(), BrokenOff> {
        let ours = |action: &'static str, name: &ServiceName| {
            let started = self.configuration.service(name).is_some_and(|service| service.start.is_some());
            if started {
                return Ok(());
            }
            let (service, file) = (name.clone(), Some(scenario.file.to_path_buf()));
            Err(BrokenOff::NotOurs { service, action, file })
        };
        for step in &scenario.steps {
            if let Action::Process(process) = &step.action {
                ours(process.signal.as_str(), &process.service)?;
            }
        }
        for fault in &scenario.faults {
            if let Damage::Crash { service, .. } = &fault.damage {
                ours("crash", service)?;
            }
        }
        Ok(())
    }
}

/// Waits until a service that the fleet doesn't start is ready.
pub(crate) async fn runs(service: &Service) -> Result<(), BrokenOff> {
    let address = reached(service)?;
    let ready = until_ready(&address.client(), &service.ready).await;
    ready.map_err(|NotReady { within, condition, last }| BrokenOff::NotReady {
        service: service.name.clone(),
        within,
        condition,
        last,
        run_by: RunBy::Other(address.to_string()),
        log: Vec::new(),
    })
}

/// Where a service is that the fleet doesn't start, whether or not it is there.
pub(crate) fn reached(service: &Service) -> Result<Address, BrokenOff> {
    let name = &service.name;
    let unusable = |problem: String| BrokenOff::Address { service: name.clone(), problem };
    let base_url = service.base_url.as_ref();
    let base_url = base_url.ok_or_else(|| unusable("it has neither an address nor a command".into()))?;
    Address::new(base_url).map_err(|error| unusable(error.to_string()))
}

impl Stage for Fleet {
    type World = LiveWorld;

    async fn raise(&self, scenario: &Scenario, seed: Seed) -> Result<LiveWorld, BrokenOff> {
        self.refuse_impossible(scenario)?;
        self.probe().await?;
        self.raise_without(&self.missing(), PortPolicy::Free, seed, &scenario.name).await
    }
}
