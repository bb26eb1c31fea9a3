//! Which work waits until when.
//!
//! A piece of work is unknown, waiting, or claimed by whoever drives it. Nothing here is durable: at start-up, and once
//! a second for what a vanished client left behind, unfinished work that is unknown is adopted from the store. Two
//! owners of one piece of work do no harm, since every step can be taken twice; claims only save the calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::domain::Work;

/// The agenda of one process.
#[derive(Debug, Default)]
pub struct Agenda {
    entries: Mutex<Entries>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Entries {
    known: BTreeMap<Work, Known>,
    due: BTreeSet<(Instant, Work)>,
}

#[derive(Debug, Clone, Copy)]
enum Known {
    Waiting { until: Instant, attempts: u32 },
    Claimed,
}

impl Agenda {
    /// Claims work, whoever else knows of it.
    pub fn claim(self: &Arc<Self>, work: Work) -> Claim {
        let mut entries = self.lock();
        let attempts = match entries.known.insert(work, Known::Claimed) {
            Some(Known::Waiting { until, attempts }) => {
                entries.due.remove(&(until, work));
                attempts
            }
            Some(Known::Claimed) | None => 0,
        };
        Claim { agenda: Arc::clone(self), work, attempts, then: Then::Now }
    }

    /// Claims the work that has been due the longest, if any is due.
    pub fn claim_due(self: &Arc<Self>, now: Instant) -> Option<Claim> {
        let (until, work) = *self.lock().due.first()?;
        (until <= now).then(|| self.claim(work))
    }

    /// Takes up work that it doesn't know, due now.
    pub fn adopt(&self, works: impl IntoIterator<Item = Work>, now: Instant) {
        let mut entries = self.lock();
        for work in works {
            if !entries.known.contains_key(&work) {
                entries.wait(work, now, 0);
            }
        }
    }

    /// When something will be due next.
    pub fn next_due(&self) -> Option<Instant> {
        self.lock().due.first().map(|(until, _)| *until)
    }

    /// Completes when work came back to wait since the last time.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn wait(&mut self, work: Work, until: Instant, attempts: u32) {
        self.known.insert(work, Known::Waiting { until, attempts });
        self.due.insert((until, work));
    }
}

/// Work that somebody drives. Dropped, it goes back to the agenda, unless it is finished.
#[derive(Debug)]
pub struct Claim {
    agenda: Arc<Agenda>,
    work: Work,
    /// Fruitless attempts since the last change.
    pub attempts: u32,
    then: Then,
}

#[derive(Debug, Clone, Copy)]
enum Then {
    Now,
    At(Instant),
    Never,
}

impl Claim {
    /// What is claimed.
    pub fn work(&self) -> Work {
        self.work
    }

    /// When dropped, it is due then.
    pub fn wait_until(&mut self, until: Instant) {
        self.then = Then::At(until);
    }

    /// When dropped, it is due at once.
    pub fn go_on(&mut self) {
        self.then = Then::Now;
    }

    /// When dropped, it is forgotten.
    pub fn finish(&mut self) {
        self.then = Then::Never;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut entries = self.agenda.lock();
        let until = match self.then {
            Then::Never => {
                if let Some(Known::Waiting { until, .. }) = entries.known.remove(&self.work) {
                    entries.due.remove(&(until, self.work));
                }
                return;
            }
            Then::Now => Instant::now(),
            Then::At(until) => until,
        };
        // Another owner may have put it back already.
        if !matches!(entries.known.get(&self.work), Some(Known::Waiting { .. })) {
            entries.wait(self.work, until, self.attempts);
            drop(entries);
            self.agenda.changed.notify_one();
        }
    }
}
