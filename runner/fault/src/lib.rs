//! Faults on links, as pure data and pure decisions.
//!
//! ```text
//! Fault = Damage (what happens) on a Link (caller -> callee), to the exchanges that a Selector picks
//! Injector: the faults in force, each for a Window; it decides what happens to one exchange
//! Decision: what happens to that exchange: a pure function of (seed, fault, ordinal)
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `name` | services, links and faults by name |
//! | `damage` | every kind of damage |
//! | `selector` | which exchanges a fault meets |
//! | `seed` | the rolls of the dice: a hash, never a shared generator |
//! | `injector` | the faults in force, and the decision on an exchange |
//! | `decision` | what the link has to do |
//!
//! There is no clock, no file and no socket in here: times are [`std::time::Duration`]s since the world began, and
//! the caller says what time it is.

mod damage;
mod decision;
mod injector;
mod name;
mod seed;
mod selector;

pub use damage::{Damage, ErrorReply, Moment, Outage, Side};
pub use decision::{Death, Decision, Fate};
pub use injector::{Injector, Window};
pub use name::{CLIENT, FaultName, Link, NameError, ServiceName};
pub use seed::Seed;
pub use selector::{Calls, Head, PathPattern, Probability, Selector};

use std::fmt;

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
    pub fn refuses_everything(&self) -> bool {
        self.damage == Damage::Outage(Outage::Refuse) && self.selector == Selector::default()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.damage, self.link)
    }
}
