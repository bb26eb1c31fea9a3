//! The kinds of files, each with the table of the keys at its top.

use super::{
    configuration::CONFIGURATION, exploration::EXPLORATION, invariant::INVARIANTS, scenario::SCENARIO,
    step::INCLUDED, table::Table,
};

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A scenario.
    Scenario,
    /// Invariants for all scenarios.
    Invariants,
    /// An exploration.
    Exploration,
    /// Steps that scenarios include.
    Steps,
    /// e2e.conf.
    Configuration,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Scenario, Self::Invariants, Self::Exploration, Self::Steps, Self::Configuration];
    /// Those of the files among the scenarios.
    pub const AMONG_SCENARIOS: [Self; 4] = [Self::Scenario, Self::Invariants, Self::Exploration, Self::Steps];

    /// Its name on the command line, and that of the file of its schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scenario => "scenario",
            Self::Invariants => "invariants",
            Self::Exploration => "exploration",
            Self::Steps => "steps",
            Self::Configuration => "conf",
        }
    }

    /// The key at the top of such a file that no kind after it has.
    pub fn key(self) -> &'static str {
        match self {
            Self::Scenario => "scenario",
            Self::Invariants => "invariants",
            Self::Exploration => "exploration",
            Self::Steps => "steps",
            Self::Configuration => "services",
        }
    }

    pub(super) fn table(self) -> &'static Table {
        match self {
            Self::Scenario => &SCENARIO,
            Self::Invariants => &INVARIANTS,
            Self::Exploration => &EXPLORATION,
            Self::Steps => &INCLUDED,
            Self::Configuration => &CONFIGURATION,
        }
    }
}
