//! Observations of the system for invariants, and a cache of them.

use std::time::Duration;

use bytes::Bytes;
use scenario::SharedValue;
use tokio::time::Instant;
use verdict::Reply;

use crate::{World, request::PreparedRequest};

/// The observations of one check of all invariants, in the order in which they were made. Invariants share them where
/// possible: within one invariant, each observation must be younger than the one before it.
#[derive(Debug, Default)]
pub(crate) struct Observations(Vec<(PreparedRequest, Result<Observed, String>)>);

/// A reply to an observation.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) reply: Reply,
    /// How long it took to come.
    pub(crate) took: Duration,
    /// The value of its body.
    pub(crate) value: SharedValue,
}

/// The observations of former checks: most steps change nothing that an invariant observes.
#[derive(Debug, Default)]
pub(crate) struct ObservationCache {
    /// The last reply to each request, with its value.
    replies: Vec<(PreparedRequest, Bytes, SharedValue)>,
    /// The values on which each invariant last held, by its index.
    held: Vec<Vec<SharedValue>>,
}

impl Observations {
    /// Returns the position of an observation and what was observed, or why there is no reply. It was made at position `first`
    /// or later; the request is sent if there is none yet.
    pub(crate) async fn get<W: World>(
        &mut self,
        first: usize,
        request: PreparedRequest,
        world: &W,
        cache: &mut ObservationCache,
    ) -> (usize, Result<&Observed, &str>) {
        let made = self.0.iter().enumerate().skip(first).find(|(_, (other, _))| *other == request);
        let position = if let Some((position, _)) = made {
            position
        } else {
            let began = Instant::now();
            let observed = match request.observe(world).await {
                Ok(reply) => {
                    let value = cache.value(&request, &reply);
                    Ok(Observed { reply, took: began.elapsed(), value })
                }
                Err(none) => Err(format!("{request}: {none}")),
            };
            self.0.push((request, observed));
            self.0.len() - 1
        };
        (position, self.0[position].1.as_ref().map_err(String::as_str))
    }
}

impl ObservationCache {
    /// The value of a reply: the cached one if the body is the same as before.
    fn value(&mut self, request: &PreparedRequest, reply: &Reply) -> SharedValue {
        let former = self.replies.iter_mut().find(|(other, ..)| other == request);
        match former {
            Some((_, body, value)) if *body == reply.body => value.clone(),
            Some((_, body, value)) => {
                *value = reply.value();
                *body = reply.body.clone();
                value.clone()
            }
            None => {
                let value = reply.value();
                self.replies.push((request.clone(), reply.body.clone(), value.clone()));
                value
            }
        }
    }

    /// Whether the invariant with this index last held on the same values.
    pub(crate) fn held_on(&self, index: usize, observed: &[SharedValue]) -> bool {
        self.held.get(index).is_some_and(|held| {
            held.len() == observed.len()
                && held.iter().zip(observed).all(|(held, observed)| held.is(observed))
        })
    }

    /// Remembers that the invariant with this index holds on these values.
    pub(crate) fn set_held_on(&mut self, index: usize, observed: Vec<SharedValue>) {
        if self.held.len() <= index {
            self.held.resize(index + 1, Vec::new());
        }
        self.held[index] = observed;
    }
}
