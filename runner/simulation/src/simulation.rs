//! Makes a fresh world of the linked-in services for every scenario.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use engine::Stage;
use fault::{Seed, ServiceName};
use scenario::{Configuration, Need, Scenario, Service};
use verdict::BrokenOff;

use crate::{
    Services, SimulatedWorld,
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
    services: Vec<Arc<ServiceDefinition>>,
    missing: BTreeSet<ServiceName>,
}

impl Simulation {
    /// A simulation of the services that the configuration names. Fails when a required one isn't linked in.
    pub fn new(configuration: &Configuration, services: &Services) -> Result<Self, BrokenOff> {
        let mut simulation = Self { services: Vec::new(), missing: BTreeSet::new() };
        // A world starts its services one after the other.
        for service in configuration.start_order() {
            match services.get(&service.name) {
                Some(start) => simulation.services.push(Arc::new(definition(service, start))),
                None if service.need == Need::Optional => {
                    simulation.missing.insert(service.name.clone());
                }
                None => return Err(BrokenOff::NotLinked { service: service.name.clone() }),
            }
        }
        Ok(simulation)
    }

    /// Returns the services of the configuration that aren't linked in and aren't required.
    pub fn missing(&self) -> &BTreeSet<ServiceName> {
        &self.missing
    }
}

fn definition(service: &Service, start: &StartService) -> ServiceDefinition {
    ServiceDefinition {
        name: service.name.clone(),
        start: Arc::clone(start),
        callees: service.depends_on.iter().map(|dependency| dependency.service.clone()).collect(),
        ready: service.ready.clone(),
        stop_grace: service.start.as_ref().map_or(STOP_GRACE, |start| start.stop_grace),
    }
}

impl Stage for Simulation {
    type World = SimulatedWorld;

    async fn raise(&self, scenario: &Scenario, seed: Seed) -> Result<SimulatedWorld, BrokenOff> {
        watchdog::enter_scenario(&scenario.name, seed);
        let network = Network::new(&self.services, seed);
        // Made before the services start: when one of them fails, dropping the world ends the others.
        let world = SimulatedWorld::new(Arc::clone(&network));
        for member in network.members() {
            startup::start(&network, member).await?;
        }
        Ok(world)
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.services.iter().map(|service| service.name.as_str())).finish()
    }
}
