use super::{Call, Expectations};
use crate::Expression;

/// A condition that must hold in every scenario.
#[derive(Debug, Clone)]
pub struct Invariant {
    /// Its name, a sentence about what must hold.
    pub name: String,
    /// When it must hold.
    pub when: InvariantTiming,
    /// The requests that observe the system, in order. They meet no fault.
    pub observe: Vec<Observation>,
    /// Expressions over those names, each of which must be true.
    pub holds: Vec<Expression>,
}

/// A request that observes the system.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The name that stands for the body of its reply.
    pub name: String,
    /// The request.
    pub call: Call,
    /// The replies that can be judged.
    pub reply: ObservedReply,
}

/// The replies to an observation that can be judged.
#[derive(Debug, Clone)]
pub enum ObservedReply {
    /// Those with a status of success.
    Success,
    /// Those with a status below 400.
    NoError,
    /// Those that meet these expectations; the invariant doesn't hold on any other.
    Expected(Box<Expectations>),
}

/// When an invariant must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvariantTiming {
    /// After every step.
    Always,
    /// Once the faults are healed, the services run and the system has had time to settle.
    Settled,
}
