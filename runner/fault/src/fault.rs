use std::fmt;

use crate::{Damage, FaultName, Link, Outage, Selector};

/// A kind of damage on a link, and the exchanges it meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The name it is injected, healed and reported by.
    pub name: FaultName,
    /// The link it damages.
    pub link: Link,
    /// Which of the link's exchanges it meets.
    pub selector: Selector,
    /// What happens to those.
    pub damage: Damage,
}

impl Fault {
    /// The outage that it makes of the whole link, rather than of single exchanges.
    pub(crate) fn whole_outage(&self) -> Option<Outage> {
        match self.damage {
            Damage::Outage(outage) if self.selector == Selector::default() => Some(outage),
            _ => None,
        }
    }
}

/// `reply lost on orders -> ledger (match: DELETE /x, calls: every 2nd)`; without brackets when it meets every exchange.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.damage, self.link)?;
        if self.selector == Selector::default() { Ok(()) } else { write!(f, " ({})", self.selector) }
    }
}
