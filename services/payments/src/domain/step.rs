//! Events, commands and answers of payments and refunds.

use values::Money;

/// A call to another service. Each is idempotent, under a key or by its meaning, so it can be sent any number of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Take the payment's amount from the user.
    Charge,
    /// Tell the order that it is paid.
    Confirm,
    /// Undo the charge if there was one, and keep it from being applied later.
    Cancel,
    /// Give the refund's amount back to the user.
    Credit,
    /// Tell the order that it is wholly refunded.
    MarkRefunded,
}

/// Meaning of a call's reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It is done, now or earlier.
    Done {
        /// The user's balance after a charge or a credit.
        new_balance: Option<Money>,
    },
    /// 402: the user hasn't enough money. That answer never changes.
    Refused,
    /// 404: no such user or order.
    Missing,
    /// 409: the order can't change to that status.
    Conflict,
    /// 410: the operation was cancelled before.
    Cancelled,
    /// The outcome is unknown: no reply, a late, broken or unexpected one, a 5xx. Decides nothing.
    Unclear,
}

/// Event of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// The record is due for its next step.
    Due,
    /// A call made on its behalf was answered.
    Answered(Command, Answer),
}

/// Consequence of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Next<Record> {
    /// Make this call; its answer is the next event.
    Call(Command),
    /// The record changes into this one.
    Become(Record),
    /// No change: the record is finished, or the answer was for an earlier state, or decided nothing.
    Stay,
}

impl<Record> Next<Record> {
    /// The same without the record.
    pub fn kind(&self) -> Next<()> {
        match self {
            Next::Call(command) => Next::Call(*command),
            Next::Become(_) => Next::Become(()),
            Next::Stay => Next::Stay,
        }
    }
}
