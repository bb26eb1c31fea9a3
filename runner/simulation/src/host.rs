//! A service with its disk, over all its lives.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use engine::{NotReady, until_ready};
use fault::{Seed, ServiceName};
use scenario::Readiness;
use verdict::{BrokenOff, NoReply, RunBy};

use crate::{
    Disk, Place, Running, StartError, Transport,
    delivery::Delivery,
    life::{Answer, Life},
    network::Network,
    place::Tasks,
};

/// Starts a life of a service.
pub(crate) type Factory = Arc<dyn Fn(Place) -> Result<Running, StartError> + Send + Sync>;

/// What a service is in every world.
#[derive(Clone)]
pub(crate) struct Blueprint {
    pub(crate) name: ServiceName,
    pub(crate) factory: Factory,
    pub(crate) calls: Vec<ServiceName>,
    pub(crate) ready: Vec<Readiness>,
    pub(crate) stop_grace: Duration,
}

/// A service in one world.
pub(crate) struct Host {
    pub(crate) blueprint: Blueprint,
    seed: Seed,
    state: Mutex<State>,
}

struct State {
    /// Its present life.
    life: Option<Arc<Life>>,
    disk: Disk,
    lives: u64,
}

impl Host {
    pub(crate) fn new(blueprint: Blueprint, seed: Seed) -> Self {
        let seed = seed.derive(blueprint.name.as_str());
        let state = State { life: None, disk: Disk::new(seed.derive("disk")), lives: 0 };
        Self { blueprint, seed, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn life(&self) -> Option<Arc<Life>> {
        self.state().life.clone()
    }

    /// Hands a request to its present life.
    pub(crate) fn accept(&self, request: http::Request<Bytes>) -> Result<Answer, NoReply> {
        self.life().ok_or(NoReply::Refused)?.accept(request)
    }

    /// Its disk, as its present life has it.
    pub(crate) fn disk(&self) -> Disk {
        self.state().disk.clone()
    }

    /// Whether it doesn't run, or is halted.
    pub(crate) fn is_down(&self) -> bool {
        self.life().is_none_or(|life| !life.runs())
    }

    /// Starts it on what its former life left behind, and waits until it is ready. Says whether it didn't run before.
    pub(crate) async fn start(self: &Arc<Self>, network: &Network) -> Result<bool, BrokenOff> {
        if self.life().is_some() {
            return Ok(false);
        }
        let (life, disk, seed) = {
            let mut state = self.state();
            state.lives += 1;
            let seed = self.seed.derive(&format!("life {}", state.lives));
            let life = Life::new(self.blueprint.name.clone(), seed.derive("turns"));
            state.life = Some(Arc::clone(&life));
            (life, state.disk.clone(), seed)
        };
        let place = Place {
            transport: Transport::new(network, &self.blueprint, &life),
            disk,
            clock: network.clock,
            seed: seed.derive("service").0,
            tasks: Tasks(Arc::clone(&life)),
        };
        let name = &self.blueprint.name;
        let start_failed = |error: String| BrokenOff::StartFailed { service: name.clone(), error };
        // Killed by a fault, or by its disk, while it started: that is the scenario's doing, and stands in the history.
        let has_died = || self.life().is_none_or(|present| !Arc::ptr_eq(&present, &life));
        match catch_unwind(AssertUnwindSafe(|| (self.blueprint.factory)(place))) {
            _ if has_died() => return Ok(false),
            Ok(Ok(running)) => life.begin(running),
            Ok(Err(error)) => return Err(start_failed(error.to_string())),
            Err(_) => return Err(start_failed("it panicked".into())),
        }
        let client = Delivery::new(Some(Arc::clone(self)), network);
        // A linked-in service takes requests as soon as it has started: without conditions there is nothing to wait for.
        if self.blueprint.ready.is_empty() {
            return Ok(true);
        }
        if let Err(NotReady { within, condition, last }) = until_ready(&client, &self.blueprint.ready).await {
            if has_died() {
                return Ok(false);
            }
            let (service, run_by, log) = (name.clone(), RunBy::Simulation, Vec::new());
            return Err(BrokenOff::NotReady { service, within, condition, last, run_by, log });
        }
        Ok(true)
    }

    /// Its machine dies. Gives the life that the caller has to end; what that still writes when it is dropped goes
    /// nowhere. `None`: it doesn't run.
    pub(crate) fn crash(&self) -> Option<Arc<Life>> {
        let mut state = self.state();
        let life = state.life.take()?;
        state.disk = state.disk.crash();
        Some(life)
    }

    /// Lets it finish what it is at, and ends it. Says whether it ran up to then.
    pub(crate) async fn stop(&self) -> bool {
        let Some(life) = self.life() else { return false };
        life.finish(self.blueprint.stop_grace).await;
        if self.life().is_none_or(|present| !Arc::ptr_eq(&present, &life)) {
            return false;
        }
        life.ended().await;
        let mut state = self.state();
        state.disk = state.disk.remount();
        state.life = None;
        true
    }

    /// Halts it or lets it go on. Says whether that changed anything.
    pub(crate) fn change(
        &self,
        action: &'static str,
        change: impl FnOnce(&Life) -> bool,
    ) -> Result<bool, BrokenOff> {
        let service = || self.blueprint.name.clone();
        let not_running = || BrokenOff::NotRunning { service: service(), action, log: Vec::new() };
        let life = self.life().ok_or_else(not_running)?;
        Ok(change(&life))
    }
}
