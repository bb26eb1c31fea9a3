//! Records of users.

use chassis::{Limit, Page, StoreError};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use values::Money;

use super::{
    accounts, operations,
    tables::{BALANCES, EMAILS, NAMES, USERS},
};
use crate::domain::{
    ledger::{Kind, Verdict, decide},
    user::{Holder, User, UserId},
};

/// A user to create.
#[derive(Debug, Clone)]
pub(crate) struct NewUser {
    pub(crate) username: String,
    pub(crate) email: String,
    /// Opening balance, a deposit.
    pub(crate) opening: Money,
    /// RFC 3339.
    pub(crate) at: String,
}

/// Result of creating a user.
#[derive(Debug)]
pub(crate) enum Created {
    Made(Holder),
    NameTaken,
    EmailTaken,
    /// The ledger can't hold the sum.
    Overflow,
}

pub(super) fn create(transaction: &WriteTransaction, new: &NewUser) -> Result<Created, StoreError> {
    let (name, email) = (User::unique(&new.username), User::unique(&new.email));
    let mut names = transaction.open_table(NAMES)?;
    let mut emails = transaction.open_table(EMAILS)?;
    if names.get(name.as_str())?.is_some() {
        return Ok(Created::NameTaken);
    }
    if emails.get(email.as_str())?.is_some() {
        return Ok(Created::EmailTaken);
    }
    let before = accounts::totals(transaction)?;
    let Verdict::Applied(after) = decide(Kind::Deposit, new.opening, before) else {
        return Ok(Created::Overflow);
    };

    let mut users = transaction.open_table(USERS)?;
    let last = users.last()?.map(|(id, _)| id.value());
    let id = UserId::following(last);
    let user = User { username: new.username.clone(), email: new.email.clone(), created_at: new.at.clone() };
    names.insert(name.as_str(), id.number())?;
    emails.insert(email.as_str(), id.number())?;
    users.insert(id.number(), &user)?;
    accounts::post(transaction, id, after)?;
    if new.opening > Money::ZERO {
        operations::record_opening(transaction, id, new.opening, &new.at)?;
    }
    Ok(Created::Made(Holder { id, user, balance: new.opening }))
}

pub(super) fn list(
    transaction: &ReadTransaction,
    after: Option<UserId>,
    limit: Limit,
) -> Result<Page<Holder, UserId>, StoreError> {
    let users = transaction.open_table(USERS)?;
    let balances = transaction.open_table(BALANCES)?;
    let from = after.map_or(0, UserId::number) + 1;
    Page::take(
        limit,
        users.range(from..)?.map(|row| {
            let (id, user) = row?;
            let holder = holder(id.value(), user.value(), &balances)?;
            Ok((holder.id, holder))
        }),
    )
}

pub(super) fn all(transaction: &ReadTransaction) -> Result<Vec<Holder>, StoreError> {
    let users = transaction.open_table(USERS)?;
    let balances = transaction.open_table(BALANCES)?;
    users
        .iter()?
        .map(|row| {
            let (id, user) = row?;
            holder(id.value(), user.value(), &balances)
        })
        .collect()
}

pub(super) fn find(transaction: &ReadTransaction, id: UserId) -> Result<Option<Holder>, StoreError> {
    let user = transaction.open_table(USERS)?.get(id.number())?;
    let balances = transaction.open_table(BALANCES)?;
    user.map(|user| holder(id.number(), user.value(), &balances)).transpose()
}

fn holder(id: u64, user: User, balances: &impl ReadableTable<u64, i64>) -> Result<Holder, StoreError> {
    let balance = balances.get(id)?.expect("a user is written with an account").value();
    let id = UserId::recorded(id);
    Ok(Holder { id, user, balance: Money::minor(balance) })
}
