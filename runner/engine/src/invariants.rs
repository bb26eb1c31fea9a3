//! Watches what must hold whatever happens.

use std::time::Duration;

use scenario::{Invariant, InvariantTiming, Scope};
use tokio::time::Instant;
use verdict::{Finding, FindingKind, judge_invariant};

use crate::{
    World,
    observations::{Memory, Observations},
    request::Prepared,
};

/// How long the engine waits before its second look at a system that settles, and how long at most between two: what
/// settles does so soon, and what never does isn't asked a hundred times.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// The invariants of a run. Also for tests that are no scenarios.
#[derive(Debug)]
pub struct Watch<'a> {
    invariants: &'a [Invariant],
    timeout: Duration,
    memory: Memory,
}

/// What came of a look at an invariant.
enum Look {
    /// Something it is about can't be seen now, and why.
    Unobservable(String),
    /// It was evaluated.
    Judged(Vec<Finding>),
}

impl<'a> Watch<'a> {
    /// A watch over these. `timeout` is how long an observation may take.
    pub fn new(invariants: &'a [Invariant], timeout: Duration) -> Self {
        Self { invariants, timeout, memory: Memory::default() }
    }

    /// What doesn't hold now, of all that must always hold and can be observed.
    pub async fn look<W: World>(&mut self, world: &W) -> Vec<Finding> {
        let (mut findings, mut observations) = (Vec::new(), Observations::default());
        for (place, invariant) in self.invariants.iter().enumerate() {
            if invariant.when == InvariantTiming::Always
                && let Look::Judged(found) = self.judge(place, invariant, world, &mut observations).await
            {
                findings.extend(found);
            }
        }
        findings
    }

    /// Waits until everything holds, `within` at most. Says what doesn't, in the end.
    pub async fn settle<W: World>(&mut self, world: &W, within: Duration) -> Vec<Finding> {
        let deadline = Instant::now() + within;
        let mut pause = FIRST_PAUSE;
        loop {
            let (mut findings, mut observations) = (Vec::new(), Observations::default());
            for (place, invariant) in self.invariants.iter().enumerate() {
                match self.judge(place, invariant, world, &mut observations).await {
                    Look::Judged(found) => findings.extend(found),
                    Look::Unobservable(why) => {
                        let kind = FindingKind::Invariant(invariant.name.clone());
                        findings.push(Finding::new(kind, "can be observed", why));
                    }
                }
            }
            if findings.is_empty() || Instant::now() >= deadline {
                return findings;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn judge<W: World>(
        &mut self,
        place: usize,
        invariant: &Invariant,
        world: &W,
        observations: &mut Observations,
    ) -> Look {
        let (mut scope, mut observed, mut from) = (Scope::default(), Vec::new(), 0);
        for (name, call) in &invariant.observe {
            let prepared = match Prepared::new(call, &scope, self.timeout) {
                Ok(prepared) => prepared,
                Err(error) => {
                    let kind = FindingKind::Invariant(invariant.name.clone());
                    return Look::Judged(vec![Finding::new(kind, error.expression, error.reason)]);
                }
            };
            let (at, seen) = observations.get(from, prepared, world, &mut self.memory).await;
            match seen {
                Err(why) => return Look::Unobservable(why),
                Ok(seen) => {
                    scope.share(name, seen.clone());
                    observed.push(seen);
                }
            }
            from = at + 1;
        }
        if self.memory.holds(place, &observed) {
            return Look::Judged(Vec::new());
        }
        let findings = judge_invariant(invariant, &scope);
        if findings.is_empty() {
            self.memory.held(place, observed);
        }
        Look::Judged(findings)
    }
}
