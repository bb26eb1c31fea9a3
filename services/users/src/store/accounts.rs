//! Balances of accounts.

use chassis::StoreError;
use redb::{ReadableTable, WriteTransaction};
use values::Money;

use super::tables::{BALANCES, TOTALS};
use crate::domain::{ledger::Accounts, user::UserId};

pub(super) const CLEARING: &str = "clearing";
pub(super) const EXTERNAL: &str = "external";

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

/// Balance of `clearing` or `external`.
pub(super) fn total(totals: &impl ReadableTable<&'static str, i64>, name: &str) -> Result<Money, StoreError> {
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
