//! The kinds of files, each with the table of the keys at its top.

use super::{
    configuration::CONFIGURATION, exploration::EXPLORATION, invariant::INVARIANTS, scenario::SCENARIO,
    table::Table,
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
    /// e2e.conf.
    Configuration,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Scenario, Self::Invariants, Self::Exploration, Self::Configuration];
    /// Those of the files among the scenarios.
    pub const AMONG_SCENARIOS: [Self; 3] = [Self::Scenario, Self::Invariants, Self::Exploration];

    /// Its name on the command line, and that of the file of its schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scenario => "scenario",
            Self::Invariants => "invariants",
            Self::Exploration => "exploration",
            Self::Configuration => "conf",
        }
    }

    /// The key at the top of such a file that no other kind has.
    pub fn key(self) -> &'static str {
        match self {
            Self::Scenario => "scenario",
            Self::Invariants => "invariants",
            Self::Exploration => "exploration",
            Self::Configuration => "services",
        }
    }

    pub(super) fn table(self) -> &'static Table {
        match self {
            Self::Scenario => &SCENARIO,
            Self::Invariants => &INVARIANTS,
            Self::Exploration => &EXPLORATION,
            Self::Configuration => &CONFIGURATION,
        }
    }
}
