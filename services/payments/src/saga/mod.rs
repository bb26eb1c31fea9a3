//! The saga of payments and refunds. One function, [`Saga::step`], takes a piece of work one step further; request handlers, the
//! recovery at start-up and the sweeper all call it, and no other code makes these calls.
//!
//! - [`agenda`]: when each piece of work is due; in memory, since every step can be repeated at any time;
//! - [`calls`]: the calls to users and orders, and the meaning of their replies;
//! - [`sweeper`]: drives the work that no handler drives.

pub mod agenda;
pub mod calls;
pub mod sweeper;

use std::sync::Arc;
use std::time::Duration;

use chassis::{Clock, StoreError};
use tokio::time::{Instant, sleep, timeout_at};

use self::agenda::{Agenda, Claim};
use self::calls::{Called, Dependencies};
use crate::domain::{Answer, Event, Moment, Next, Work, backoff};
use crate::store::{Loaded, PaymentStore};

/// Everything that a step needs.
pub struct Saga {
    /// Records of payments and refunds.
    pub store: PaymentStore,
    /// Clients of users and orders.
    pub dependencies: Dependencies,
    /// When each piece of work is due.
    pub agenda: Arc<Agenda>,
    /// Wall clock, for deadlines.
    pub clock: Arc<dyn Clock>,
    /// Seed of the jitter in backoffs.
    pub seed: u64,
}

/// Result of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is nothing more to do.
    Finished,
    /// The record changed.
    Moved,
    /// It had no effect, or its outcome is unknown.
    Fruitless,
    /// The circuit of the dependency is open for this long, so no call was made.
    Postponed(Duration),
}

impl Saga {
    /// The present moment.
    pub fn now(&self) -> Moment {
        Moment(self.clock.now().as_millisecond())
    }

    /// Takes a piece of work one step further: makes the call that its state needs, and records the answer if it decides anything.
    /// Can be cancelled at any await and repeated.
    ///
    /// `known` is the record when the caller has just read it, and afterwards the changed record; a fruitless step empties
    /// it, so that the next one reads it again.
    pub async fn step(&self, work: Work, known: &mut Option<Loaded>) -> Step {
        let loaded = match known.take().map_or_else(|| self.store.load(work), Ok) {
            Ok(loaded) => loaded,
            Err(error) => return failed(work, &error),
        };
        let event = match loaded.due(self.now()) {
            Next::Stay => {
                *known = Some(loaded);
                return Step::Finished;
            }
            Next::Become(()) => Event::Due,
            Next::Call(command) => match self.dependencies.call(command, &loaded, self.store.tag()).await {
                Called::Open { retry_after } => return Step::Postponed(retry_after),
                Called::Answered(Answer::Unclear) => return Step::Fruitless,
                Called::Answered(answer) => Event::Answered(command, answer),
            },
        };
        match self.store.apply(work, event, self.now()).await {
            Ok(Some(changed)) => {
                tracing::debug!(%work, ?event, "the record changed");
                *known = Some(changed);
                Step::Moved
            }
            Ok(None) => {
                // Another driver was faster, or no rule expects this reply: read the record again, later.
                tracing::warn!(%work, ?event, "the event changed nothing");
                Step::Fruitless
            }
            Err(error) => failed(work, &error),
        }
    }

    /// Takes steps until the work is finished (`None`) or has to wait for the returned time.
    pub async fn drive(&self, claim: &mut Claim, known: &mut Option<Loaded>) -> Option<Duration> {
        loop {
            let work = claim.work();
            let wait = match self.step(work, known).await {
                Step::Finished => {
                    claim.finish();
                    return None;
                }
                Step::Moved => {
                    claim.attempts = 0;
                    continue;
                }
                Step::Fruitless => {
                    claim.attempts = claim.attempts.saturating_add(1);
                    backoff::wait(self.seed, work, claim.attempts)
                }
                Step::Postponed(retry_after) => backoff::spread(self.seed, work, claim.attempts, retry_after),
            };
            claim.wait_until(Instant::now() + wait);
            return Some(wait);
        }
    }

    /// Drives new work for a waiting client, for at most `within`; after that the sweeper drives it. Returns the record as
    /// it is by then. `known` is the record if it was just made.
    pub async fn drive_for(
        &self,
        within: Duration,
        work: Work,
        mut known: Option<Loaded>,
    ) -> Result<Loaded, StoreError> {
        let end = Instant::now() + within;
        let mut claim = self.agenda.claim(work);
        let driven = timeout_at(end, async {
            while let Some(wait) = self.drive(&mut claim, &mut known).await {
                if Instant::now() + wait >= end {
                    return;
                }
                sleep(wait).await;
                claim.wait_no_longer();
            }
        });
        // In time or not, the record has what was reached.
        let _ = driven.await;
        known.map_or_else(|| self.store.load(work), Ok)
    }
}

fn failed(work: Work, error: &StoreError) -> Step {
    tracing::error!(%work, %error, "the store failed; trying again later");
    Step::Fruitless
}
