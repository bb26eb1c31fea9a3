//! The ledger and statements, each from one snapshot.

use chassis::{Limit, Page, StoreError};
use redb::ReadTransaction;
use values::Money;

use super::{
    accounts::{CLEARING, EXTERNAL, total},
    people,
    tables::{ENTRIES, TOTALS},
};
use crate::domain::{
    operation::Entry,
    user::{Holder, UserId},
};

/// Every account at one moment.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) holders: Vec<Holder>,
    pub(crate) clearing: Money,
    pub(crate) external: Money,
}

/// A user, and lines of their statement with their numbers.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) holder: Holder,
    pub(crate) lines: Page<(u64, Entry), u64>,
}

pub(super) fn ledger(transaction: &ReadTransaction) -> Result<Ledger, StoreError> {
    let totals = transaction.open_table(TOTALS)?;
    Ok(Ledger {
        holders: people::all(transaction)?,
        clearing: total(&totals, CLEARING)?,
        external: total(&totals, EXTERNAL)?,
    })
}

pub(super) fn statement(
    transaction: &ReadTransaction,
    user: UserId,
    after: Option<u64>,
    limit: Limit,
) -> Result<Option<Statement>, StoreError> {
    let Some(holder) = people::find(transaction, user)? else { return Ok(None) };
    let entries = transaction.open_table(ENTRIES)?;
    let (from, to) = ((user.number(), after.unwrap_or(0) + 1), (user.number(), u64::MAX));
    let lines = Page::take(
        limit,
        entries.range(from..=to)?.map(|row| {
            let (line, entry) = row?;
            let (_, line) = line.value();
            Ok::<_, StoreError>((line, (line, entry.value())))
        }),
    )?;
    Ok(Some(Statement { holder, lines }))
}
