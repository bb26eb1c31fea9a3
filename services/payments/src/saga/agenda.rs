//! The agenda: when each piece of work is due.
//!
//! A piece of work is unknown, waiting, or claimed by its driver. Nothing here is durable: at start-up, and once a second
//! for the work of clients that gave up, unfinished work that is unknown is adopted from the store. Two drivers of one
//! piece of work do no harm, since every step can be taken twice; claims only save calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::domain::Work;

/// When each piece of work of a process is due.
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
    /// Claims a work, also one that is claimed already.
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

    /// Claims the work that has been due for the longest time, if one is due.
    pub fn claim_due(self: &Arc<Self>, now: Instant) -> Option<Claim> {
        let (until, work) = *self.lock().due.first()?;
        (until <= now).then(|| self.claim(work))
    }

    /// Adds the work that is unknown, due now.
    pub fn adopt(&self, works: impl IntoIterator<Item = Work>, now: Instant) {
        let mut entries = self.lock();
        for work in works {
            if !entries.known.contains_key(&work) {
                entries.wait(work, now, 0);
            }
        }
    }

    /// The time when the next piece of work is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.lock().due.first().map(|(until, _)| *until)
    }

    /// Completes when a claim was given back since the last call.
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

/// A piece of work with its driver. When dropped, the work goes back to the agenda unless it is finished.
#[derive(Debug)]
pub struct Claim {
    agenda: Arc<Agenda>,
    work: Work,
    /// Fruitless attempts since the record last changed.
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
    /// The claimed work.
    pub fn work(&self) -> Work {
        self.work
    }

    /// Makes the work due at `until` once this is dropped.
    pub fn wait_until(&mut self, until: Instant) {
        self.then = Then::At(until);
    }

    /// Makes the work due at once when this is dropped.
    pub fn wait_no_longer(&mut self) {
        self.then = Then::Now;
    }

    /// Forgets the work when this is dropped.
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
        // Another driver may have given it back already.
        if !matches!(entries.known.get(&self.work), Some(Known::Waiting { .. })) {
            entries.wait(self.work, until, self.attempts);
            drop(entries);
            self.agenda.changed.notify_one();
        }
    }
}
