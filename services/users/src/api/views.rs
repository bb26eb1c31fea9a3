//! What requests and replies look like.

use chassis::{
    Id, IdempotencyKey, Money,
    leaf::{Leaf, Value, leaf},
    money::{Change, Opening},
};
use poem_openapi::{Enum, Object, registry::MetaSchema, types::Example};

use crate::{
    domain::{
        ledger::{Counterpart, Kind},
        operation::{Cancelled, Decision, Entry, Event},
        user::{Holder, UserId},
    },
    store::{Ledger, Statement},
};

/// Somebody to be.
#[derive(Debug, Object)]
#[oai(rename = "NewUser", deny_unknown_fields, example)]
pub(super) struct NewUserBody {
    #[oai(validator(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$"))]
    pub(super) username: Text,
    #[oai(validator(min_length = 3, max_length = 254, pattern = "^[!-?A-~]+@[!-?A-~]+$"))]
    pub(super) email: Text,
    /// What the user brings; 100.00 unless told.
    pub(super) balance: Option<Opening>,
}

impl Example for NewUserBody {
    fn example() -> Self {
        let balance = Some(Opening(Money::minor(25_000)));
        Self { username: Text("dave".into()), email: Text("dave@example.com".into()), balance }
    }
}

/// A JSON string, and no number or boolean that would be made one.
#[derive(Debug)]
pub(super) struct Text(pub(super) String);

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Leaf for Text {
    const NAME: &'static str = "Text";

    fn schema() -> MetaSchema {
        MetaSchema::new("string")
    }

    fn from_json(value: &Value) -> Result<Self, String> {
        value.as_str().ok_or_else(|| "must be a string".to_owned()).and_then(Self::from_text)
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    fn to_json(&self) -> Value {
        self.0.clone().into()
    }
}
leaf!(Text);

/// A user.
#[derive(Debug, Object)]
#[oai(rename = "User")]
pub(super) struct UserView {
    id: UserId,
    username: String,
    email: String,
    balance: Money,
}

impl From<Holder> for UserView {
    fn from(holder: Holder) -> Self {
        Self {
            id: holder.id,
            username: holder.user.username,
            email: holder.user.email,
            balance: holder.balance,
        }
    }
}

/// A page of users.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct UserList {
    pub(super) users: Vec<UserView>,
    /// What to send as `after`; there when there is more.
    pub(super) next: Option<UserId>,
}

#[derive(Debug, Object)]
#[oai(rename = "CreatedUser")]
pub(super) struct CreatedView {
    pub(super) message: String,
    pub(super) user: UserView,
}

/// What a user has.
#[derive(Debug, Object)]
#[oai(rename = "Balance")]
pub(super) struct BalanceView {
    pub(super) user_id: UserId,
    pub(super) username: String,
    pub(super) balance: Money,
}

/// What an operation is for.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename = "Kind", rename_all = "snake_case")]
pub(super) enum KindName {
    Charge,
    Refund,
    Deposit,
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Charge => Self::Charge,
            KindName::Refund => Self::Refund,
            KindName::Deposit => Self::Deposit,
        }
    }
}

impl From<Kind> for KindName {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Charge => Self::Charge,
            Kind::Refund => Self::Refund,
            Kind::Deposit => Self::Deposit,
        }
    }
}

/// Money to move.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct BalanceChange {
    /// What the user gains or, below zero, loses.
    pub(super) amount: Change,
    /// What it is for; without one, what is taken is a charge and what is given a deposit.
    pub(super) kind: Option<KindName>,
}

impl Example for BalanceChange {
    fn example() -> Self {
        Self { amount: Change(Money::minor(5_000)), kind: Some(KindName::Deposit) }
    }
}

/// Money that moved.
#[derive(Debug, Object)]
#[oai(rename = "BalanceChanged")]
pub(super) struct ChangeView {
    pub(super) message: String,
    pub(super) user_id: UserId,
    pub(super) previous_balance: Money,
    pub(super) amount_changed: Money,
    pub(super) new_balance: Money,
}

/// The kind of the number of a statement's line.
#[derive(Debug)]
pub(crate) enum LineKind {}

/// What a line records.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename = "Event", rename_all = "snake_case")]
enum EventName {
    Charge,
    Refund,
    Deposit,
    Reversal,
    Cancellation,
}

/// What was decided.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename = "Decision", rename_all = "snake_case")]
enum DecisionName {
    Applied,
    Refused,
    Cancelled,
}

/// The account on the other side.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename = "Counterpart", rename_all = "snake_case")]
enum CounterpartName {
    Clearing,
    External,
}

/// One line of a statement.
#[derive(Debug, Object)]
#[oai(rename = "Entry")]
struct EntryView {
    /// 1, 2, 3, … for each user.
    id: Id<LineKind>,
    key: String,
    kind: EventName,
    decision: DecisionName,
    /// What the user gains or, below zero, loses; of a refused one, what they would have.
    amount: Money,
    /// Where it came from or went; null for a cancellation.
    #[oai(nullable)]
    counterpart: Option<CounterpartName>,
    /// The balance after it.
    balance: Money,
    /// RFC 3339.
    created_at: String,
}

/// The statement of a user.
#[derive(Debug, Object)]
#[oai(rename = "Statement")]
pub(super) struct StatementView {
    user_id: UserId,
    username: String,
    /// The balance at the moment of the reply.
    balance: Money,
    operations: Vec<EntryView>,
    /// What to send as `after`; there when there is more.
    #[oai(skip_serializing_if_is_none)]
    next: Option<Id<LineKind>>,
}

impl From<Statement> for StatementView {
    fn from(statement: Statement) -> Self {
        let Statement { holder, lines } = statement;
        Self {
            user_id: holder.id,
            username: holder.user.username,
            balance: holder.balance,
            operations: lines.entries.into_iter().map(|(line, entry)| view(line, entry)).collect(),
            next: lines.next.and_then(Id::new),
        }
    }
}

fn view(line: u64, entry: Entry) -> EntryView {
    EntryView {
        id: Id::new(line).expect("lines are numbered from 1 on"),
        key: entry.key,
        kind: match entry.event {
            Event::Charge => EventName::Charge,
            Event::Refund => EventName::Refund,
            Event::Deposit => EventName::Deposit,
            Event::Reversal => EventName::Reversal,
            Event::Cancellation => EventName::Cancellation,
        },
        decision: match entry.decision {
            Decision::Applied => DecisionName::Applied,
            Decision::Refused => DecisionName::Refused,
            Decision::Cancelled => DecisionName::Cancelled,
        },
        amount: entry.amount,
        counterpart: entry.counterpart.map(|counterpart| match counterpart {
            Counterpart::Clearing => CounterpartName::Clearing,
            Counterpart::External => CounterpartName::External,
        }),
        balance: entry.balance,
        created_at: entry.at,
    }
}

/// What came of a cancellation.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename = "CancelOutcome", rename_all = "snake_case")]
pub(super) enum OutcomeName {
    Reversed,
    NothingToDo,
    Tombstone,
}

impl From<Cancelled> for OutcomeName {
    fn from(cancelled: Cancelled) -> Self {
        match cancelled {
            Cancelled::Reversed => Self::Reversed,
            Cancelled::NothingToDo => Self::NothingToDo,
            Cancelled::Tombstone => Self::Tombstone,
        }
    }
}

/// A cancelled operation.
#[derive(Debug, Object)]
#[oai(rename = "OperationCancelled")]
pub(super) struct CancelView {
    pub(super) message: String,
    pub(super) user_id: UserId,
    pub(super) key: IdempotencyKey,
    pub(super) outcome: OutcomeName,
    /// The balance at the moment of the reply.
    pub(super) balance: Money,
}

/// Every account at one moment.
#[derive(Debug, Object)]
#[oai(rename = "Ledger")]
pub(super) struct LedgerView {
    balances: Vec<BalanceView>,
    /// Money of payments: charged and not refunded.
    clearing: Money,
    /// What came from outside, below zero.
    external: Money,
    /// Of all the above: 0.
    sum: Money,
}

impl From<Ledger> for LedgerView {
    fn from(ledger: Ledger) -> Self {
        let Ledger { holders, clearing, external } = ledger;
        let balances = holders.iter().map(|holder| holder.balance.units());
        let sum = balances.sum::<i64>() + clearing.units() + external.units();
        let balances = holders.into_iter().map(|holder| BalanceView {
            user_id: holder.id,
            username: holder.user.username,
            balance: holder.balance,
        });
        Self { balances: balances.collect(), clearing, external, sum: Money::minor(sum) }
    }
}
