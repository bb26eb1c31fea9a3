//! Ids of records, and moments in time.

use std::fmt;

use serde::{Deserialize, Serialize};
use values::Id;

/// The kinds of [`Id`]s.
pub mod kind {
    /// A payment.
    #[derive(Debug)]
    pub enum Payment {}
    /// A refund.
    #[derive(Debug)]
    pub enum Refund {}
    /// An order of the orders service.
    #[derive(Debug)]
    pub enum Order {}
    /// A user of the users service.
    #[derive(Debug)]
    pub enum User {}
}

/// The number of a payment in this database.
pub type PaymentId = Id<kind::Payment>;
/// The number of a refund in this database.
pub type RefundId = Id<kind::Refund>;
/// The number of an order at the orders service.
pub type OrderId = Id<kind::Order>;
/// The number of a user at the users service.
pub type UserId = Id<kind::User>;

/// Milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment(pub i64);

/// A payment or refund that the saga takes to its end, one step at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// A payment.
    Payment(PaymentId),
    /// A refund.
    Refund(RefundId),
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Work::Payment(id) => write!(f, "payment {id}"),
            Work::Refund(id) => write!(f, "refund {id}"),
        }
    }
}

/// Distinguishes this database from any other, also from an earlier one in the same place.
///
/// Users never forgets a key. Without the tag, payment 1 of a new database would get the decision on payment 1 of the old
/// one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseTag(pub u64);

impl DatabaseTag {
    /// The key under which users knows the charge. Made of characters that a path segment may hold.
    pub fn charge_key(self, payment: PaymentId) -> String {
        format!("charge-{:016x}-{payment}", self.0)
    }

    /// The key under which users knows the refund.
    pub fn refund_key(self, refund: RefundId) -> String {
        format!("refund-{:016x}-{refund}", self.0)
    }
}
