//! The state that all links of a world share.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use fault::{Crash, Decision, Fault, FaultName, Injector, Link, RequestHead, Seed, ServiceName, Window};
use tokio::{sync::watch, time::Instant};
use verdict::{ExchangeId, FaultChange, History, HistoryEvent, Request};

/// The faults in force, the history and the clock of one world's links.
pub(crate) struct LinkState {
    began: Instant,
    inner: Mutex<Inner>,
    kill: Box<dyn Fn(&ServiceName) + Send + Sync>,
    changed: watch::Sender<()>,
    observers: Mutex<Vec<Weak<dyn FaultObserver>>>,
}

struct Inner {
    injector: Injector,
    history: History,
    /// The step that is running.
    step: Option<usize>,
    /// The injection that put each fault in force.
    injections: BTreeMap<FaultName, Injection>,
    next_injection: Injection,
}

/// Number of an injection, so that a guard doesn't heal a later fault of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Injection(u64);

/// Is called when faults are injected or healed: a listener that opens or closes.
pub(crate) trait FaultObserver: Send + Sync {
    /// Faults of these names were injected or healed at `now`.
    fn faults_changed(&self, state: &LinkState, faults: &[FaultName], now: Duration);
}

/// Whether a new exchange reaches the callee's address.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every exchange is admitted; boxing would cost each of them"
)]
pub(crate) enum Admission {
    /// The callee's address refuses connections.
    Refused,
    /// It reaches the address; the link damages it as decided.
    Admitted(Decision),
}

impl LinkState {
    pub(crate) fn new(seed: Seed, kill: impl Fn(&ServiceName) + Send + Sync + 'static) -> Self {
        let inner = Inner {
            injector: Injector::new(seed),
            history: History::default(),
            step: None,
            injections: BTreeMap::new(),
            next_injection: Injection::default(),
        };
        Self {
            began: Instant::now(),
            inner: Mutex::new(inner),
            kill: Box::new(kill),
            changed: watch::Sender::new(()),
            observers: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing that holds the lock calls out, so only a bug of our own could panic in here.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a fault in force for a window that opens `after` from now.
    pub(crate) fn inject(&self, fault: Fault, after: Duration, lasting: Option<Duration>) -> Injection {
        let now = self.now();
        let start = now.saturating_add(after);
        let end = lasting.map(|lasting| start.saturating_add(lasting));
        let name = fault.name.clone();
        let mut inner = self.inner();
        inner.injector.inject(fault, Window { start, end });
        inner.next_injection.0 += 1;
        let injection = inner.next_injection;
        inner.injections.insert(name.clone(), injection);
        inner.append(now, HistoryEvent::Fault { fault: name.clone(), change: FaultChange::Injected });
        drop(inner);
        self.tell_observers(&[name], now);
        injection
    }

    /// Takes a fault out of force, if it was injected by this injection (by any if `None`). Returns whether it was.
    pub(crate) fn heal(&self, name: &FaultName, injection: Option<Injection>) -> bool {
        let now = self.now();
        let mut inner = self.inner();
        if injection.is_some() && inner.injections.get(name).copied() != injection {
            return false;
        }
        inner.injections.remove(name);
        let healed = inner.injector.heal(name);
        if healed {
            inner.append(now, HistoryEvent::Fault { fault: name.clone(), change: FaultChange::Healed });
        }
        drop(inner);
        if healed {
            self.tell_observers(std::slice::from_ref(name), now);
        }
        healed
    }

    /// Takes all faults out of force.
    pub(crate) fn heal_all(&self) {
        let now = self.now();
        let mut inner = self.inner();
        let healed = inner.injector.heal_all();
        inner.injections.clear();
        for fault in &healed {
            inner.append(now, HistoryEvent::Fault { fault: fault.clone(), change: FaultChange::Healed });
        }
        drop(inner);
        if !healed.is_empty() {
            self.tell_observers(&healed, now);
        }
    }

    pub(crate) fn fired(&self) -> BTreeMap<FaultName, u64> {
        self.inner().injector.fired().clone()
    }

    pub(crate) fn enter_step(&self, step: Option<usize>) {
        self.inner().step = step;
    }

    pub(crate) fn step(&self) -> Option<usize> {
        self.inner().step
    }

    /// Decides what happens to an exchange that begins now, and appends its beginning to the history.
    pub(crate) fn begin(
        &self,
        link: &Link,
        request: Request,
        head: &RequestHead<'_>,
    ) -> (ExchangeId, Admission) {
        let now = self.now();
        let mut inner = self.inner();
        let Inner { injector, history, step, .. } = &mut *inner;
        let (faults, admission) = if let Some(outage) = injector.refusal(link, now).cloned() {
            injector.record_refusal(&outage);
            (vec![outage], Admission::Refused)
        } else {
            let decision = injector.decide(link, head, now);
            (decision.faults.clone(), Admission::Admitted(decision))
        };
        (history.send(now, *step, link.clone(), request, faults), admission)
    }

    pub(crate) fn read<R>(&self, read: impl FnOnce(&History) -> R) -> R {
        read(&self.inner().history)
    }

    /// Appends an event to the history, as of now.
    pub(crate) fn record(&self, event: HistoryEvent) {
        let now = self.now();
        self.inner().append(now, event);
    }

    /// Kills a service, unless the fault was healed while the exchange was in flight: a healed fault does nothing.
    pub(crate) fn crash(&self, crash: &Crash) {
        let in_force = self.inner().injector.is_injected(&crash.fault);
        if in_force {
            (self.kill)(&crash.service);
        }
    }

    /// The outage that refuses connections on `link` at `now`.
    pub(crate) fn refusal(&self, link: &Link, now: Duration) -> Option<FaultName> {
        self.inner().injector.refusal(link, now).cloned()
    }

    /// Counts that a listener begins to refuse connections because of `fault`.
    pub(crate) fn record_refusal(&self, fault: &FaultName) {
        self.inner().injector.record_refusal(fault);
    }

    /// When the next window opens or closes after `now`.
    pub(crate) fn next_change(&self, now: Duration) -> Option<Instant> {
        self.began.checked_add(self.inner().injector.next_change(now)?)
    }

    /// Calls `observer` when faults are injected or healed, until it is dropped.
    pub(crate) fn observe(&self, observer: &Arc<dyn FaultObserver>) {
        let mut observers = self.observers.lock().unwrap_or_else(PoisonError::into_inner);
        observers.retain(|observer| observer.strong_count() > 0);
        observers.push(Arc::downgrade(observer));
    }

    /// Changes whenever a fault is injected or healed.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Opens and closes listeners before the caller continues, so that a step never meets the fault of the step before.
    fn tell_observers(&self, faults: &[FaultName], now: Duration) {
        let observers: Vec<_> = {
            let observers = self.observers.lock().unwrap_or_else(PoisonError::into_inner);
            observers.iter().filter_map(Weak::upgrade).collect()
        };
        for observer in observers {
            observer.faults_changed(self, faults, now);
        }
        self.changed.send_replace(());
    }
}

impl Inner {
    fn append(&mut self, at: Duration, event: HistoryEvent) {
        self.history.append(at, self.step, event);
    }
}
