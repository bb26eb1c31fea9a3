//! Accounts and statements.

use chassis::{Limit, Page, StoreError};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use values::Money;

use super::{BALANCES, ENTRIES, TOTALS, people};
use crate::domain::{
    ledger::Accounts,
    operation::Entry,
    user::{Holder, UserId},
};

const CLEARING: &str = "clearing";
const EXTERNAL: &str = "external";

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

/// The accounts that an operation of this user may change; `None` when there is no such user.
pub(super) fn of_user(transaction: &WriteTransaction, user: UserId) -> Result<Option<Accounts>, StoreError> {
    let balances = transaction.open_table(BALANCES)?;
    let Some(balance) = balances.get(user.number())? else { return Ok(None) };
    Ok(Some(Accounts { user: Money::minor(balance.value()), ..totals(transaction)? }))
}

/// `clearing` and `external`, beside a user without money.
pub(super) fn totals(transaction: &WriteTransaction) -> Result<Accounts, StoreError> {
    let totals = transaction.open_table(TOTALS)?;
    Ok(Accounts {
        user: Money::ZERO,
        clearing: total(&totals, CLEARING)?,
        external: total(&totals, EXTERNAL)?,
    })
}

fn total(totals: &impl ReadableTable<&'static str, i64>, name: &str) -> Result<Money, StoreError> {
    Ok(totals.get(name)?.map_or(Money::ZERO, |units| Money::minor(units.value())))
}

/// Writes the accounts after an operation.
pub(super) fn post(
    transaction: &WriteTransaction,
    user: UserId,
    accounts: Accounts,
) -> Result<(), StoreError> {
    transaction.open_table(BALANCES)?.insert(user.number(), accounts.user.units())?;
    let mut totals = transaction.open_table(TOTALS)?;
    for (name, now) in [(CLEARING, accounts.clearing), (EXTERNAL, accounts.external)] {
        if total(&totals, name)? != now {
            totals.insert(name, now.units())?;
        }
    }
    Ok(())
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
