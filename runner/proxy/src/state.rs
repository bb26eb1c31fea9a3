//! The state that all links of a world share.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use fault::{
    CLIENT, Crash, Decision, Fault, FaultCount, FaultName, Injection, Injector, Interruption, Link, Moment,
    Refusal, RequestHead, Seed, ServiceName, Window,
};
use tokio::{
    sync::{Notify, futures::Notified},
    time::Instant,
};
use verdict::{ExchangeId, FaultChange, History, HistoryEvent, ProcessChange, Request};

use crate::absence::{AbsenceNumber, Absences};

/// The faults in force, the history and the clock of one world's links.
pub(crate) struct LinkState {
    began: Instant,
    inner: Mutex<Inner>,
    kill: Box<dyn Fn(&ServiceName) + Send + Sync>,
    /// Wakes its waiters in the order in which they began to wait, as a simulated world must.
    changed: Notify,
    observers: Mutex<Vec<Weak<dyn LinkObserver>>>,
}

struct Inner {
    injector: Injector,
    history: History,
    /// The step that is running, and when it began.
    step: Option<usize>,
    step_began: Duration,
    absences: Absences,
}

/// Is called when links may begin or cease to refuse connections: a listener that opens or closes.
pub(crate) trait LinkObserver: Send + Sync {
    /// At `now`, faults of these names were injected or healed, or a service began or ceased to listen.
    fn links_changed(&self, state: &LinkState, faults: &[FaultName], now: Duration);
}

/// Whether a new exchange reaches the callee's address.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every exchange is admitted; boxing would cost each of them"
)]
pub(crate) enum Admission {
    /// Connections to the callee are refused.
    Refused,
    /// It reaches the address; the link damages it as decided.
    Admitted(Decision),
}

/// Sleeps until `at`; forever if there is no such time.
pub(crate) async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The beginning of an exchange.
pub(crate) struct Beginning {
    pub(crate) id: ExchangeId,
    pub(crate) at: Moment,
    pub(crate) admission: Admission,
}

fn absence_of(link: &Link) -> Refusal {
    Refusal::Absent(link.callee.clone())
}

impl LinkState {
    pub(crate) fn new(seed: Seed, kill: impl Fn(&ServiceName) + Send + Sync + 'static) -> Self {
        let inner = Inner {
            injector: Injector::new(seed),
            history: History::default(),
            step: None,
            step_began: Duration::ZERO,
            absences: Absences::default(),
        };
        Self {
            began: Instant::now(),
            inner: Mutex::new(inner),
            kill: Box::new(kill),
            changed: Notify::new(),
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
        let injection = inner.injector.inject(fault, Window { start, end }, now);
        inner.append(now, HistoryEvent::Fault { fault: name.clone(), change: FaultChange::Injected });
        drop(inner);
        self.tell_observers(&[name], now);
        injection
    }

    /// Takes a fault out of force, if it was injected by this injection (by any if `None`). Returns whether it was.
    pub(crate) fn heal(&self, name: &FaultName, injection: Option<Injection>) -> bool {
        let now = self.now();
        let mut inner = self.inner();
        if injection.is_some_and(|injection| !inner.injector.is_injected(injection)) {
            return false;
        }
        let healed = inner.injector.heal(name, now);
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
        let healed = inner.injector.heal_all(now);
        for fault in &healed {
            inner.append(now, HistoryEvent::Fault { fault: fault.clone(), change: FaultChange::Healed });
        }
        drop(inner);
        if !healed.is_empty() {
            self.tell_observers(&healed, now);
        }
    }

    pub(crate) fn fired(&self) -> BTreeMap<FaultName, FaultCount> {
        self.inner().injector.counts().clone()
    }

    pub(crate) fn enter_step(&self, step: Option<usize>) {
        let now = self.now();
        let mut inner = self.inner();
        (inner.step, inner.step_began) = (step, now);
    }

    pub(crate) fn step(&self) -> Option<usize> {
        self.inner().step
    }

    /// Decides what happens to an exchange that begins now, and appends its beginning to the history.
    /// `body` gives the request's body without a content coding, and is called where a fault selects by it.
    pub(crate) fn begin<'a>(
        &self,
        link: &Link,
        request: Request,
        head: &RequestHead<'_>,
        body: impl FnOnce() -> Cow<'a, [u8]>,
    ) -> Beginning {
        let now = self.now();
        let mut inner = self.inner();
        let (faults, admission) = match inner.refusal(link, now) {
            Some(Refusal::Outage(outage)) => {
                inner.injector.record_refusal(&outage);
                (vec![outage], Admission::Refused)
            }
            Some(Refusal::Absent(_)) => (Vec::new(), Admission::Refused),
            None => {
                let needs_body = inner.injector.needs_body(link, now);
                let body = if needs_body { body() } else { Cow::Borrowed(&[][..]) };
                (Vec::new(), Admission::Admitted(inner.injector.decide(link, head, &body, now)))
            }
        };
        let Inner { injector, history, step, .. } = &mut *inner;
        let id = history.send(now, *step, link.clone(), request, faults);
        Beginning { id, at: injector.moment(now), admission }
    }

    /// Records that a fault changes an exchange, once for each fault.
    pub(crate) fn record_damage(&self, id: ExchangeId, fault: &FaultName) {
        let now = self.now();
        let mut inner = self.inner();
        if !inner.history.exchange(id).faults.contains(fault) {
            inner.injector.record_damage(fault);
            inner.append(now, HistoryEvent::Damaged(id, fault.clone()));
        }
    }

    /// The first outage of the whole link that has come into force since `since`.
    pub(crate) fn interruption(&self, link: &Link, since: Moment) -> Option<Interruption> {
        let now = self.now();
        self.inner().injector.interruption(link, since, now)
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
    /// Returns whether it is killed.
    pub(crate) fn crash(&self, crash: &Crash) -> bool {
        let in_force = self.inner().injector.is_injected(crash.injection);
        if in_force {
            (self.kill)(&crash.service);
        }
        in_force
    }

    /// Appends what happened to a service's process. Links to a process that ended refuse.
    pub(crate) fn record_process(&self, service: ServiceName, change: ProcessChange) {
        match change {
            ProcessChange::Started
            | ProcessChange::Launched
            | ProcessChange::Paused
            | ProcessChange::Resumed => {}
            ProcessChange::Killed
            | ProcessChange::Crashed
            | ProcessChange::Stopped
            | ProcessChange::Exited(_) => {
                self.begin_absence(&service);
            }
        }
        self.record(HistoryEvent::Process { service, change });
    }

    /// Makes links to a service refuse connections. Returns the number of this absence.
    pub(crate) fn begin_absence(&self, service: &ServiceName) -> AbsenceNumber {
        let number = self.inner().absences.begin(service);
        self.tell_observers(&[], self.now());
        number
    }

    /// Makes links to a service accept connections again, if this is its last absence.
    pub(crate) fn end_absence(&self, service: &ServiceName, number: AbsenceNumber) {
        let now = self.now();
        let ended = self.inner().absences.end(service, number, now);
        if ended {
            self.tell_observers(&[], now);
        }
    }

    /// Why connections on `link` are refused at `now`, if they are.
    pub(crate) fn refusal(&self, link: &Link, now: Duration) -> Option<Refusal> {
        self.inner().refusal(link, now)
    }

    /// Why connections on `link` were refused at some time of the present step, where refused callers don't show.
    pub(crate) fn refusal_during_step(&self, link: &Link) -> Option<Refusal> {
        if link.caller.as_str() == CLIENT {
            return None;
        }
        let now = self.now();
        let inner = self.inner();
        let outage = inner.injector.refusal_since(link, inner.step_began, now);
        let absent = || inner.absences.was_absent(&link.callee, inner.step_began);
        outage.map(|fault| Refusal::Outage(fault.clone())).or_else(|| absent().then(|| absence_of(link)))
    }

    /// Counts that a listener begins to refuse connections because of `fault`.
    pub(crate) fn record_refusal(&self, fault: &FaultName) {
        self.inner().injector.record_refusal(fault);
    }

    /// When the next window opens or closes after `now`.
    pub(crate) fn next_change(&self, now: Duration) -> Option<Instant> {
        self.began.checked_add(self.inner().injector.next_change(now)?)
    }

    /// Calls `observer` when links may begin or cease to refuse connections, until it is dropped.
    pub(crate) fn observe(&self, observer: &Arc<dyn LinkObserver>) {
        let mut observers = self.observers.lock().unwrap_or_else(PoisonError::into_inner);
        observers.retain(|observer| observer.strong_count() > 0);
        observers.push(Arc::downgrade(observer));
    }

    /// Waits until a fault is injected or healed, or a service begins or ceases to listen, after this call.
    pub(crate) fn change(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Opens and closes listeners before the caller continues, so that a step never meets the fault of the step before.
    fn tell_observers(&self, faults: &[FaultName], now: Duration) {
        let observers: Vec<_> = {
            let observers = self.observers.lock().unwrap_or_else(PoisonError::into_inner);
            observers.iter().filter_map(Weak::upgrade).collect()
        };
        for observer in observers {
            observer.links_changed(self, faults, now);
        }
        self.changed.notify_waiters();
    }
}

impl Inner {
    fn refusal(&self, link: &Link, now: Duration) -> Option<Refusal> {
        let outage = self.injector.refusal(link, now).map(|fault| Refusal::Outage(fault.clone()));
        outage.or_else(|| self.absences.is_absent(&link.callee).then(|| absence_of(link)))
    }

    fn append(&mut self, at: Duration, event: HistoryEvent) {
        self.history.append(at, self.step, event);
    }
}
