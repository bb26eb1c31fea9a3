//! A world that was started before its scenario is known.

use std::time::Duration;

use engine::{World, until_ready};
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::{LiveWorld, external::Presence};

/// Records that may be added to the history while a world waits. Services that talk to each other all the time would fill it.
const MOST_RECORDS: usize = 1_000;
/// How long its services may take to say that they are still ready. Usually it takes a millisecond.
const READY_TIMEOUT: Duration = Duration::from_secs(1);

/// A world that waits for its scenario. Its clock is halted, so that the scenario meets the world as if it had just been started.
pub(crate) struct Spare {
    world: LiveWorld,
    /// The records in its history when it began to wait.
    records: usize,
}

impl Spare {
    pub(crate) fn new(world: LiveWorld) -> Self {
        world.links.halt();
        let records = records(&world);
        Self { world, records }
    }

    /// The world; `None` if something has happened to it while it waited, so that a new one has to be started.
    pub(crate) async fn take(self) -> Option<LiveWorld> {
        if self.is_fresh().await {
            return Some(self.world);
        }
        self.close().await;
        None
    }

    /// Ends it.
    pub(crate) async fn close(self) {
        self.world.close().await;
    }

    /// Whether all services run and are ready, and did little while they waited.
    async fn is_fresh(&self) -> bool {
        let world = &self.world;
        if !world.down().is_empty() || records(world) > self.records + MOST_RECORDS {
            return false;
        }
        let started = world.services.all().iter().map(|service| (service.client(), &service.ready));
        let external = world.external.values().filter(|service| service.presence == Presence::Running);
        let external = external.map(|service| (service.client.clone(), &service.ready));
        let asked = started.chain(external).map(async |(client, conditions)| {
            matches!(timeout(READY_TIMEOUT, until_ready(&client, conditions)).await, Ok(Ok(())))
        });
        join_all(asked).await.into_iter().all(|ready| ready)
    }
}

fn records(world: &LiveWorld) -> usize {
    world.links.read(|history| history.records().len())
}
