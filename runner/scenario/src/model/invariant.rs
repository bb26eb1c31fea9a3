use super::Call;
use crate::Expression;

/// A condition that must hold in every scenario.
#[derive(Debug, Clone)]
pub struct Invariant {
    /// Its name, a sentence about what must hold.
    pub name: String,
    /// When it must hold.
    pub when: InvariantTiming,
    /// The requests that observe the system, each with the name that stands for its reply's body. They meet no fault.
    pub observe: Vec<(String, Call)>,
    /// Expressions over those names, each of which must be true.
    pub holds: Vec<Expression>,
}

/// When an invariant must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvariantTiming {
    /// After every step.
    Always,
    /// Once the faults are healed, the services run and the system has had time to settle.
    Settled,
}
