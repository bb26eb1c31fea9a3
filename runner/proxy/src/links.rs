use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use fault::{Crash, Decision, Fault, FaultName, Injector, Link, RequestHead, Seed, ServiceName, Window};
use tokio::{sync::watch, time::Instant};
use verdict::{Exchange, ExchangeId, FaultChange, Happening, History, Record};

use crate::{deliveries::Deliveries, gate::Gate, layer::FaultLayer};

/// The links of one world: the faults in force, the history, and the clock both go by.
///
/// A clone is another handle on the same links. Times are [`Duration`]s since [`Links::new`], on tokio's clock, so
/// that a paused clock makes them virtual.
#[derive(Clone)]
pub struct Links {
    pub(crate) book: Arc<Book>,
    pub(crate) deliveries: Arc<Deliveries>,
}

/// What every exchange reads and writes. Apart from [`Links`], so that a late delivery keeps the book, never itself.
pub(crate) struct Book {
    began: Instant,
    pages: Mutex<Pages>,
    crash: Box<dyn Fn(&ServiceName) + Send + Sync>,
    changed: watch::Sender<()>,
    gates: Mutex<Vec<Weak<Gate>>>,
}

struct Pages {
    injector: Injector,
    history: History,
    step: Option<usize>,
}

/// What the link has to do to an exchange that has just begun.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every exchange is admitted; boxing would cost each of them"
)]
pub(crate) enum Admission {
    /// The callee's address refuses connections.
    Refused,
    /// The exchange goes its way.
    Admitted(Decision),
}

impl Links {
    /// Links without faults, and an empty history.
    ///
    /// `crash` is called when a fault kills a service: by the time it returns, the service has to be dead. It is
    /// called from within a task of the runtime, so it must not block for long.
    pub fn new(seed: Seed, crash: impl Fn(&ServiceName) + Send + Sync + 'static) -> Self {
        let pages = Pages { injector: Injector::new(seed), history: History::default(), step: None };
        let book = Book {
            began: Instant::now(),
            pages: Mutex::new(pages),
            crash: Box::new(crash),
            changed: watch::Sender::new(()),
            gates: Mutex::default(),
        };
        Self { book: Arc::new(book), deliveries: Arc::default() }
    }

    /// How long these links have existed.
    pub fn now(&self) -> Duration {
        self.book.now()
    }

    /// Puts `fault` in force, `after` from now and for as long as `lasting` (`None`: until it is healed). A fault of
    /// the same name is replaced. Written into the history. When it returns, what is in force at once is felt.
    pub fn inject(&self, fault: Fault, after: Duration, lasting: Option<Duration>) {
        let now = self.now();
        let start = now.saturating_add(after);
        let end = lasting.map(|lasting| start.saturating_add(lasting));
        let name = fault.name.clone();
        let mut pages = self.book.pages();
        pages.injector.inject(fault, Window { start, end });
        pages.write(now, Happening::Fault { fault: name.clone(), change: FaultChange::Injected });
        drop(pages);
        self.book.tell_gates(&[name], now);
    }

    /// Takes a fault out of force, and says whether it was injected; if so, it is written into the history. When it
    /// returns, an address that refused connections because of it takes them again.
    pub fn heal(&self, name: &FaultName) -> bool {
        let now = self.now();
        let mut pages = self.book.pages();
        let healed = pages.injector.heal(name);
        if healed {
            pages.write(now, Happening::Fault { fault: name.clone(), change: FaultChange::Healed });
        }
        drop(pages);
        if healed {
            self.book.tell_gates(std::slice::from_ref(name), now);
        }
        healed
    }

    /// Takes all faults out of force, as [`Links::heal`] does one.
    pub fn heal_all(&self) {
        let now = self.now();
        let mut pages = self.book.pages();
        let healed = pages.injector.heal_all();
        for fault in &healed {
            pages.write(now, Happening::Fault { fault: fault.clone(), change: FaultChange::Healed });
        }
        drop(pages);
        if !healed.is_empty() {
            self.book.tell_gates(&healed, now);
        }
    }

    /// The faults that were ever injected, with how many exchanges each has met. An address that refuses
    /// connections counts when it begins to, since it sees nobody.
    pub fn fired(&self) -> BTreeMap<FaultName, u64> {
        self.book.pages().injector.fired().clone()
    }

    /// Says that what begins from now on belongs to this step.
    pub fn enter_step(&self, step: Option<usize>) {
        self.book.pages().step = step;
    }

    /// Writes into the history that something happened now.
    pub fn record(&self, happening: Happening) {
        self.book.pages().write(self.now(), happening);
    }

    /// Reads the history. Nothing crosses a link meanwhile, so `read` should be short, and must not use the links.
    pub fn read<R>(&self, read: impl FnOnce(&History) -> R) -> R {
        self.book.read(read)
    }

    /// What damages the exchanges on `link`, to be put around whatever carries them.
    pub fn layer(&self, link: Link) -> FaultLayer {
        FaultLayer::new(self.clone(), link)
    }

    /// Ends the deliveries that outlived their callers. From now on a request dies with its caller.
    pub fn close(&self) {
        self.deliveries.close();
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Book {
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // Nothing in here is left half done by a panic: every change is one push or one assignment.
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides what happens to an exchange that begins now, and writes its beginning down.
    pub(crate) fn begin(&self, mut exchange: Exchange, head: &RequestHead<'_>) -> (ExchangeId, Admission) {
        let now = self.now();
        let mut pages = self.pages();
        let Pages { injector, history, step } = &mut *pages;
        let admission = if let Some(outage) = injector.refusal(&exchange.link, now).cloned() {
            injector.record_refusal(&outage);
            exchange.faults = vec![outage];
            Admission::Refused
        } else {
            let decision = injector.decide(&exchange.link, head, now);
            exchange.faults.clone_from(&decision.faults);
            Admission::Admitted(decision)
        };
        (history.begin(now, *step, exchange), admission)
    }

    pub(crate) fn read<R>(&self, read: impl FnOnce(&History) -> R) -> R {
        read(&self.pages().history)
    }

    /// Writes down what became of an exchange at the time it is told.
    pub(crate) fn write(&self, write: impl FnOnce(&mut History, Duration)) {
        let now = self.now();
        write(&mut self.pages().history, now);
    }

    /// Has a service die, unless the fault was healed while the exchange was on its way: nothing happens after a heal.
    pub(crate) fn crash(&self, crash: &Crash) {
        let due = self.pages().injector.is_injected(&crash.fault);
        if due {
            (self.crash)(&crash.service);
        }
    }

    /// The fault because of which connections on `link` are to be refused at `now`.
    pub(crate) fn refusal(&self, link: &Link, now: Duration) -> Option<FaultName> {
        self.pages().injector.refusal(link, now).cloned()
    }

    /// Counts an address that begins to refuse connections because of `fault`.
    pub(crate) fn record_refusal(&self, fault: &FaultName) {
        self.pages().injector.record_refusal(fault);
    }

    /// When the next window opens or closes after `now`.
    pub(crate) fn next_change(&self, now: Duration) -> Option<Instant> {
        self.began.checked_add(self.pages().injector.next_change(now)?)
    }

    /// Has `gate` told of faults that come and go, for as long as it exists.
    pub(crate) fn tell(&self, gate: &Arc<Gate>) {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.retain(|gate| gate.strong_count() > 0);
        gates.push(Arc::downgrade(gate));
    }

    /// What changes whenever a fault is injected or healed.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Opens and closes addresses before anybody goes on, so that a step never meets the fault of the one before it.
    fn tell_gates(&self, faults: &[FaultName], now: Duration) {
        let gates: Vec<_> = {
            let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
            gates.iter().filter_map(Weak::upgrade).collect()
        };
        for gate in gates {
            gate.faults_changed(self, faults, now);
        }
        self.changed.send_replace(());
    }
}

impl Pages {
    fn write(&mut self, at: Duration, what: Happening) {
        self.history.push(Record { at, step: self.step, what });
    }
}
