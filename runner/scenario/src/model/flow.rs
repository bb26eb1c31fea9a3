use std::{path::PathBuf, time::Duration};

use fault::Link;

use super::{Judging, RequestStep, Step};
use crate::{Expression, TemplateValue};

/// A file with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path, as it was named.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// The part of a scenario that a step belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// `before` of e2e.conf.
    ConfiguredBefore,
    /// `before` and `steps` of the scenario.
    #[default]
    Main,
    /// `finally` of the scenario.
    Finally,
    /// `finally` of e2e.conf.
    ConfiguredFinally,
}

impl Phase {
    /// Whether its steps run at the end, whatever has failed before.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Finally | Self::ConfiguredFinally)
    }

    /// Whether its steps stand in e2e.conf, and so belong to every scenario.
    pub fn is_configured(self) -> bool {
        matches!(self, Self::ConfiguredBefore | Self::ConfiguredFinally)
    }
}

/// Steps that run several times.
#[derive(Debug, Clone)]
pub struct ForStep {
    /// What the rounds go by.
    pub rounds: Rounds,
    /// The steps of each round. They can name `index`, the number of the round, counted from 0.
    pub steps: Vec<Step>,
    /// Whether it fails that there is no list, or that the condition isn't true after the last round.
    pub judging: Judging,
}

/// What the rounds of a [`ForStep`] go by.
#[derive(Debug, Clone)]
pub enum Rounds {
    /// One round for each item of a list.
    Each {
        /// The list.
        list: TemplateValue,
        /// The variable that holds the item; `None` when no step needs it.
        name: Option<String>,
    },
    /// Rounds until a condition is true after one.
    Until {
        /// The condition.
        condition: Expression,
        /// The most rounds.
        at_most: u32,
    },
}

/// A request, and steps that run while it is in flight.
#[derive(Debug, Clone)]
pub struct DuringStep {
    /// The request.
    pub request: RequestStep,
    /// The steps, the first of which begins once the request has been sent.
    pub steps: Vec<Step>,
}

/// A wait for traffic on a link.
#[derive(Debug, Clone)]
pub struct WaitUntilStep {
    /// The link.
    pub link: Link,
    /// A condition on what has passed on the link since the step began. Within [`DuringStep`] that is the step with the
    /// request.
    pub holds: Expression,
    /// How long it may take until the condition is true.
    pub within: Duration,
    /// Whether it fails that the condition isn't true in time.
    pub judging: Judging,
}
