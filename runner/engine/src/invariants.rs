//! Watches what must hold whatever happens.

use std::time::Duration;

use scenario::{Invariant, Scope, When};
use serde_json::Value;
use tokio::time::Instant;
use verdict::{Finding, judge_invariant};

use crate::{World, request::Prepared};

/// How long the engine waits before its second look at a system that settles, and how long at most between two: what
/// settles does so soon, and what never does isn't asked a hundred times.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// The invariants of a run. Also for tests that are no scenarios.
#[derive(Debug)]
pub struct Watch<'a> {
    invariants: &'a [Invariant],
    timeout: Duration,
}

/// What came of a look at an invariant.
enum Look {
    /// Something it is about can't be seen now, and why.
    Unobservable(String),
    /// It was evaluated.
    Judged(Vec<Finding>),
}

/// What was observed in one look, in that order: values, or why there is none. Invariants share it, as long as each of them
/// sees its own observations in the order in which it names them.
#[derive(Default)]
struct Seen(Vec<(Prepared, Result<Value, String>)>);

impl Seen {
    /// Where, from `from` on, the reply to a request stands, which is sent unless it has been.
    async fn place<W: World>(&mut self, asked: Prepared, from: usize, world: &W) -> usize {
        if let Some(after) = self.0[from..].iter().position(|(before, _)| *before == asked) {
            return from + after;
        }
        let seen = match asked.observe(world).await {
            Ok(reply) if reply.status.is_success() => Ok(reply.value()),
            Ok(reply) => Err(format!("{asked} answered {}", reply.status)),
            Err(none) => Err(format!("{asked}: {none}")),
        };
        self.0.push((asked, seen));
        self.0.len() - 1
    }
}

impl<'a> Watch<'a> {
    /// A watch over these. `timeout` is how long an observation may take.
    pub fn new(invariants: &'a [Invariant], timeout: Duration) -> Self {
        Self { invariants, timeout }
    }

    /// What doesn't hold now, of all that must always hold and can be observed.
    pub async fn look<W: World>(&self, world: &W) -> Vec<Finding> {
        let (mut seen, mut findings) = (Seen::default(), Vec::new());
        for invariant in self.invariants.iter().filter(|invariant| invariant.when == When::Always) {
            if let Look::Judged(found) = self.judge(invariant, &mut seen, world).await {
                findings.extend(found);
            }
        }
        findings
    }

    /// Waits until everything holds, `within` at most. Says what doesn't, in the end.
    pub async fn settle<W: World>(&self, world: &W, within: Duration) -> Vec<Finding> {
        let deadline = Instant::now() + within;
        let mut pause = FIRST_PAUSE;
        loop {
            let (mut seen, mut findings) = (Seen::default(), Vec::new());
            for invariant in self.invariants {
                match self.judge(invariant, &mut seen, world).await {
                    Look::Judged(found) => findings.extend(found),
                    Look::Unobservable(why) => {
                        findings.push(Finding::new(&invariant.name, "can be observed", why));
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

    async fn judge<W: World>(&self, invariant: &Invariant, seen: &mut Seen, world: &W) -> Look {
        let mut observed = Scope::default();
        let mut from = 0;
        for (name, call) in &invariant.observe {
            let prepared = match Prepared::new(call, &observed, self.timeout) {
                Ok(prepared) => prepared,
                Err(error) => {
                    return Look::Judged(vec![Finding::new(&invariant.name, error.expression, error.reason)]);
                }
            };
            let place = seen.place(prepared, from, world).await;
            match &seen.0[place].1 {
                Ok(value) => observed.set(name, value.clone()),
                Err(why) => return Look::Unobservable(why.clone()),
            }
            from = place + 1;
        }
        Look::Judged(judge_invariant(invariant, &observed))
    }
}
