//! The services that are linked in, and the stage that makes a world of them for every scenario.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use engine::Stage;
use fault::{Seed, ServiceName};
use scenario::{Configuration, Need, Scenario, Service};
use verdict::BrokenOff;

use crate::{
    Place, Running, SimulatedWorld, StartError,
    host::{Blueprint, Factory},
    network::{Network, not_linked_in},
    watchdog,
};

/// How long a service may take to finish what it is at when the configuration doesn't say.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// The services that are linked in: how each is started, by its name.
#[derive(Clone, Default)]
pub struct Services(BTreeMap<ServiceName, Factory>);

impl Services {
    /// No services.
    pub fn new() -> Self {
        Self::default()
    }

    /// And this one. `start` is called at every start of the service, in every world; what an earlier life left is on
    /// the disk of the place it is given.
    #[must_use]
    pub fn with<E: Into<StartError>>(
        mut self,
        name: ServiceName,
        start: impl Fn(Place) -> Result<Running, E> + Send + Sync + 'static,
    ) -> Self {
        self.0.insert(name, Arc::new(move |place| start(place).map_err(Into::into)));
        self
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Makes worlds in which the services of a configuration run in virtual time, with a link wherever one depends on
/// another.
#[derive(Clone)]
pub struct Simulation {
    blueprints: Vec<Blueprint>,
    missing: BTreeSet<ServiceName>,
}

impl Simulation {
    /// The simulation of what the configuration names. An error: something required isn't linked in.
    pub fn new(configuration: &Configuration, services: &Services) -> Result<Self, BrokenOff> {
        let mut simulation = Self { blueprints: Vec::new(), missing: BTreeSet::new() };
        for service in &configuration.services {
            match services.0.get(&service.name) {
                Some(factory) => simulation.blueprints.push(blueprint(service, factory)),
                None if service.need == Need::Optional => {
                    simulation.missing.insert(service.name.clone());
                }
                None => return Err(not_linked_in(&service.name)),
            }
        }
        Ok(simulation)
    }

    /// The services that aren't linked in and aren't required.
    pub fn missing(&self) -> &BTreeSet<ServiceName> {
        &self.missing
    }
}

fn blueprint(service: &Service, factory: &Factory) -> Blueprint {
    Blueprint {
        name: service.name.clone(),
        factory: Arc::clone(factory),
        calls: service.depends_on.iter().map(|dependency| dependency.service.clone()).collect(),
        ready: service.ready.clone(),
        stop_grace: service.start.as_ref().map_or(STOP_GRACE, |start| start.stop_grace),
    }
}

impl Stage for Simulation {
    type World = SimulatedWorld;

    async fn raise(&self, scenario: &Scenario, seed: Seed) -> Result<SimulatedWorld, BrokenOff> {
        watchdog::enter(&scenario.name, seed);
        let network = Network::new(&self.blueprints, seed);
        // Made first, so that what has begun ends when something else doesn't.
        let world = SimulatedWorld::new(Arc::clone(&network));
        for host in network.hosts() {
            host.start(&network).await?;
        }
        Ok(world)
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.blueprints.iter().map(|blueprint| blueprint.name.as_str())).finish()
    }
}
