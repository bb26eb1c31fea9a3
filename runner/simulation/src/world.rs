//! The simulated world of one scenario, as the engine drives it.

use std::{
    collections::BTreeSet,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use engine::World;
use fault::ServiceName;
use http::Uri;
use proxy::Links;
use scenario::Signal;
use verdict::{BrokenOff, ProcessChange};

use crate::{
    Disk, Transport,
    network::{Member, Network},
    process::Process,
    startup,
};

/// Services in one process, and the links between them. Closing or dropping it ends everything in it.
pub struct SimulatedWorld {
    network: Arc<Network>,
}

impl SimulatedWorld {
    pub(crate) fn new(network: Arc<Network>) -> Self {
        Self { network }
    }

    /// Returns the disk of a service, as its present process has it; `None` when the service isn't linked in.
    pub fn disk(&self, service: &ServiceName) -> Option<Disk> {
        self.network.host(service).map(|host| host.disk())
    }

    async fn start(&self, member: &Member) -> Result<(), BrokenOff> {
        if startup::start(&self.network, member).await? {
            self.network.record(&member.service.name, ProcessChange::Started);
        }
        Ok(())
    }

    async fn stop(&self, member: &Member) {
        let name = &member.service.name;
        // It accepts nothing more while it finishes the requests in flight.
        drop(self.network.links.absent(name));
        if member.host.stop().await {
            self.network.record(name, ProcessChange::Stopped);
        }
    }
}

impl World for SimulatedWorld {
    type Client = Transport;

    fn links(&self) -> &Links {
        &self.network.links
    }

    fn client(&self, service: &ServiceName) -> Transport {
        self.network.client(service)
    }

    fn addresses(&self) -> Vec<(ServiceName, Uri)> {
        let url = |name: &ServiceName| Some((name.clone(), format!("http://{name}").parse().ok()?));
        self.network.hosts().filter_map(|host| url(&host.name)).collect()
    }

    fn unix_time(&self) -> Duration {
        self.network.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    async fn signal(&self, service: &ServiceName, signal: Signal) -> Result<(), BrokenOff> {
        let network = &self.network;
        network.budget.check()?;
        let member = network.member(service)?;
        match signal {
            Signal::Kill => {
                if let Some(process) = member.host.crash() {
                    process.end_and_wait().await;
                    network.record(service, ProcessChange::Killed);
                }
            }
            Signal::Stop => self.stop(member).await,
            Signal::Start => self.start(member).await?,
            Signal::Restart => {
                self.stop(member).await;
                self.start(member).await?;
            }
            Signal::Pause => {
                if member.host.change(signal, Process::pause)? {
                    network.record(service, ProcessChange::Paused);
                }
            }
            Signal::Resume => {
                if member.host.change(signal, Process::resume)? {
                    network.record(service, ProcessChange::Resumed);
                }
            }
        }
        Ok(())
    }

    async fn launch(&self, service: &ServiceName) -> Result<(), BrokenOff> {
        let network = &self.network;
        network.budget.check()?;
        if startup::launch(network, network.member(service)?)?.is_some() {
            network.record(service, ProcessChange::Launched);
        }
        Ok(())
    }

    /// Returns at once: the history has the end of a process when its connections close.
    async fn await_exits(&self, _suspects: &BTreeSet<ServiceName>) {}

    /// A linked-in service writes into no log of its own.
    async fn last_lines(&self, _service: &ServiceName) -> Vec<String> {
        Vec::new()
    }

    fn down(&self) -> Vec<ServiceName> {
        self.network.hosts().filter(|host| host.is_down()).map(|host| host.name.clone()).collect()
    }

    async fn close(self) {
        for host in self.network.hosts() {
            if let Some(process) = host.crash() {
                process.end_and_wait().await;
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
        f.debug_list().entries(self.network.hosts().map(|host| host.name.as_str())).finish()
    }
}
