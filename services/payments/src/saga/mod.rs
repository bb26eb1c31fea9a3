//! How payments and refunds go on: one function, [`Saga::step`], takes one a step further. The request handler, the
//! recovery at start-up and the sweeper all call it, and nothing else does what it does.
//!
//! - [`agenda`]: which work waits until when; in memory, since every step can be taken again at any time;
//! - [`calls`]: the calls to users and orders, and what their replies mean;
//! - [`sweeper`]: takes up what no handler drives.

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
    /// Where records are.
    pub store: PaymentStore,
    /// Whom it calls.
    pub dependencies: Dependencies,
    /// What is to be done when.
    pub agenda: Arc<Agenda>,
    /// What time it is, for deadlines.
    pub clock: Arc<dyn Clock>,
    /// Seeds the jitter of waits.
    pub seed: u64,
}

/// What came of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is nothing more to do.
    Finished,
    /// The record changed.
    Moved,
    /// It was tried, and nobody knows what came of it.
    Fruitless,
    /// It could not even be tried: the dependency's circuit is open for so long.
    Postponed(Duration),
}

impl Saga {
    /// The present moment.
    pub fn now(&self) -> Moment {
        Moment(self.clock.now().as_millisecond())
    }

    /// Takes a piece of work one step further: makes the call that its state asks for, and records the answer if
    /// it decides anything. Can be cancelled at any await and taken again.
    ///
    /// `known` is the record when the caller has seen its present state, and is then what it became; a step that was
    /// fruitless empties it, so that the next one looks again.
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
        match self.store.happened(work, event, self.now()).await {
            Ok(Some(changed)) => {
                tracing::debug!(%work, ?event, "went on");
                *known = Some(changed);
                Step::Moved
            }
            Ok(None) => {
                // Somebody else was quicker, or the reply is one that no rule expects: look again, later.
                tracing::warn!(%work, ?event, "changed nothing");
                Step::Fruitless
            }
            Err(error) => failed(work, &error),
        }
    }

    /// Takes steps until the work is finished (nothing is returned) or has to wait (so long).
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

    /// Drives new work on behalf of a waiting client, for so long at most; then the sweeper goes on with it. Answers
    /// with how far it got; `known` is the record if it was just made.
    pub async fn drive_for(
        &self,
        patience: Duration,
        work: Work,
        mut known: Option<Loaded>,
    ) -> Result<Loaded, StoreError> {
        let end = Instant::now() + patience;
        let mut claim = self.agenda.claim(work);
        let driven = timeout_at(end, async {
            while let Some(wait) = self.drive(&mut claim, &mut known).await {
                if Instant::now() + wait >= end {
                    return;
                }
                sleep(wait).await;
                claim.go_on();
            }
        });
        // Out of time or not, the record says how far it got.
        let _ = driven.await;
        known.map_or_else(|| self.store.load(work), Ok)
    }
}

fn failed(work: Work, error: &StoreError) -> Step {
    tracing::error!(%work, %error, "the store failed; trying again later");
    Step::Fruitless
}
