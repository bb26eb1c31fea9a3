//! Drives the work that no handler drives: after a crash, after a client gave up, after an outage of a dependency.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::Saga;
use super::agenda::Claim;
use crate::domain::Work;

/// Pieces of work driven at once.
const AT_ONCE: usize = 32;
/// Interval at which the store is searched for work that the agenda doesn't have.
const RESCAN: Duration = Duration::from_secs(1);
/// Most pieces of work of one search.
const BATCH: usize = 10_000;

/// Drives work until it is dropped.
pub async fn sweep(saga: Arc<Saga>) {
    let mut driven = FuturesUnordered::new();
    let mut rescan = Instant::now();
    let mut scanned = None;
    loop {
        if rescan <= Instant::now() {
            scanned = adopt(&saga, scanned);
            rescan = Instant::now() + RESCAN;
        }
        while driven.len() < AT_ONCE
            && let Some(claim) = saga.agenda.claim_due(Instant::now())
        {
            driven.push(once(&saga, claim));
        }
        let due = if driven.len() < AT_ONCE { saga.agenda.next_due() } else { None };
        let wake = due.map_or(rescan, |due| due.min(rescan));
        tokio::select! {
            biased;
            Some(()) = driven.next() => {}
            () = saga.agenda.changed() => {}
            () = sleep_until(wake) => {}
        }
    }
}

async fn once(saga: &Saga, mut claim: Claim) {
    saga.drive(&mut claim, &mut None).await;
}

/// Adopts one batch. Returns the last piece of work of a full one, after which the next batch begins.
fn adopt(saga: &Saga, after: Option<Work>) -> Option<Work> {
    match saga.store.unfinished(after, BATCH) {
        Ok(works) => {
            let last = works.last().copied().filter(|_| works.len() == BATCH);
            saga.agenda.adopt(works, Instant::now());
            last
        }
        Err(error) => {
            tracing::error!(%error, "unfinished work can't be read; trying again");
            after
        }
    }
}
