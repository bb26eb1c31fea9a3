//! The simulated world of one scenario.

use std::{fmt, sync::Arc};

use engine::World;
use fault::ServiceName;
use proxy::Links;
use scenario::Signal;
use verdict::{BrokenOff, ProcessChange};

use crate::{Disk, delivery::Delivery, life::Life, network::Network};

/// Services in one process, and the links between them. Everything in it ends when it is closed or dropped.
pub struct SimulatedWorld {
    network: Arc<Network>,
}

impl SimulatedWorld {
    pub(crate) fn new(network: Arc<Network>) -> Self {
        Self { network }
    }

    /// The disk of a service, as its present life has it; `None` for one that isn't linked in.
    pub fn disk(&self, service: &ServiceName) -> Option<Disk> {
        self.network.host(service).map(|host| host.disk())
    }
}

impl World for SimulatedWorld {
    type Client = Delivery;

    fn links(&self) -> &Links {
        &self.network.links
    }

    fn client(&self, service: &ServiceName) -> Delivery {
        Delivery::new(self.network.host(service).cloned(), &self.network)
    }

    async fn signal(&self, service: &ServiceName, signal: Signal) -> Result<(), BrokenOff> {
        let network = &self.network;
        network.budget.left()?;
        let host = network.linked_in(service)?;
        let record = |change| network.record(service, change);
        match signal {
            Signal::Kill => {
                if let Some(life) = host.crash() {
                    life.ended().await;
                    record(ProcessChange::Killed);
                }
            }
            Signal::Stop => {
                host.stop().await.then(|| record(ProcessChange::Stopped));
            }
            Signal::Start => {
                host.start(network).await?.then(|| record(ProcessChange::Started));
            }
            Signal::Restart => {
                host.stop().await.then(|| record(ProcessChange::Stopped));
                host.start(network).await?.then(|| record(ProcessChange::Started));
            }
            Signal::Pause => {
                host.change(signal.as_str(), Life::halt)?.then(|| record(ProcessChange::Paused));
            }
            Signal::Resume => {
                host.change(signal.as_str(), Life::resume)?.then(|| record(ProcessChange::Resumed));
            }
        }
        Ok(())
    }

    fn down(&self) -> Vec<ServiceName> {
        let down = self.network.hosts().iter().filter(|host| host.is_down());
        down.map(|host| host.blueprint.name.clone()).collect()
    }

    async fn close(self) {
        for host in self.network.hosts() {
            if let Some(life) = host.crash() {
                life.ended().await;
            }
        }
    }
}

impl Drop for SimulatedWorld {
    fn drop(&mut self) {
        self.network.end();
    }
}

impl fmt::Debug for SimulatedWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.network.hosts().iter().map(|host| host.blueprint.name.as_str());
        f.debug_list().entries(names).finish()
    }
}
