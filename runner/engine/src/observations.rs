//! Observations of the system for invariants, and a cache of them.

use bytes::Bytes;
use scenario::SharedValue;

use crate::{World, request::PreparedRequest};

/// The observations of one check of all invariants, in the order in which they were made. Invariants share them where
/// possible: within one invariant, each observation must be younger than the one before it.
#[derive(Debug, Default)]
pub(crate) struct Observations(Vec<(PreparedRequest, Result<SharedValue, String>)>);

/// The observations of former checks: most steps change nothing that an invariant observes.
#[derive(Debug, Default)]
pub(crate) struct ObservationCache {
    /// The last reply to each request, with its value.
    replies: Vec<(PreparedRequest, Bytes, SharedValue)>,
    /// The values on which each invariant last held, by its index.
    held: Vec<Vec<SharedValue>>,
}

impl Observations {
    /// Returns the position and value of an observation, made at position `first` or later. The request is sent if there
    /// is none yet.
    pub(crate) async fn get<W: World>(
        &mut self,
        first: usize,
        request: PreparedRequest,
        world: &W,
        cache: &mut ObservationCache,
    ) -> (usize, Result<SharedValue, String>) {
        let made = self.0.iter().enumerate().skip(first).find(|(_, (other, _))| *other == request);
        if let Some((position, (_, value))) = made {
            return (position, value.clone());
        }
        let value = match request.observe(world).await {
            Ok(reply) if reply.status.is_success() => Ok(cache.value(&request, reply)),
            Ok(reply) => Err(format!("{request} answered {}", reply.status)),
            Err(none) => Err(format!("{request}: {none}")),
        };
        self.0.push((request, value.clone()));
        (self.0.len() - 1, value)
    }
}

impl ObservationCache {
    /// The value of a reply: the cached one if the body is the same as before.
    fn value(&mut self, request: &PreparedRequest, reply: verdict::Reply) -> SharedValue {
        let former = self.replies.iter_mut().find(|(other, ..)| other == request);
        match former {
            Some((_, body, value)) if *body == reply.body => value.clone(),
            Some((_, body, value)) => {
                *value = reply.value();
                *body = reply.body;
                value.clone()
            }
            None => {
                let value = reply.value();
                self.replies.push((request.clone(), reply.body, value.clone()));
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
