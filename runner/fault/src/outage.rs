use std::fmt;

use crate::{FaultName, Injection, Link, Outage, ServiceName};

/// Why connections on a link are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// This outage refuses them.
    Outage(FaultName),
    /// Nothing listens for the callee: its process has ended, or accepts no connections yet.
    Absent(ServiceName),
}

/// An outage of a whole link that has come into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    /// The fault.
    pub fault: FaultName,
    /// What happens to the exchanges under way.
    pub outage: Outage,
    /// When it came into force.
    pub moment: Moment,
    pub(crate) link: Link,
}

/// A place in the order of what happens in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The time since the world's beginning.
    pub at: std::time::Duration,
    /// The last injection by then, which orders what happens at one instant of virtual time.
    pub injection: Injection,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outage(fault) => write!(f, "the fault {fault} refused connections"),
            Self::Absent(service) => write!(f, "nothing listened for {service}"),
        }
    }
}
