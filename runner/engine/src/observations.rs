//! What invariants see of the system, and which of them need no judging since they see what they saw.

use bytes::Bytes;
use scenario::SharedValue;

use crate::{World, request::Prepared};

/// What was observed in one look, in this order. What several invariants are about is asked for once where it can be:
/// within an invariant, each observation is younger than the one before it.
#[derive(Debug, Default)]
pub(crate) struct Observations(Vec<(Prepared, Result<SharedValue, String>)>);

/// What was observed last, in any look: most steps change nothing that an invariant is about.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    replies: Vec<(Prepared, Bytes, SharedValue)>,
    /// On what each invariant last held, by its place.
    held: Vec<Vec<SharedValue>>,
}

impl Observations {
    /// What a request brings that is no earlier than the one in place `from`. Says in which place it is, too.
    pub(crate) async fn get<W: World>(
        &mut self,
        from: usize,
        prepared: Prepared,
        world: &W,
        memory: &mut Memory,
    ) -> (usize, Result<SharedValue, String>) {
        let known = self.0.iter().enumerate().skip(from).find(|(_, (other, _))| *other == prepared);
        if let Some((place, (_, seen))) = known {
            return (place, seen.clone());
        }
        let seen = match prepared.observe(world).await {
            Ok(reply) if reply.status.is_success() => Ok(memory.known(&prepared, reply)),
            Ok(reply) => Err(format!("{prepared} answered {}", reply.status)),
            Err(none) => Err(format!("{prepared}: {none}")),
        };
        self.0.push((prepared, seen.clone()));
        (self.0.len() - 1, seen)
    }
}

impl Memory {
    /// The value of a reply: the former one when it is the same reply again.
    fn known(&mut self, prepared: &Prepared, reply: verdict::Reply) -> SharedValue {
        let former = self.replies.iter_mut().find(|(other, ..)| other == prepared);
        match former {
            Some((_, body, known)) if *body == reply.body => known.clone(),
            Some((_, body, known)) => {
                *known = reply.value().into();
                *body = reply.body;
                known.clone()
            }
            None => {
                let known = SharedValue::from(reply.value());
                self.replies.push((prepared.clone(), reply.body, known.clone()));
                known
            }
        }
    }

    /// Whether the invariant in this place has held on the very same.
    pub(crate) fn holds(&self, place: usize, observed: &[SharedValue]) -> bool {
        self.held.get(place).is_some_and(|held| {
            held.len() == observed.len()
                && held.iter().zip(observed).all(|(held, observed)| held.is(observed))
        })
    }

    /// The invariant in this place holds on this.
    pub(crate) fn held(&mut self, place: usize, observed: Vec<SharedValue>) {
        if self.held.len() <= place {
            self.held.resize(place + 1, Vec::new());
        }
        self.held[place] = observed;
    }
}
