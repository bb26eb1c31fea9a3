//! Bodies of requests and replies.

use chassis::{Text, Wire, WireName};
use poem_openapi::{Object, types::Example};
use values::{
    Id, IdempotencyKey, Money,
    money::{Change, Opening},
};

use crate::{
    domain::{
        ledger::{Counterpart, Kind},
        operation::{CancelOutcome, Decision, Entry, Event},
        user::{Holder, UserId},
    },
    store::{Ledger, Statement},
};

/// A user to create.
#[derive(Debug, Object)]
#[oai(rename = "NewUser", deny_unknown_fields, example)]
pub(super) struct NewUserBody {
    #[oai(validator(pattern = "^[A-Za-z0-9_.-]+$"))]
    pub(super) username: Wire<Text<1, 64>>,
    #[oai(validator(pattern = "^[!-?A-~]+@[!-?A-~]+$"))]
    pub(super) email: Wire<Text<3, 254>>,
    /// Opening balance; 100.00 when not given.
    pub(super) balance: Option<Wire<Opening>>,
}

impl Example for NewUserBody {
    fn example() -> Self {
        let balance = Opening::new(Money::minor(25_000)).ok().map(Wire);
        let (username, email) = (Text("dave".into()), Text("dave@example.com".into()));
        Self { username: Wire(username), email: Wire(email), balance }
    }
}

/// A user.
#[derive(Debug, Object)]
#[oai(rename = "User")]
pub(super) struct UserView {
    id: Wire<UserId>,
    username: String,
    email: String,
    balance: Wire<Money>,
}

impl From<Holder> for UserView {
    fn from(holder: Holder) -> Self {
        Self {
            id: Wire(holder.id),
            username: holder.user.username,
            email: holder.user.email,
            balance: Wire(holder.balance),
        }
    }
}

/// A page of users.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct UserList {
    pub(super) users: Vec<UserView>,
    /// `after` of the next page, when there is one.
    pub(super) next: Option<Wire<UserId>>,
}

#[derive(Debug, Object)]
#[oai(rename = "CreatedUser")]
pub(super) struct CreatedView {
    pub(super) message: String,
    pub(super) user: UserView,
}

/// Balance of a user.
#[derive(Debug, Object)]
#[oai(rename = "Balance")]
pub(super) struct BalanceView {
    user_id: Wire<UserId>,
    username: String,
    balance: Wire<Money>,
}

impl From<Holder> for BalanceView {
    fn from(holder: Holder) -> Self {
        Self { user_id: Wire(holder.id), username: holder.user.username, balance: Wire(holder.balance) }
    }
}

/// Money to move.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct BalanceChange {
    /// What the user gains or, below zero, loses.
    pub(super) amount: Wire<Change>,
    /// What the money is moved for. When not given: a charge below zero, otherwise a deposit.
    pub(super) kind: Option<Wire<Kind>>,
}

impl Example for BalanceChange {
    fn example() -> Self {
        let amount = Change::new(Money::minor(5_000)).expect("it is within the bounds");
        Self { amount: Wire(amount), kind: Some(Wire(Kind::Deposit)) }
    }
}

/// Money that moved.
#[derive(Debug, Object)]
#[oai(rename = "BalanceChanged")]
pub(super) struct ChangeView {
    pub(super) message: String,
    pub(super) user_id: Wire<UserId>,
    pub(super) previous_balance: Wire<Money>,
    pub(super) amount_changed: Wire<Money>,
    pub(super) new_balance: Wire<Money>,
}

/// Kind of the ids of statement lines.
#[derive(Debug)]
pub(crate) enum LineKind {}

impl WireName for Kind {}
impl WireName for Event {}
impl WireName for Decision {}
impl WireName for Counterpart {}
impl WireName for CancelOutcome {}

/// One line of a statement.
#[derive(Debug, Object)]
#[oai(rename = "Entry")]
struct EntryView {
    /// 1, 2, 3, … for each user.
    id: Wire<Id<LineKind>>,
    key: String,
    kind: Wire<Event>,
    decision: Wire<Decision>,
    /// What the user gains or, below zero, loses; of a refused one, what it would have been.
    amount: Wire<Money>,
    /// The account on the other side; null for a cancellation.
    #[oai(nullable)]
    counterpart: Option<Wire<Counterpart>>,
    /// The balance after it.
    balance: Wire<Money>,
    /// RFC 3339.
    created_at: String,
}

/// The statement of a user.
#[derive(Debug, Object)]
#[oai(rename = "Statement")]
pub(super) struct StatementView {
    user_id: Wire<UserId>,
    username: String,
    /// The balance at the moment of the reply.
    balance: Wire<Money>,
    operations: Vec<EntryView>,
    /// `after` of the next page, when there is one.
    #[oai(skip_serializing_if_is_none)]
    next: Option<Wire<Id<LineKind>>>,
}

impl From<Statement> for StatementView {
    fn from(statement: Statement) -> Self {
        let Statement { holder, lines } = statement;
        Self {
            user_id: Wire(holder.id),
            username: holder.user.username,
            balance: Wire(holder.balance),
            operations: lines.entries.into_iter().map(|(line, entry)| view(line, entry)).collect(),
            next: lines.next.map(Id::recorded).map(Wire),
        }
    }
}

fn view(line: u64, entry: Entry) -> EntryView {
    EntryView {
        id: Wire(Id::recorded(line)),
        key: entry.key,
        kind: Wire(entry.event),
        decision: Wire(entry.decision),
        amount: Wire(entry.amount),
        counterpart: entry.counterpart.map(Wire),
        balance: Wire(entry.balance),
        created_at: entry.at,
    }
}

/// A cancelled operation.
#[derive(Debug, Object)]
#[oai(rename = "OperationCancelled")]
pub(super) struct CancelView {
    pub(super) message: String,
    pub(super) user_id: Wire<UserId>,
    pub(super) key: Wire<IdempotencyKey>,
    pub(super) outcome: Wire<CancelOutcome>,
    /// The balance at the moment of the reply.
    pub(super) balance: Wire<Money>,
}

/// Every account at one moment.
#[derive(Debug, Object)]
#[oai(rename = "Ledger")]
pub(super) struct LedgerView {
    balances: Vec<BalanceView>,
    /// Money of payments: charged and not refunded.
    clearing: Wire<Money>,
    /// Deposits, below zero.
    external: Wire<Money>,
    /// Sum of all balances, `clearing` and `external`: 0.
    sum: Wire<Money>,
}

impl From<Ledger> for LedgerView {
    fn from(ledger: Ledger) -> Self {
        let Ledger { holders, clearing, external } = ledger;
        let balances = holders.iter().map(|holder| holder.balance.units());
        let sum = balances.sum::<i64>() + clearing.units() + external.units();
        Self {
            balances: holders.into_iter().map(BalanceView::from).collect(),
            clearing: Wire(clearing),
            external: Wire(external),
            sum: Wire(Money::minor(sum)),
        }
    }
}
