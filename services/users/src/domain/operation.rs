//! Operations by key: one decision each, for ever.

use chassis::{Fingerprint, Money};
use serde::{Deserialize, Serialize};

use super::ledger::{Counterpart, Kind};

/// A change that somebody asks for under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    /// What the user gains or, below zero, loses.
    pub(crate) change: Money,
    pub(crate) fingerprint: Fingerprint,
}

/// What is known under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    /// The money moved.
    Applied { request: Request, before: Money, after: Money },
    /// There was too little money, and this much.
    Refused { request: Request, balance: Money },
    /// The money moved, and moved back.
    Reversed { request: Request },
    /// Cancelled before it came: it must never be applied.
    Tombstone,
}

/// What a request meets under its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    /// Nothing yet: decide.
    Nothing,
    /// The same request, applied then.
    Applied { before: Money, after: Money },
    /// The same request, refused then.
    Refused { balance: Money },
    /// A cancellation.
    Cancelled,
    /// Another request.
    Other,
}

/// What a request meets. A cancelled operation is cancelled whatever the late request says.
pub(crate) fn meet(known: Option<&Operation>, request: &Request) -> Met {
    match known {
        None => Met::Nothing,
        Some(Operation::Tombstone | Operation::Reversed { .. }) => Met::Cancelled,
        Some(Operation::Applied { request: known, .. } | Operation::Refused { request: known, .. })
            if known.fingerprint != request.fingerprint =>
        {
            Met::Other
        }
        Some(Operation::Applied { before, after, .. }) => Met::Applied { before: *before, after: *after },
        Some(Operation::Refused { balance, .. }) => Met::Refused { balance: *balance },
    }
}

/// What a cancellation has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cancel {
    /// Take the money back.
    Reverse(Request),
    /// Leave a tombstone.
    Bury,
    /// Nothing: it came to this already.
    Settled(Cancelled),
}

/// What came of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// The money moved back.
    Reversed,
    /// It had been refused.
    NothingToDo,
    /// It had not come yet, and never will.
    Tombstone,
}

/// What a cancellation has to do with what is known.
pub(crate) fn cancel(known: Option<&Operation>) -> Cancel {
    match known {
        None => Cancel::Bury,
        Some(Operation::Applied { request, .. }) => Cancel::Reverse(*request),
        Some(Operation::Refused { .. }) => Cancel::Settled(Cancelled::NothingToDo),
        Some(Operation::Reversed { .. }) => Cancel::Settled(Cancelled::Reversed),
        Some(Operation::Tombstone) => Cancel::Settled(Cancelled::Tombstone),
    }
}

/// What a line of a statement records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    Charge,
    Refund,
    Deposit,
    /// An applied operation was taken back.
    Reversal,
    /// An operation was cancelled before it came.
    Cancellation,
}

impl From<Kind> for Event {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Charge => Self::Charge,
            Kind::Refund => Self::Refund,
            Kind::Deposit => Self::Deposit,
        }
    }
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    /// The amount moved.
    Applied,
    /// The amount did not move.
    Refused,
    /// Nothing is to move under this key.
    Cancelled,
}

/// One line of a statement; it never changes. The applied amounts sum to the balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) event: Event,
    pub(crate) decision: Decision,
    /// What the user gains or, below zero, loses; or would have.
    pub(crate) amount: Money,
    /// Where it came from or went.
    pub(crate) counterpart: Option<Counterpart>,
    /// The user's balance after it.
    pub(crate) balance: Money,
    /// RFC 3339.
    pub(crate) at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(units: i64) -> Request {
        let change = Money::minor(units);
        Request { kind: Kind::of_change(change), change, fingerprint: Fingerprint::of(&units) }
    }

    #[test]
    fn the_same_key_gets_the_same_answer() {
        let (first, other) = (request(-5), request(-6));
        let (before, after) = (Money::minor(9), Money::minor(4));
        let applied = Operation::Applied { request: first, before, after };
        let refused = Operation::Refused { request: first, balance: after };
        let reversed = Operation::Reversed { request: first };
        let check = |known: Option<&Operation>, request, expected| assert_eq!(meet(known, request), expected);
        check(None, &first, Met::Nothing);
        check(Some(&applied), &first, Met::Applied { before, after });
        check(Some(&refused), &first, Met::Refused { balance: after });
        check(Some(&applied), &other, Met::Other);
        check(Some(&refused), &other, Met::Other);
        check(Some(&reversed), &first, Met::Cancelled);
        check(Some(&Operation::Tombstone), &other, Met::Cancelled);
    }

    #[test]
    fn a_cancellation_settles_every_state() {
        let request = request(-5);
        let money = Money::minor(1);
        let check = |known: Option<&Operation>, expected| assert_eq!(cancel(known), expected);
        check(None, Cancel::Bury);
        let applied = Operation::Applied { request, before: money, after: money };
        check(Some(&applied), Cancel::Reverse(request));
        let refused = Operation::Refused { request, balance: money };
        check(Some(&refused), Cancel::Settled(Cancelled::NothingToDo));
        check(Some(&Operation::Reversed { request }), Cancel::Settled(Cancelled::Reversed));
        check(Some(&Operation::Tombstone), Cancel::Settled(Cancelled::Tombstone));
    }
}
