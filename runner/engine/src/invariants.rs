//! Checks invariants, after each step and at the end of a scenario.

use std::time::Duration;

use scenario::{Invariant, InvariantTiming, Scope};
use tokio::time::Instant;
use verdict::{Finding, FindingKind, judge_invariant};

use crate::{
    World,
    observations::{ObservationCache, Observations},
    polling::{Pauses, Polling},
    request::PreparedRequest,
};

/// Pauses between checks of a system that settles: most systems settle soon, and one that never does isn't polled a
/// hundred times.
const PAUSES: Pauses =
    Pauses { first: Duration::from_millis(25), longest: Duration::from_millis(400), growth_percent: 200 };

/// Checks the invariants of a run. Tests that aren't scenarios can use it too.
#[derive(Debug)]
pub struct InvariantChecker<'a> {
    invariants: &'a [Invariant],
    timeout: Duration,
    cache: ObservationCache,
}

/// The result of checking one invariant.
enum Checked {
    /// A request that observes the system failed, for this reason.
    Unobservable(String),
    /// It was evaluated; without findings it holds.
    Judged(Vec<Finding>),
}

impl<'a> InvariantChecker<'a> {
    /// A checker of these invariants. `timeout` is how long a request that observes the system may take.
    pub fn new(invariants: &'a [Invariant], timeout: Duration) -> Self {
        Self { invariants, timeout, cache: ObservationCache::default() }
    }

    /// Checks what must always hold, and returns what doesn't. An invariant that can't be observed now isn't checked.
    pub async fn check<W: World>(&mut self, world: &W) -> Vec<Finding> {
        let (mut findings, mut observations) = (Vec::new(), Observations::default());
        for (index, invariant) in self.invariants.iter().enumerate() {
            if invariant.when == InvariantTiming::Always
                && let Checked::Judged(found) = self.judge(index, invariant, world, &mut observations).await
            {
                findings.extend(found);
            }
        }
        findings
    }

    /// Polls until all invariants hold, for at most `within`, and returns what still doesn't hold then.
    pub async fn settle<W: World>(&mut self, world: &W, within: Duration) -> Vec<Finding> {
        let mut polling = Polling::until(Instant::now() + within, PAUSES);
        let mut findings = Vec::new();
        while polling.next().await {
            findings.clear();
            let mut observations = Observations::default();
            for (index, invariant) in self.invariants.iter().enumerate() {
                match self.judge(index, invariant, world, &mut observations).await {
                    Checked::Judged(found) => findings.extend(found),
                    Checked::Unobservable(why) => {
                        let kind = FindingKind::Invariant(invariant.name.clone());
                        findings.push(Finding::new(kind, "can be observed", why));
                    }
                }
            }
            if findings.is_empty() {
                break;
            }
        }
        findings
    }

    async fn judge<W: World>(
        &mut self,
        index: usize,
        invariant: &Invariant,
        world: &W,
        observations: &mut Observations,
    ) -> Checked {
        let (mut scope, mut observed, mut next) = (Scope::default(), Vec::new(), 0);
        for (name, call) in &invariant.observe {
            let prepared = match PreparedRequest::new(call, &scope, self.timeout) {
                Ok(prepared) => prepared,
                Err(error) => {
                    let kind = FindingKind::Invariant(invariant.name.clone());
                    return Checked::Judged(vec![Finding::new(kind, error.expression, error.reason)]);
                }
            };
            let (position, value) = observations.get(next, prepared, world, &mut self.cache).await;
            match value {
                Err(why) => return Checked::Unobservable(why),
                Ok(value) => {
                    scope.share(name, value.clone());
                    observed.push(value);
                }
            }
            next = position + 1;
        }
        if self.cache.held_on(index, &observed) {
            return Checked::Judged(Vec::new());
        }
        let findings = judge_invariant(invariant, &scope);
        if findings.is_empty() {
            self.cache.set_held_on(index, observed);
        }
        Checked::Judged(findings)
    }
}
