//! Makes a fresh world of the linked-in services for every scenario.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use engine::{Stage, Stub};
use fault::{Seed, ServiceName};
use scenario::{Configuration, Need, Scenario, Service, WallClock};
use verdict::BrokenOff;

use crate::{
    Clock, Running, Services, SimulatedWorld,
    network::Network,
    services::{ServiceDefinition, StartService},
    startup, watchdog,
};

/// How long a stop waits for requests in flight when the configuration doesn't say.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// Makes worlds in which the services of a configuration run in virtual time, with a link wherever one depends on
/// another.
#[derive(Clone)]
pub struct Simulation {
    configuration: Arc<Configuration>,
    linked: Services,
    missing: BTreeSet<ServiceName>,
}

impl Simulation {
    /// A simulation of the services that the configuration names. Fails when a required one isn't linked in.
    pub fn new(configuration: &Configuration, services: &Services) -> Result<Self, BrokenOff> {
        let absent = |service: &&Service| service.stub.is_none() && services.get(&service.name).is_none();
        let (missing, required): (Vec<_>, Vec<_>) =
            configuration.services.iter().filter(absent).partition(|service| service.need == Need::Optional);
        if let Some(service) = required.first() {
            return Err(BrokenOff::NotLinked { service: service.name.clone() });
        }
        let missing = missing.into_iter().map(|service| service.name.clone()).collect();
        Ok(Self { configuration: Arc::new(configuration.clone()), linked: services.clone(), missing })
    }

    /// The services of a world with these stubs, in the order in which they are started.
    fn services(&self, configuration: &Configuration, stubs: &[Stub]) -> Vec<Arc<ServiceDefinition>> {
        let definition = |service: &Service| {
            let stub = stubs.iter().find(|stub| *stub.service() == service.name).cloned();
            let start: StartService = match stub {
                Some(stub) => Arc::new(move |_| Ok(Running::new(stub.clone()))),
                None => Arc::clone(self.linked.get(&service.name)?),
            };
            Some(Arc::new(definition(service, start)))
        };
        configuration.start_order().into_iter().filter_map(definition).collect()
    }

    /// Returns the services of the configuration that aren't linked in and aren't required.
    pub fn missing(&self) -> &BTreeSet<ServiceName> {
        &self.missing
    }
}

fn definition(service: &Service, start: StartService) -> ServiceDefinition {
    ServiceDefinition {
        name: service.name.clone(),
        start,
        callees: service.depends_on.iter().map(|dependency| dependency.service.clone()).collect(),
        ready: service.ready.clone(),
        stop_grace: service.start.as_ref().map_or(STOP_GRACE, |start| start.stop_grace),
    }
}

impl Stage for Simulation {
    type World = SimulatedWorld;

    async fn raise(&self, scenario: &Scenario, seed: Seed) -> Result<SimulatedWorld, BrokenOff> {
        if let Some(broken) = BrokenOff::no_commands(scenario) {
            return Err(broken);
        }
        watchdog::enter_scenario(&scenario.name, seed);
        let configuration = self.configuration.with_stubs(scenario);
        let clock = Clock::start();
        let wall_clock: WallClock = Arc::new(move || clock.since_epoch());
        let stubs = Stub::all(&configuration, scenario, seed, &wall_clock);
        let network = Network::new(&self.services(&configuration, &stubs), seed, clock);
        // Made before the services start: when one of them fails, dropping the world ends the others.
        let world = SimulatedWorld::new(Arc::clone(&network), stubs);
        for member in network.members() {
            startup::start(&network, member).await?;
        }
        Ok(world)
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.configuration.services.iter().map(|service| service.name.as_str()))
            .finish()
    }
}
