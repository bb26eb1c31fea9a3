use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use fault::{Fault, FaultCount, FaultName, Injection, Link, Refusal, Seed, ServiceName};
use verdict::{Circuit, History, HistoryEvent, ProcessChange};

use crate::{absence::Absence, detached::DetachedDeliveries, layer::FaultLayer, state::LinkState};

/// The links of one world: the faults in force, the history, and the clock that both go by.
///
/// A clone is another handle on the same links. Times are [`Duration`]s since [`Links::new`], on tokio's clock, so
/// that a paused clock makes them virtual.
#[derive(Clone)]
pub struct Links {
    pub(crate) state: Arc<LinkState>,
    /// Not in the state: a detached delivery holds the state, and must not hold itself.
    pub(crate) detached: Arc<DetachedDeliveries>,
}

impl Links {
    /// Links without faults, and an empty history.
    ///
    /// `kill` is called when a fault crashes a service. When it returns, the service must have ended. It is called
    /// within a task of the runtime, so it must not block for long.
    pub fn new(seed: Seed, kill: impl Fn(&ServiceName) + Send + Sync + 'static) -> Self {
        Self { state: Arc::new(LinkState::new(seed, kill)), detached: Arc::default() }
    }

    /// How long these links have existed.
    pub fn now(&self) -> Duration {
        self.state.now()
    }

    /// Halts the clock: the world waits for its scenario, and what happens meanwhile has the time at which that wait began.
    pub fn halt(&self) {
        self.state.halt();
    }

    /// Ends the wait that [`Links::halt`] began. Faults that are injected from now on decide by this seed.
    pub fn start(&self, seed: Seed) {
        self.state.start(seed);
    }

    /// Puts `fault` in force, `after` from now and for as long as `lasting` (`None`: until it is healed). A fault of
    /// the same name is replaced. Without `after`, the fault is in force when this returns.
    ///
    /// The fault is healed when the guard is dropped; [`InjectedFault::keep`] leaves it in force.
    pub fn inject(&self, fault: Fault, after: Duration, lasting: Option<Duration>) -> InjectedFault {
        let name = fault.name.clone();
        let injection = self.state.inject(fault, after, lasting);
        InjectedFault { state: Arc::clone(&self.state), name, injection: Some(injection) }
    }

    /// Takes a fault out of force, and returns whether it was injected. An address that refused connections because
    /// of it accepts them again when this returns.
    pub fn heal(&self, name: &FaultName) -> bool {
        self.state.heal(name, None)
    }

    /// Takes all faults out of force, as [`Links::heal`] does one.
    pub fn heal_all(&self) {
        self.state.heal_all();
    }

    /// The faults that were ever injected, with the number of exchanges that each has met and damaged. An outage that
    /// refuses connections counts once when it begins, since a link on real sockets doesn't see the callers.
    pub fn fired(&self) -> BTreeMap<FaultName, FaultCount> {
        self.state.fired()
    }

    /// Those of `links` on which connections were refused at some time of the present step, and why. A link on real
    /// sockets doesn't see the callers then, so that the history lacks their exchanges; on links of
    /// [`CLIENT`](fault::CLIENT) it has them.
    pub fn refusals<'a>(&self, links: impl IntoIterator<Item = &'a Link>) -> BTreeMap<Link, Refusal> {
        let refusal = |link: &Link| Some((link.clone(), self.state.refusal_during_step(link)?));
        links.into_iter().filter_map(refusal).collect()
    }

    /// Assigns what is recorded from now on to this step, counted from 0.
    pub fn enter_step(&self, step: Option<usize>) {
        self.state.enter_step(step);
    }

    /// The number of exchanges that had begun when the present step began: it may be entered several times.
    pub fn sent_before_step(&self) -> usize {
        self.state.sent_before_step()
    }

    /// Waits until the history meets a condition, which must not use the links. It is asked whenever an exchange or a process
    /// has a new record.
    pub async fn until(&self, is_met: impl FnMut(&History) -> bool) {
        self.state.until(is_met).await;
    }

    /// The step that is running, counted from 0; `None` before the first and after the last.
    pub fn step(&self) -> Option<usize> {
        self.state.step()
    }

    /// Records that a service's process started, ended or was halted now. Once it has ended, links to the service refuse
    /// connections until a new [absence](Links::absent) is ended.
    pub fn record_process(&self, service: ServiceName, change: ProcessChange) {
        self.state.record_process(service, change);
    }

    /// Makes links to a service refuse connections, since nothing listens for it: before its process is asked to end,
    /// and until a new one accepts connections.
    pub fn absent(&self, service: &ServiceName) -> Absence {
        Absence::begin(&self.state, service)
    }

    /// Records what a service told of one of its circuits.
    pub fn record_circuit(&self, circuit: Circuit) {
        self.state.record(HistoryEvent::Circuit(Box::new(circuit)));
    }

    /// Reads the history. No exchange makes progress meanwhile, so `read` should be short, and must not use the links.
    pub fn read<R>(&self, read: impl FnOnce(&History) -> R) -> R {
        self.state.read(read)
    }

    /// The layer that damages the exchanges on `link`, to be put around any service that carries them.
    pub fn layer(&self, link: Link) -> FaultLayer {
        FaultLayer::new(&self.state, &self.detached, link)
    }

    /// Ends the deliveries that outlived their callers. From now on a delivery ends with its caller.
    pub fn close(&self) {
        self.detached.close();
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// A fault in force. Dropping the guard heals the fault, unless another injection has replaced it.
#[must_use = "the fault is healed when this is dropped; `keep` leaves it in force"]
pub struct InjectedFault {
    state: Arc<LinkState>,
    name: FaultName,
    injection: Option<Injection>,
}

impl InjectedFault {
    /// Leaves the fault in force until it is healed by name.
    pub fn keep(mut self) {
        self.injection = None;
    }
}

impl Drop for InjectedFault {
    fn drop(&mut self) {
        if self.injection.is_some() {
            self.state.heal(&self.name, self.injection);
        }
    }
}

impl fmt::Debug for InjectedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InjectedFault").field(&self.name).finish()
    }
}
