//! Looks for failures in one build, with every seed.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    arguments::Arguments,
    scratch::Scratch,
    strategy::{SeededBuild, Strategy},
};

/// A failure that was found with one seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Find {
    /// The strategy that found it first.
    pub(crate) strategy: Strategy,
    /// The time until then, shrinking included.
    pub(crate) after: Duration,
    /// The steps of the smallest scenario that any strategy found.
    pub(crate) steps: usize,
}

/// Looks for failures in a build. Returns what was found with each seed, in the order of the seeds.
pub(crate) fn hunt(scratch: &Scratch, simulate: &Path, arguments: &Arguments) -> Result<Vec<Option<Find>>> {
    let next = AtomicU64::new(1);
    let limit = Duration::from_secs(arguments.limit);
    let work = || -> Result<Vec<(u64, Option<Find>)>> {
        let mut finds = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > arguments.seeds {
                return Ok(finds);
            }
            finds.push((seed, look(&SeededBuild { simulate, tree: &scratch.tree, seed }, limit)?));
        }
    };
    let mut finds = thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.jobs.get()).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| worker.join().expect("a worker doesn't panic"));
        ended.collect::<Result<Vec<_>>>()
    })?
    .concat();
    finds.sort_by_key(|(seed, _)| *seed);
    Ok(finds.into_iter().map(|(_, find)| find).collect())
}

/// Tries one strategy after the other. After a find by a scenario an exploration is tried too: it may need fewer steps.
fn look(build: &SeededBuild, limit: Duration) -> Result<Option<Find>> {
    let began = Instant::now();
    let mut find: Option<Find> = None;
    for strategy in Strategy::ALL {
        let share = match (strategy, find) {
            (Strategy::Scenarios, _) | (Strategy::Exploration, Some(_)) => limit / 4,
            (Strategy::Exploration, None) => limit / 2,
            (Strategy::Sweep, None) => limit,
            (Strategy::Sweep, Some(_)) => break,
        };
        let left = limit.saturating_sub(began.elapsed());
        if let Some(steps) = strategy.look(build, share.min(left))? {
            let first = find.get_or_insert(Find { strategy, after: began.elapsed(), steps });
            first.steps = first.steps.min(steps);
        }
    }
    Ok(find)
}
