//! The words that payments and refunds share: what happened, what to do, what came of it.

use chassis::Money;

/// A call to another service. Each is idempotent, under a key or by its meaning, so it can be sent any number of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Take the payment's amount from the user.
    Charge,
    /// Tell the order that it is paid.
    Confirm,
    /// Undo the charge if there was one, and see to it that there never will be.
    Cancel,
    /// Give the refund's amount back to the user.
    Credit,
    /// Tell the order that it is wholly refunded.
    MarkRefunded,
}

/// What a call's reply says, once its status and body are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It is done, now or earlier.
    Done {
        /// The user's balance after a charge or a credit.
        new_balance: Option<Money>,
    },
    /// 402: the user hasn't enough money. Users sticks to that.
    Refused,
    /// 404: no such user or order.
    Missing,
    /// 409: the order can't get there from where it is.
    Conflict,
    /// 410: the operation was cancelled before.
    Cancelled,
    /// Nobody knows: no reply, a late, broken or unexpected one, a 5xx. Decides nothing.
    Unclear,
}

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// Its turn has come.
    Due,
    /// A call made on its behalf was answered.
    Answered(Command, Answer),
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Next<Record> {
    /// Make this call, and come back with its answer.
    Call(Command),
    /// The record changes into this one.
    Become(Record),
    /// Nothing: the record is finished, or the answer was for an earlier state, or decided nothing.
    Stay,
}

impl<Record> Next<Record> {
    /// What follows, without the record.
    pub fn kind(&self) -> Next<()> {
        match self {
            Next::Call(command) => Next::Call(*command),
            Next::Become(_) => Next::Become(()),
            Next::Stay => Next::Stay,
        }
    }
}
