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
    /// Whether it makes the callee's address refuse connections altogether, rather than damage single exchanges.
    pub(crate) fn refuses_everything(&self) -> bool {
        self.damage == Damage::Outage(Outage::Refuse) && self.selector == Selector::default()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.damage, self.link)
    }
}
