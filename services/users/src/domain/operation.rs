//! Operations by key: one decision each, which never changes.

use serde::{Deserialize, Serialize};
use values::{Fingerprint, Money};

use super::ledger::{Counterpart, Kind};

/// A change that is requested under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    /// What the user gains or, below zero, loses.
    pub(crate) change: Money,
    pub(crate) fingerprint: Fingerprint,
}

/// What is recorded under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    /// The money moved.
    Applied { request: Request, before: Money, after: Money },
    /// There was too little money; the balance then.
    Refused { request: Request, balance: Money },
    /// The money moved, and moved back when the operation was cancelled.
    Reversed { request: Request },
    /// Cancelled before it arrived: it must never be applied.
    Tombstone,
}

/// What a request finds under its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing: it is to be decided.
    Nothing,
    /// The same request, which was applied.
    Applied { before: Money, after: Money },
    /// The same request, which was refused.
    Refused { balance: Money },
    /// A cancellation.
    Cancelled,
    /// Another request.
    Other,
}

/// What a request finds under its key. A cancelled operation stays cancelled, also for a request that differs from it.
pub(crate) fn look_up(known: Option<&Operation>, request: &Request) -> Found {
    match known {
        None => Found::Nothing,
        Some(Operation::Tombstone | Operation::Reversed { .. }) => Found::Cancelled,
        Some(Operation::Applied { request: known, .. } | Operation::Refused { request: known, .. })
            if known.fingerprint != request.fingerprint =>
        {
            Found::Other
        }
        Some(Operation::Applied { before, after, .. }) => Found::Applied { before: *before, after: *after },
        Some(Operation::Refused { balance, .. }) => Found::Refused { balance: *balance },
    }
}

/// What a cancellation has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cancel {
    /// Move the money back.
    Reverse(Request),
    /// Record a tombstone.
    Tombstone,
    /// Nothing: this outcome is recorded already.
    Settled(CancelOutcome),
}

values::names! {
    /// Outcome of a cancellation.
    pub(crate) enum CancelOutcome {
        /// The money moved back.
        Reversed = "reversed",
        /// The operation had been refused.
        NothingToDo = "nothing_to_do",
        /// The operation had not arrived yet, and will never be applied.
        Tombstone = "tombstone",
    }
}

/// What a cancellation has to do, given what is recorded.
pub(crate) fn cancel(known: Option<&Operation>) -> Cancel {
    match known {
        None => Cancel::Tombstone,
        Some(Operation::Applied { request, .. }) => Cancel::Reverse(*request),
        Some(Operation::Refused { .. }) => Cancel::Settled(CancelOutcome::NothingToDo),
        Some(Operation::Reversed { .. }) => Cancel::Settled(CancelOutcome::Reversed),
        Some(Operation::Tombstone) => Cancel::Settled(CancelOutcome::Tombstone),
    }
}

values::names! {
    /// What a line of a statement records.
    pub(crate) enum Event {
        Charge = "charge",
        Refund = "refund",
        Deposit = "deposit",
        /// An applied operation was reversed.
        Reversal = "reversal",
        /// An operation was cancelled before it arrived.
        Cancellation = "cancellation",
    }
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

values::names! {
    /// What was decided.
    pub(crate) enum Decision {
        /// The amount moved.
        Applied = "applied",
        /// The amount did not move.
        Refused = "refused",
        /// No money will ever move under this key.
        Cancelled = "cancelled",
    }
}

/// One line of a statement, which never changes. The applied amounts sum to the balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) event: Event,
    pub(crate) decision: Decision,
    /// What the user gains or, below zero, loses; of a refused one, what it would have been.
    pub(crate) amount: Money,
    /// The account on the other side; none for a cancellation.
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
        Request { kind: Kind::of_change(change), change, fingerprint: Fingerprint::of(&units.to_string()) }
    }

    #[test]
    fn the_same_key_gets_the_same_answer() {
        let (first, other) = (request(-5), request(-6));
        let (before, after) = (Money::minor(9), Money::minor(4));
        let applied = Operation::Applied { request: first, before, after };
        let refused = Operation::Refused { request: first, balance: after };
        let reversed = Operation::Reversed { request: first };
        let check =
            |known: Option<&Operation>, request, expected| assert_eq!(look_up(known, request), expected);
        check(None, &first, Found::Nothing);
        check(Some(&applied), &first, Found::Applied { before, after });
        check(Some(&refused), &first, Found::Refused { balance: after });
        check(Some(&applied), &other, Found::Other);
        check(Some(&refused), &other, Found::Other);
        check(Some(&reversed), &first, Found::Cancelled);
        check(Some(&Operation::Tombstone), &other, Found::Cancelled);
    }

    #[test]
    fn a_cancellation_settles_every_state() {
        let request = request(-5);
        let money = Money::minor(1);
        let check = |known: Option<&Operation>, expected| assert_eq!(cancel(known), expected);
        check(None, Cancel::Tombstone);
        let applied = Operation::Applied { request, before: money, after: money };
        check(Some(&applied), Cancel::Reverse(request));
        let refused = Operation::Refused { request, balance: money };
        check(Some(&refused), Cancel::Settled(CancelOutcome::NothingToDo));
        check(Some(&Operation::Reversed { request }), Cancel::Settled(CancelOutcome::Reversed));
        check(Some(&Operation::Tombstone), Cancel::Settled(CancelOutcome::Tombstone));
    }
}
