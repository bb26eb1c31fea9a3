//! A service with its disk, over all its lives.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use fault::{Seed, ServiceName};
use scenario::Readiness;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;
use verdict::{BrokenOff, NoReply};

use crate::{
    Disk, Place, Running, StartError, Transport,
    delivery::Delivery,
    life::{Answer, Life},
    network::Network,
    place::Tasks,
};

/// The pause between two looks at a service that isn't ready.
const PAUSE: Duration = Duration::from_millis(10);

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
        // Killed by a fault, or by its disk, while it started: that is the scenario's doing, and stands in the history.
        let has_died = || self.life().is_none_or(|present| !Arc::ptr_eq(&present, &life));
        match catch_unwind(AssertUnwindSafe(|| (self.blueprint.factory)(place))) {
            _ if has_died() => return Ok(false),
            Ok(Ok(running)) => life.begin(running),
            Ok(Err(error)) => return Err(broken_off(format!("{name} can't be started: {error}"))),
            Err(_) => return Err(broken_off(format!("{name} panicked while it started"))),
        }
        let client = Delivery::new(Some(Arc::clone(self)), network);
        for condition in &self.blueprint.ready {
            if let Err(what) = until_ready(&client, condition).await {
                if has_died() {
                    return Ok(false);
                }
                return Err(broken_off(format!("{name} wasn't ready within {what}")));
            }
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
    pub(crate) fn change(&self, what: &str, change: impl FnOnce(&Life) -> bool) -> Result<bool, BrokenOff> {
        let life = self.life().ok_or_else(|| BrokenOff {
            reason: format!("{} can't be {what}: it doesn't run", self.blueprint.name),
            help: Some("start it first".into()),
            log: Vec::new(),
        })?;
        Ok(change(&life))
    }
}

fn broken_off(reason: String) -> BrokenOff {
    BrokenOff { reason, help: None, log: Vec::new() }
}

/// Asks until the condition comes true. The error says how long it waited for what, and what came last.
async fn until_ready(client: &Delivery, condition: &Readiness) -> Result<(), String> {
    let Readiness { path, within } = condition;
    let deadline = Instant::now() + *within;
    let not_ready = |last: String| format!("{within:?}: GET {path} {last}");
    loop {
        let request =
            http::Request::get(path).body(Bytes::new()).map_err(|error| not_ready(error.to_string()))?;
        let left = deadline.duration_since(Instant::now());
        let last = match timeout(left, client.clone().oneshot(request)).await {
            Ok(Ok(reply)) if reply.status().is_success() => return Ok(()),
            Ok(Ok(reply)) => format!("answered {}", reply.status()),
            Ok(Err(error)) => format!("got no reply ({error})"),
            Err(_) => "got no reply".into(),
        };
        if Instant::now() + PAUSE >= deadline {
            return Err(not_ready(last));
        }
        sleep(PAUSE).await;
    }
}
