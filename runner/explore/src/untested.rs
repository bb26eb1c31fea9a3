//! What the sequences of an exploration never did.

use std::fmt;

use fault::{FaultName, ServiceName};

use crate::coverage::RequestCounts;

/// Something that the sequences of an exploration never did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Untested {
    /// This operation had no success.
    NeverSucceeded(String),
    /// This operation, of which a refusal is expected, had none.
    NeverRefused(String),
    /// This fault met no exchange.
    IdleFault(FaultName),
    /// This service, which may be killed, never was.
    NeverKilled(ServiceName),
}

impl Untested {
    /// What to do about it. `requests` are those of the operation.
    pub fn help(&self, requests: Option<&RequestCounts>) -> &'static str {
        match (self, requests) {
            (Self::IdleFault(_), _) => "look at its `link` and `match`, or run more sequences",
            (Self::NeverKilled(_), _) => "give `kill` more weight, or run more sequences",
            (_, Some(requests)) if requests.sent() == 0 => {
                "look at the operations that make what it `needs`, or run more sequences"
            }
            (_, Some(requests)) if requests.failed + requests.unknown == requests.sent() => {
                "look whether the service is reached, and for how long faults are in force"
            }
            _ => "send its request in a scenario, and look at the reply",
        }
    }
}

impl fmt::Display for Untested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverSucceeded(name) => write!(f, "`{name}` never succeeded"),
            Self::NeverRefused(name) => write!(f, "`{name}` was never refused"),
            Self::IdleFault(name) => write!(f, "the fault `{name}` met nothing"),
            Self::NeverKilled(name) => write!(f, "`{name}` was never killed"),
        }
    }
}
