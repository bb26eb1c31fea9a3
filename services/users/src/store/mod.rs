//! All of redb: the tables, and the transactions over them.
//!
//! Refusals are values here; an `Err` means that the store itself failed.

mod accounts;
mod operations;
mod people;
mod statements;
mod tables;

use chassis::{Limit, Page, Store, StoreError, Timestamp, rfc3339};
use redb::{ReadableTable, WriteTransaction};
use values::Money;

use self::tables::{BALANCES, EMAILS, ENTRIES, NAMES, OPERATIONS, TOTALS, USERS};
pub(crate) use self::{
    operations::{Age, CancelResult, Change, Changed},
    people::{Created, NewUser},
    statements::{Ledger, Statement},
};
use crate::domain::user::{Holder, UserId};

/// Creates the tables and, in a new database, the first users.
pub(crate) fn prepare(transaction: &WriteTransaction, now: Timestamp) -> Result<(), StoreError> {
    transaction.open_table(NAMES)?;
    transaction.open_table(EMAILS)?;
    transaction.open_table(BALANCES)?;
    transaction.open_table(TOTALS)?;
    transaction.open_table(OPERATIONS)?;
    transaction.open_table(ENTRIES)?;
    let is_new = transaction.open_table(USERS)?.first()?.is_none();
    if is_new {
        for (username, units) in [("alice", 50_000), ("bob", 30_000), ("charlie", 15_000)] {
            let first = NewUser {
                username: username.into(),
                email: format!("{username}@example.com"),
                opening: Money::minor(units),
                at: rfc3339(now),
            };
            people::create(transaction, &first)?;
        }
    }
    Ok(())
}

/// Database of the service. Clones share it.
#[derive(Clone)]
pub(crate) struct Users {
    store: Store,
}

impl Users {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Users in the order of their ids.
    pub(crate) fn list(
        &self,
        after: Option<UserId>,
        limit: Limit,
    ) -> Result<Page<Holder, UserId>, StoreError> {
        self.store.read(|transaction| people::list(transaction, after, limit))
    }

    pub(crate) fn find(&self, id: UserId) -> Result<Option<Holder>, StoreError> {
        self.store.read(|transaction| people::find(transaction, id))
    }

    pub(crate) async fn create(&self, new: NewUser) -> Result<Created, StoreError> {
        self.store.write(move |transaction| people::create(transaction, &new)).await
    }

    /// Moves money, once for each key.
    pub(crate) async fn change(&self, change: Change) -> Result<Changed, StoreError> {
        self.store.write(move |transaction| operations::change(transaction, &change)).await
    }

    /// Cancels the operation under a key, also one that hasn't arrived yet.
    pub(crate) async fn cancel(
        &self,
        user: UserId,
        key: String,
        at: String,
    ) -> Result<CancelResult, StoreError> {
        self.store.write(move |transaction| operations::cancel(transaction, user, &key, &at)).await
    }

    /// The statement of a user in order, from one snapshot; `None` when there is no such user.
    pub(crate) fn statement(
        &self,
        user: UserId,
        after: Option<u64>,
        limit: Limit,
    ) -> Result<Option<Statement>, StoreError> {
        self.store.read(|transaction| statements::statement(transaction, user, after, limit))
    }

    /// Every account, from one snapshot.
    pub(crate) fn ledger(&self) -> Result<Ledger, StoreError> {
        self.store.read(statements::ledger)
    }
}
