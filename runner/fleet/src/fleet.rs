//! Starts a live world for each scenario of a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engine::{Stage, Stub, World};
use fault::{Damage, Seed, ServiceName};
use futures_util::future::join_all;
use scenario::{Action, Configuration, Need, Object, Scenario, Service, Step, Value};
use tokio::sync::{Mutex, OnceCell};
use verdict::{BrokenOff, PortState, Resource};

use crate::{
    LiveWorld,
    build::build,
    external::{ExternalClients, wait_until_ready},
    kept_folder::KeptFolder,
    notice::Notice,
    options::FleetOptions,
    process_table,
    spare::Spare,
    startup::{FailedStart, PortPolicy, Startup},
    workspace::Workspace,
    world::wall_clock,
};

/// How often a world is started when another process takes one of its ports.
const ATTEMPTS: u32 = 5;

/// Starts a live world for each scenario of a run.
pub struct Fleet {
    configuration: Arc<Configuration>,
    options: FleetOptions,
    /// The runner's own environment, for `${env.NAME}`.
    environment: Value,
    workspace: OnceCell<Workspace>,
    missing: OnceCell<BTreeMap<ServiceName, BrokenOff>>,
    clients: ExternalClients,
    /// Locked while it is being started, so that a scenario waits for it rather than start another.
    spare: Mutex<Option<Spare>>,
    /// Held by the only world that may exist at a time, if links listen at configured addresses.
    exclusive: Option<Arc<Mutex<()>>>,
}

impl Fleet {
    /// A fleet that hasn't started anything yet.
    pub fn new(configuration: Arc<Configuration>, options: FleetOptions) -> Self {
        let mut dependencies = configuration.services.iter().flat_map(|service| &service.depends_on);
        let exclusive = dependencies.any(|dependency| dependency.listen.is_some());
        Self {
            options,
            environment: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?.into()))
                })
                .chain(
                    configuration
                        .outside
                        .env
                        .iter()
                        .map(|(name, value)| (name.clone(), value.as_str().into())),
                )
                .collect::<Object>()
                .into(),
            workspace: OnceCell::new(),
            missing: OnceCell::new(),
            clients: ExternalClients::default(),
            spare: Mutex::default(),
            exclusive: exclusive.then(Arc::default),
            configuration,
        }
    }

    /// Runs the `build` command, if there is one, and waits for it. If it fails, the error has its last lines.
    pub async fn build(&self) -> Result<(), BrokenOff> {
        build(&self.configuration, &self.options, &self.environment, self.workspace().await?).await
    }

    /// Returns the optional services that are missing, each with the reason. The first call finds them; it fails if a
    /// required service isn't ready.
    pub async fn probe(&self) -> Result<&BTreeMap<ServiceName, BrokenOff>, BrokenOff> {
        self.missing.get_or_try_init(|| self.find_missing()).await
    }

    /// The optional services that [`Fleet::probe`] has found missing; none before that.
    pub fn missing(&self) -> BTreeSet<ServiceName> {
        self.missing.get().map(|missing| missing.keys().cloned().collect()).unwrap_or_default()
    }

    async fn find_missing(&self) -> Result<BTreeMap<ServiceName, BrokenOff>, BrokenOff> {
        let mut missing = BTreeMap::new();
        let runs_already = |service: &&Service| service.start.is_none() && service.stub.is_none();
        let external = self.configuration.services.iter().filter(runs_already);
        let external = external.map(async |service| {
            let ready = wait_until_ready(service, &self.clients);
            (service, self.options.tell_wait(&service.name, &service.ready, ready).await)
        });
        for (service, ready) in join_all(external).await {
            match ready {
                Ok(()) => {}
                Err(why) if service.need == Need::Optional => drop(missing.insert(service.name.clone(), why)),
                Err(why) => return Err(why),
            }
        }
        let optional = |service: &Service| service.need == Need::Optional && service.start.is_some();
        while self.configuration.services.iter().any(|s| optional(s) && !missing.contains_key(&s.name)) {
            let without = missing.keys().cloned().collect();
            match self.start_world(&Scenario::new("probe", ""), &without, PortPolicy::Free, Seed(0)).await {
                Ok(world) => {
                    world.close().await;
                    break;
                }
                Err(failed) => match failed.why.service().and_then(|name| self.configuration.service(name)) {
                    Some(service) if optional(service) => {
                        missing.insert(service.name.clone(), failed.why);
                    }
                    _ => return Err(failed.keep().await),
                },
            }
        }
        Ok(missing)
    }

    /// Starts a world on the ports of the services' `base_url`, for use by hand.
    pub async fn up(&self, seed: Seed) -> Result<LiveWorld, BrokenOff> {
        self.probe().await?;
        self.start_or_keep(&Scenario::new("up", ""), PortPolicy::AsConfigured, seed).await
    }

    /// Starts a world without the services that are missing. If that fails, its folder is kept.
    async fn start_or_keep(
        &self,
        scenario: &Scenario,
        ports: PortPolicy,
        seed: Seed,
    ) -> Result<LiveWorld, BrokenOff> {
        let mut missing = self.missing();
        missing.retain(|name| !scenario.stubs.iter().any(|stub| stub.service == *name));
        match self.start_world(scenario, &missing, ports, seed).await {
            Ok(world) => Ok(world),
            Err(failed) => Err(failed.keep().await),
        }
    }

    /// The world that [`Stage::raise_spare`] has started, for a scenario of this name.
    async fn take_spare(&self, scenario: &str, seed: Seed) -> Option<LiveWorld> {
        let spare = self.spare.lock().await.take()?;
        let mut world = spare.take().await?;
        world.keep = self.options.keep.as_ref().map(|root| KeptFolder::new(root, scenario));
        scenario.clone_into(&mut world.commands.scenario);
        world.links.start(seed);
        Some(world)
    }

    /// Whether a scenario's world has stubs, whose values depend on its seed.
    fn has_stubs(&self, scenario: &Scenario) -> bool {
        !scenario.stubs.is_empty() || self.configuration.services.iter().any(|service| service.stub.is_some())
    }

    /// Starts a world, and tries other ports when another process takes one.
    async fn start_world(
        &self,
        scenario: &Scenario,
        missing: &BTreeSet<ServiceName>,
        ports: PortPolicy,
        seed: Seed,
    ) -> Result<LiveWorld, FailedStart> {
        let configuration = self.configuration.with_stubs(scenario);
        let stubs = Stub::all(&configuration, scenario, seed, &wall_clock());
        let startup = Startup {
            configuration: &configuration,
            stubs: &stubs,
            options: &self.options,
            environment: &self.environment,
            workspace: self.workspace().await?,
            missing,
            clients: &self.clients,
            ports,
            label: &scenario.name,
        };
        let mut attempt = 1;
        loop {
            let exclusive = match &self.exclusive {
                Some(exclusive) => Some(Arc::clone(exclusive).lock_owned().await),
                None => None,
            };
            match startup.run(seed, exclusive).await {
                Err(FailedStart {
                    why: why @ BrokenOff::EndedEarly { port: PortState::Lost, .. }, ..
                }) if attempt < ATTEMPTS => {
                    tracing::debug!(%why, attempt, "a port was taken; trying others");
                    attempt += 1;
                }
                started => return started,
            }
        }
    }

    async fn workspace(&self) -> Result<&Workspace, BrokenOff> {
        let new = async || {
            if self.configuration.services.iter().any(|service| service.start.is_some())
                && !process_table::is_supported()
            {
                self.options.notices.send(Notice::NoProcessTable);
            }
            Workspace::new(
                &self.configuration.file,
                self.options.keep.as_deref().or(self.options.data.as_deref()),
            )
        };
        let workspace = self.workspace.get_or_try_init(new).await;
        workspace.map_err(|error| BrokenOff::System { need: Resource::Workspace, error: error.to_string() })
    }

    /// Fails if a scenario signals or crashes a service that the fleet doesn't start.
    fn check_processes(&self, scenario: &Scenario) -> Result<(), BrokenOff> {
        let configuration = self.configuration.with_stubs(scenario);
        let check = |action: &'static str, name: &ServiceName| {
            let service = configuration.service(name);
            if service.is_some_and(|service| service.start.is_some() || service.stub.is_some()) {
                return Ok(());
            }
            let (service, file) = (name.clone(), Some(scenario.file.to_path_buf()));
            Err(BrokenOff::NotOurs { service, action, file })
        };
        for step in scenario.steps.iter().flat_map(Step::all) {
            if let Action::Process(process) = &step.action {
                check(process.signal.as_str(), &process.service)?;
            }
        }
        for fault in &scenario.faults {
            if let Damage::Crash { service, .. } = &fault.damage {
                check("crash", service)?;
            }
        }
        Ok(())
    }
}

impl Stage for Fleet {
    type World = LiveWorld;

    async fn raise(&self, scenario: &Scenario, seed: Seed) -> Result<LiveWorld, BrokenOff> {
        self.check_processes(scenario)?;
        self.probe().await?;
        if !self.has_stubs(scenario) {
            if let Some(world) = self.take_spare(&scenario.name, seed).await {
                return Ok(world);
            }
        } else if self.exclusive.is_some()
            && let Some(spare) = self.spare.lock().await.take()
        {
            // It has no stubs, and holds the addresses that the links of this scenario's world need.
            spare.close().await;
        }
        self.start_or_keep(scenario, PortPolicy::Free, seed).await
    }

    async fn raise_spare(&self) {
        let none = Scenario::new("spare", "");
        let starts_any = self.configuration.services.iter().any(|service| service.start.is_some());
        // What the services of a spare write couldn't be said to belong to a scenario.
        if !starts_any || self.has_stubs(&none) || self.options.lines.is_some() {
            return;
        }
        let mut spare = self.spare.lock().await;
        if spare.is_none() && self.probe().await.is_ok() {
            let started = self.start_world(&none, &self.missing(), PortPolicy::Free, Seed(0)).await;
            *spare = started.ok().map(Spare::new);
        }
    }
}
