//! All of redb: the tables, and the transactions over them.
//!
//! Refusals are values here; an `Err` means that the store itself failed.

mod accounts;
mod operations;
mod people;

use chassis::{Limit, Page, Record, Store, StoreError, Timestamp, rfc3339};
use redb::{ReadableTable, TableDefinition, WriteTransaction};
use values::Money;

pub(crate) use self::{
    accounts::{Ledger, Statement},
    operations::{Age, CancelResult, Change, Changed},
    people::{Created, NewUser},
};
use crate::domain::{
    operation::{Entry, Operation},
    user::{Holder, User, UserId},
};

/// Users by id.
const USERS: TableDefinition<u64, Record<User>> = TableDefinition::new("users");
/// Ids by name, in lower case.
const NAMES: TableDefinition<&str, u64> = TableDefinition::new("names");
/// Ids by email, in lower case.
const EMAILS: TableDefinition<&str, u64> = TableDefinition::new("emails");
/// Minor units by user.
const BALANCES: TableDefinition<u64, i64> = TableDefinition::new("balances");
/// Minor units of the accounts that aren't users': `clearing`, `external`.
const TOTALS: TableDefinition<&str, i64> = TableDefinition::new("totals");
/// What is recorded under a user's key.
const OPERATIONS: TableDefinition<(u64, &str), Record<Operation>> = TableDefinition::new("operations");
/// The statements, line by line: user, line.
const ENTRIES: TableDefinition<(u64, u64), Record<Entry>> = TableDefinition::new("entries");

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
        self.store.read(|transaction| accounts::statement(transaction, user, after, limit))
    }

    /// Every account, from one snapshot.
    pub(crate) fn ledger(&self) -> Result<Ledger, StoreError> {
        self.store.read(accounts::ledger)
    }
}
