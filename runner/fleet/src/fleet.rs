//! Everything that a run's worlds have in common.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use engine::{Preparation, PreparationSink, Stage};
use fault::{Damage, Seed, ServiceName};
use futures_util::future::join_all;
use scenario::{Action, Configuration, Need, Scenario, Service};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, OnceCell};
use verdict::BrokenOff;

use crate::{
    Address, Client, LiveWorld,
    guardian::Guardian,
    log::LineSink,
    raising::{Cause, PortPolicy, RaiseError},
    readiness::until_ready,
    world::{start_it, word},
};

/// How often a world is raised anew because somebody took one of its ports.
const ATTEMPTS: u32 = 5;

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
    /// What is told how the build and the wait for services proceed.
    pub preparation: PreparationSink,
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
        for (service, found) in join_all(
            running.map(async |service| (service, self.wait_for(&service.name, runs(service)).await)),
        )
        .await
        {
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
                Err(RaiseError { service: Some(name), cause })
                    if self.configuration.service(&name).is_some_and(optional) =>
                {
                    missing.insert(name, cause.into());
                }
                Err(error) => return Err(error.cause.into()),
            }
        }
        Ok(missing)
    }

    /// Tells that a service is waited for, as long as this wait takes.
    pub(crate) async fn wait_for<T>(&self, service: &ServiceName, wait: impl Future<Output = T>) -> T {
        self.options.preparation.send(Preparation::WaitStarted { service: service.clone() });
        let ended = wait.await;
        self.options.preparation.send(Preparation::WaitEnded { service: service.clone() });
        ended
    }

    /// A world on the ports of the services' `base_url`, for somebody who wants to use it by hand.
    pub async fn up(&self, seed: Seed) -> Result<LiveWorld, BrokenOff> {
        self.probe().await?;
        let raised = self.raise_without(&self.missing(), PortPolicy::AsConfigured, seed, "up").await;
        raised.map_err(|error| error.cause.into())
    }

    /// Tries again on other ports when somebody took one.
    async fn raise_without(
        &self,
        missing: &BTreeSet<ServiceName>,
        policy: PortPolicy,
        seed: Seed,
        label: &str,
    ) -> Result<LiveWorld, RaiseError> {
        let mut attempt = 1;
        loop {
            match self.raise_once(missing, policy, seed, label).await {
                Err(RaiseError { cause: Cause::PortTaken(why), .. }) if attempt < ATTEMPTS => {
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
        self.ground.get_or_try_init(lay).await.map_err(|error| BrokenOff {
            reason: format!("a folder for data, and `sh` to guard it, can't be had: {error}"),
            help: Some(
                "check that the folder for temporary files can be written to, and that `sh` is there".into(),
            ),
            log: Vec::new(),
        })
    }

    /// Refuses what a scenario asks for and no world of this fleet can do.
    fn refuse_impossible(&self, scenario: &Scenario) -> Result<(), BrokenOff> {
        let cannot = |what: &str, name: &ServiceName| {
            let started = self.configuration.service(name).is_some_and(|service| service.start.is_some());
            if started {
                return Ok(());
            }
            let file = scenario.file.display();
            Err(BrokenOff {
                reason: format!("{file}: can't {what} {name}: the fleet hasn't started it"),
                help: Some(start_it(name)),
                log: Vec::new(),
            })
        };
        for step in &scenario.steps {
            if let Action::Process(process) = &step.action {
                cannot(word(process.signal), &process.service)?;
            }
        }
        for fault in &scenario.faults {
            if let Damage::Crash { service, .. } = &fault.damage {
                cannot("crash", service)?;
            }
        }
        Ok(())
    }
}

/// Waits until a service that the fleet doesn't start is ready.
pub(crate) async fn runs(service: &Service) -> Result<(), BrokenOff> {
    let address = reached(service)?;
    until_ready(&Client::new(address.clone()), &service.ready).await.map_err(|not_ready| BrokenOff {
        reason: format!("{} {not_ready}", service.name),
        help: Some(format!("start it at {address}, or give it a `command`, so that the fleet starts it")),
        log: Vec::new(),
    })
}

/// Where a service is that the fleet doesn't start, whether or not it is there.
pub(crate) fn reached(service: &Service) -> Result<Address, BrokenOff> {
    let name = &service.name;
    let broken_off = |reason: String| BrokenOff {
        reason,
        help: Some(format!("give {name} a `base_url` such as http://localhost:5002, or a `command`")),
        log: Vec::new(),
    };
    let base_url = service.base_url.as_ref();
    let base_url = base_url.ok_or_else(|| broken_off(format!("{name} has neither address nor command")))?;
    Address::new(base_url).map_err(|error| broken_off(format!("{name}: {error}")))
}

impl Stage for Fleet {
    type World = LiveWorld;

    async fn raise(&self, scenario: &Scenario, seed: Seed) -> Result<LiveWorld, BrokenOff> {
        self.refuse_impossible(scenario)?;
        self.probe().await?;
        let raised = self.raise_without(&self.missing(), PortPolicy::Free, seed, &scenario.name).await;
        raised.map_err(|error| error.cause.into())
    }
}
