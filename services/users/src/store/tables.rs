//! Tables of the database.

use chassis::Record;
use redb::TableDefinition;

use crate::domain::{
    operation::{Entry, Operation},
    user::User,
};

/// Users by id.
pub(super) const USERS: TableDefinition<u64, Record<User>> = TableDefinition::new("users");
/// Ids by name, in lower case.
pub(super) const NAMES: TableDefinition<&str, u64> = TableDefinition::new("names");
/// Ids by email, in lower case.
pub(super) const EMAILS: TableDefinition<&str, u64> = TableDefinition::new("emails");
/// Minor units by user.
pub(super) const BALANCES: TableDefinition<u64, i64> = TableDefinition::new("balances");
/// Minor units of the accounts that aren't users': `clearing`, `external`.
pub(super) const TOTALS: TableDefinition<&str, i64> = TableDefinition::new("totals");
/// What is recorded under a user's key.
pub(super) const OPERATIONS: TableDefinition<(u64, &str), Record<Operation>> =
    TableDefinition::new("operations");
/// The statements, line by line: user, line.
pub(super) const ENTRIES: TableDefinition<(u64, u64), Record<Entry>> = TableDefinition::new("entries");
