//! Operations: the transactions that move money, each with its decision.

use chassis::{Record, StoreError};
use redb::{ReadableTable, WriteTransaction};
use values::{Fingerprint, Money};

use super::{
    accounts,
    tables::{ENTRIES, OPERATIONS},
};
use crate::domain::{
    ledger::{Kind, Verdict, decide, reverse},
    operation::{
        Cancel, CancelOutcome, Decision, Entry, Event, Found, Operation, Request, cancel as decide_cancel,
        look_up,
    },
    user::UserId,
};

/// A change to a user's account.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) user: UserId,
    /// Without a key the change is an operation of its own.
    pub(crate) key: Option<String>,
    pub(crate) request: Request,
    /// RFC 3339.
    pub(crate) at: String,
}

/// Whether a decision was made by this request or by an earlier one under its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    Fresh,
    Replayed,
}

/// Result of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Changed {
    Applied {
        before: Money,
        after: Money,
        age: Age,
    },
    Refused {
        balance: Money,
        age: Age,
    },
    Cancelled,
    OtherRequest,
    NoSuchUser,
    /// An account can't hold the sum. Nothing was decided.
    Overflow,
}

/// Result of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CancelResult {
    Done {
        outcome: CancelOutcome,
        balance: Money,
    },
    NoSuchUser,
    /// The user no longer has what the operation gave them.
    Spent {
        balance: Money,
    },
}

pub(super) fn change(transaction: &WriteTransaction, change: &Change) -> Result<Changed, StoreError> {
    let Change { user, request, .. } = change;
    let Some(accounts) = accounts::of_user(transaction, *user)? else { return Ok(Changed::NoSuchUser) };
    let key = match &change.key {
        Some(key) => key.clone(),
        None => free_key(transaction, *user)?,
    };
    match look_up(known(transaction, *user, &key)?.as_ref(), request) {
        Found::Nothing => {}
        Found::Applied { before, after } => {
            return Ok(Changed::Applied { before, after, age: Age::Replayed });
        }
        Found::Refused { balance } => return Ok(Changed::Refused { balance, age: Age::Replayed }),
        Found::Cancelled => return Ok(Changed::Cancelled),
        Found::Other => return Ok(Changed::OtherRequest),
    }
    let before = accounts.user;
    let (decision, operation, changed) = match decide(request.kind, request.change, accounts) {
        Verdict::Overflow => return Ok(Changed::Overflow),
        Verdict::Applied(after) => {
            accounts::post(transaction, *user, after)?;
            let after = after.user;
            (
                Decision::Applied,
                Operation::Applied { request: *request, before, after },
                Changed::Applied { before, after, age: Age::Fresh },
            )
        }
        Verdict::Insufficient => (
            Decision::Refused,
            Operation::Refused { request: *request, balance: before },
            Changed::Refused { balance: before, age: Age::Fresh },
        ),
    };
    let balance = match changed {
        Changed::Applied { after, .. } => after,
        _ => before,
    };
    record(transaction, *user, &key, &operation)?;
    let entry = Entry {
        key,
        event: request.kind.into(),
        decision,
        amount: request.change,
        counterpart: Some(request.kind.counterpart()),
        balance,
        at: change.at.clone(),
    };
    append(transaction, *user, &entry)?;
    Ok(changed)
}

pub(super) fn cancel(
    transaction: &WriteTransaction,
    user: UserId,
    key: &str,
    at: &str,
) -> Result<CancelResult, StoreError> {
    let Some(accounts) = accounts::of_user(transaction, user)? else { return Ok(CancelResult::NoSuchUser) };
    let entry = |event, decision, amount, counterpart, balance| Entry {
        key: key.to_owned(),
        event,
        decision,
        amount,
        counterpart,
        balance,
        at: at.to_owned(),
    };
    let balance = accounts.user;
    match decide_cancel(known(transaction, user, key)?.as_ref()) {
        Cancel::Settled(outcome) => Ok(CancelResult::Done { outcome, balance }),
        Cancel::Tombstone => {
            record(transaction, user, key, &Operation::Tombstone)?;
            let line = entry(Event::Cancellation, Decision::Cancelled, Money::ZERO, None, balance);
            append(transaction, user, &line)?;
            Ok(CancelResult::Done { outcome: CancelOutcome::Tombstone, balance })
        }
        Cancel::Reverse(request) => {
            let Some(after) = reverse(request.kind, request.change, accounts) else {
                return Ok(CancelResult::Spent { balance });
            };
            accounts::post(transaction, user, after)?;
            record(transaction, user, key, &Operation::Reversed { request })?;
            let counterpart = Some(request.kind.counterpart());
            let back = request.change.negated();
            let line = entry(Event::Reversal, Decision::Applied, back, counterpart, after.user);
            append(transaction, user, &line)?;
            Ok(CancelResult::Done { outcome: CancelOutcome::Reversed, balance: after.user })
        }
    }
}

/// Records the opening balance of a user whose accounts are posted already.
pub(super) fn record_opening(
    transaction: &WriteTransaction,
    user: UserId,
    opening: Money,
    at: &str,
) -> Result<(), StoreError> {
    let request = Request {
        kind: Kind::Deposit,
        change: opening,
        fingerprint: Fingerprint::of(&opening.to_number().to_string()),
    };
    let operation = Operation::Applied { request, before: Money::ZERO, after: opening };
    record(transaction, user, "opening", &operation)?;
    let entry = Entry {
        key: "opening".into(),
        event: Event::Deposit,
        decision: Decision::Applied,
        amount: opening,
        counterpart: Some(Kind::Deposit.counterpart()),
        balance: opening,
        at: at.to_owned(),
    };
    append(transaction, user, &entry)
}

fn known(transaction: &WriteTransaction, user: UserId, key: &str) -> Result<Option<Operation>, StoreError> {
    let operations = transaction.open_table(OPERATIONS)?;
    Ok(operations.get((user.number(), key))?.map(|operation| operation.value()))
}

fn record(
    transaction: &WriteTransaction,
    user: UserId,
    key: &str,
    operation: &Operation,
) -> Result<(), StoreError> {
    transaction.open_table(OPERATIONS)?.insert((user.number(), key), operation)?;
    Ok(())
}

fn append(transaction: &WriteTransaction, user: UserId, entry: &Entry) -> Result<(), StoreError> {
    let mut entries = transaction.open_table(ENTRIES)?;
    let line = next_line(&entries, user)?;
    entries.insert((user.number(), line), entry)?;
    Ok(())
}

fn next_line(
    entries: &impl ReadableTable<(u64, u64), Record<Entry>>,
    user: UserId,
) -> Result<u64, StoreError> {
    let last = entries.range((user.number(), 0)..=(user.number(), u64::MAX))?.next_back().transpose()?;
    Ok(last.map_or(0, |(line, _)| line.value().1) + 1)
}

/// An unused key, for a request without one.
fn free_key(transaction: &WriteTransaction, user: UserId) -> Result<String, StoreError> {
    let mut number = next_line(&transaction.open_table(ENTRIES)?, user)?;
    loop {
        let key = format!("unkeyed-{number}");
        if known(transaction, user, &key)?.is_none() {
            return Ok(key);
        }
        number += 1;
    }
}
