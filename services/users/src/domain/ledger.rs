//! Double entry: what one account gains, another loses.

use values::{Money, money::ACCOUNT_LIMIT};

values::names! {
    /// What an operation is for, which also decides the account on the other side.
    pub(crate) enum Kind {
        /// From the user to clearing.
        Charge = "charge",
        /// From clearing to the user.
        Refund = "refund",
        /// From outside to the user.
        Deposit = "deposit",
    }
}

values::names! {
    /// The account on the other side.
    pub(crate) enum Counterpart {
        /// Money of payments.
        Clearing = "clearing",
        /// Money from outside of the shop.
        External = "external",
    }
}

impl Kind {
    pub(crate) fn counterpart(self) -> Counterpart {
        match self {
            Kind::Charge | Kind::Refund => Counterpart::Clearing,
            Kind::Deposit => Counterpart::External,
        }
    }

    /// The kind of a change that names none: a charge below zero, otherwise a deposit.
    pub(crate) fn of_change(change: Money) -> Self {
        if change < Money::ZERO { Kind::Charge } else { Kind::Deposit }
    }

    /// Whether a change with this sign can be of this kind.
    pub(crate) fn fits(self, change: Money) -> bool {
        (self == Kind::Charge) == (change < Money::ZERO)
    }
}

/// The accounts that an operation may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Accounts {
    pub(crate) user: Money,
    pub(crate) clearing: Money,
    pub(crate) external: Money,
}

/// Decision on an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is applied; the accounts after it.
    Applied(Accounts),
    /// The account that gives has too little.
    Insufficient,
    /// An account can't hold that much.
    Overflow,
}

/// Decides on a change to the user's account.
pub(crate) fn decide(kind: Kind, change: Money, accounts: Accounts) -> Verdict {
    let Some(after) = moved(kind.counterpart(), change, accounts) else { return Verdict::Overflow };
    let short = after.user < Money::ZERO || (kind == Kind::Refund && after.clearing < Money::ZERO);
    if short { Verdict::Insufficient } else { Verdict::Applied(after) }
}

/// The accounts after an applied change is reversed; `None` when the user no longer has the money.
pub(crate) fn reverse(kind: Kind, change: Money, accounts: Accounts) -> Option<Accounts> {
    moved(kind.counterpart(), change.negated(), accounts).filter(|after| after.user >= Money::ZERO)
}

fn moved(counterpart: Counterpart, change: Money, accounts: Accounts) -> Option<Accounts> {
    let mut after = accounts;
    after.user = accounts.user.checked_add(change)?;
    match counterpart {
        Counterpart::Clearing => after.clearing = accounts.clearing.checked_sub(change)?,
        Counterpart::External => after.external = accounts.external.checked_sub(change)?,
    }
    let held = [after.user, after.clearing, after.external];
    held.iter().all(|account| account.abs() <= ACCOUNT_LIMIT).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(user: i64, clearing: i64, external: i64) -> Accounts {
        Accounts {
            user: Money::minor(user),
            clearing: Money::minor(clearing),
            external: Money::minor(external),
        }
    }

    #[test]
    fn money_moves_and_the_sum_stays() {
        let check = |kind, change, before: Accounts, expected| {
            let verdict = decide(kind, Money::minor(change), before);
            assert_eq!(verdict, expected);
            if let Verdict::Applied(after) = verdict {
                let sum = |it: Accounts| it.user.units() + it.clearing.units() + it.external.units();
                assert_eq!(sum(after), sum(before));
                assert_eq!(reverse(kind, Money::minor(change), after), Some(before));
            }
        };
        check(Kind::Charge, -30, accounts(50, 0, -50), Verdict::Applied(accounts(20, 30, -50)));
        check(Kind::Charge, -50, accounts(50, 0, -50), Verdict::Applied(accounts(0, 50, -50)));
        check(Kind::Charge, -51, accounts(50, 0, -50), Verdict::Insufficient);
        check(Kind::Refund, 30, accounts(20, 30, -50), Verdict::Applied(accounts(50, 0, -50)));
        check(Kind::Refund, 31, accounts(20, 30, -50), Verdict::Insufficient);
        check(Kind::Deposit, 5, accounts(0, 0, 0), Verdict::Applied(accounts(5, 0, -5)));
        check(Kind::Deposit, 1, accounts(ACCOUNT_LIMIT.units(), 0, 0), Verdict::Overflow);
    }

    #[test]
    fn what_was_spent_is_not_reversed() {
        assert_eq!(reverse(Kind::Deposit, Money::minor(5), accounts(4, 1, -5)), None);
    }

    #[test]
    fn a_kind_has_a_direction() {
        assert!(Kind::Charge.fits(Money::minor(-1)) && !Kind::Charge.fits(Money::minor(1)));
        assert!(Kind::Refund.fits(Money::minor(1)) && !Kind::Refund.fits(Money::minor(-1)));
        assert!(Kind::Deposit.fits(Money::minor(1)) && !Kind::Deposit.fits(Money::minor(-1)));
    }
}
