use std::{ops::RangeInclusive, path::PathBuf, sync::Arc, time::Duration};

use fault::{Fault, ServiceName};

use super::{Call, Expectations, Generator, Step};
use crate::Expression;

/// Operations and faults from which sequences of steps are generated.
#[derive(Debug, Clone)]
pub struct Exploration {
    /// Its name.
    pub name: String,
    /// The tags it can be selected by.
    pub tags: Vec<String>,
    /// The file it was read from, as it was named.
    pub file: Arc<PathBuf>,
    /// How many steps a sequence has.
    pub length: RangeInclusive<u32>,
    /// The most requests sent at once; each sequence draws its number from this range.
    pub clients: RangeInclusive<u32>,
    /// The operations of clients.
    pub operations: Vec<Operation>,
    /// The weight of an earlier request being sent once more under its key.
    pub again: u32,
    /// The faults that may happen.
    pub faults: Vec<Fault>,
    /// How often a fault is injected, and for how many steps it is in force.
    pub inject: Disturbance,
    /// The services that may be killed.
    pub killable: Vec<ServiceName>,
    /// How often one is killed, and for how many steps it stays down.
    pub kill: Disturbance,
    /// The weight of a step that only waits; 0 when there are none.
    pub wait_weight: u32,
    /// How long such a step waits.
    pub wait_times: RangeInclusive<Duration>,
    /// How long the system may take to settle after the last step; the configuration's time when `None`.
    pub settle: Option<Duration>,
    /// The steps before those of every sequence, which e2e.conf has.
    pub before: Vec<Step>,
    /// The steps at the end of every sequence, which e2e.conf has.
    pub finally: Vec<Step>,
}

/// How often something goes wrong, and for how many steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disturbance {
    /// Its weight beside the operations; 0 when it never happens.
    pub weight: u32,
    /// How many steps pass until it is over.
    pub steps: RangeInclusive<u32>,
}

/// A request that a client can send.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// Its weight beside the other operations.
    pub weight: u32,
    /// The values that are drawn for it, each with its name.
    pub values: Vec<(String, Generator)>,
    /// The handles it uses, each made by another operation before it.
    pub needs: Vec<String>,
    /// The request. Besides values and handles it can name [`Operation::KEY`].
    pub call: Call,
    /// The expectations on its reply, if one comes.
    pub expect: Expectations,
    /// The expectations in place of `expect` while nothing has gone wrong yet and no other request is in
    /// flight.
    pub undisturbed: Option<Expectations>,
    /// The handles it makes when it succeeds, with the expressions that give them.
    pub makes: Vec<(String, Expression)>,
    /// An expression with the same value for every success of the same request.
    pub same: Option<Expression>,
    /// Whether sending it again has no further effect, though it has no key.
    pub idempotent: bool,
}

impl Operation {
    /// The name of the idempotency key, of which each operation of each sequence has its own.
    pub const KEY: &'static str = "key";

    /// Whether it is sent under a key.
    pub fn has_key(&self) -> bool {
        self.call.names().any(|name| name == Self::KEY)
    }

    /// Whether it can be sent again without a further effect.
    pub fn is_repeatable(&self) -> bool {
        self.idempotent || self.has_key()
    }
}
