//! One build, looked at with every seed.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    arguments::Arguments,
    lane::{Lane, Place},
    scratch::Scratch,
};

/// A bug, found with one seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// By which of the lanes at first.
    pub(crate) lane: Lane,
    /// After how long, shrinking and all.
    pub(crate) after: Duration,
    /// In how many steps at best.
    pub(crate) steps: usize,
}

/// Looks for something wrong with each seed. Gives what was found with each, in order.
pub(crate) fn hunt(scratch: &Scratch, simulate: &Path, arguments: &Arguments) -> Result<Vec<Option<Found>>> {
    let next = AtomicU64::new(1);
    let limit = Duration::from_secs(arguments.limit);
    let work = || -> Result<Vec<(u64, Option<Found>)>> {
        let mut found = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > arguments.seeds {
                return Ok(found);
            }
            found.push((seed, look(&Place { simulate, tree: &scratch.tree, seed }, limit)?));
        }
    };
    let mut found = thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.jobs.get()).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| worker.join().expect("a worker doesn't panic"));
        ended.collect::<Result<Vec<_>>>()
    })?
    .concat();
    found.sort_by_key(|(seed, _)| *seed);
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

/// One lane after the other. What a scenario has shown, an exploration may still show in fewer steps.
fn look(place: &Place, limit: Duration) -> Result<Option<Found>> {
    let began = Instant::now();
    let mut found: Option<Found> = None;
    for lane in Lane::ALL {
        let share = match (lane, found) {
            (Lane::Scenarios, _) | (Lane::Exploration, Some(_)) => limit / 4,
            (Lane::Exploration, None) => limit / 2,
            (Lane::Sweep, None) => limit,
            (Lane::Sweep, Some(_)) => break,
        };
        let left = limit.saturating_sub(began.elapsed());
        if let Some(steps) = lane.look(place, share.min(left))? {
            let first = found.get_or_insert(Found { lane, after: began.elapsed(), steps });
            first.steps = first.steps.min(steps);
        }
    }
    Ok(found)
}
