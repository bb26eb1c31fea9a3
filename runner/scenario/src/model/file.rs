use crate::{Exploration, Invariant, Scenario};

/// What a file among the scenarios holds.
#[derive(Debug, Clone)]
pub enum File {
    /// A scenario, in a file with the key `scenario`.
    Scenario(Box<Scenario>),
    /// A scenario with `examples`: one for each row.
    Examples(Vec<Scenario>),
    /// Invariants for all scenarios, in a file with the key `invariants`.
    Invariants(Vec<Invariant>),
    /// Steps that other files include, in a file with the key `steps` and without `scenario`.
    Steps,
    /// An exploration, in a file with the key `exploration`.
    Exploration(Box<Exploration>),
}
