//! A payment: an order's amount moves from its user to the shop, once or not at all.

use chassis::Money;
use serde::{Deserialize, Serialize};

use super::ids::{Moment, OrderId, PaymentId, UserId};
use super::step::{Answer, Command, Event, Next};

/// Where a payment stands.
///
/// ```text
/// Pending --charge applied-----> Charged --order confirmed--> Completed
/// Pending --refused (402)------> Declined
/// Pending --deadline-----------> Voiding --cancelled--> Voided
/// Charged --order says 409-----> Voiding
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Intended; the charge may or may not have arrived.
    Pending,
    /// The user was charged; the order doesn't know for certain.
    Charged,
    /// The order is confirmed.
    Completed,
    /// The user hadn't enough money.
    Declined,
    /// Given up; the charge is being undone or forestalled.
    Voiding,
    /// Given up; no money moved in the end.
    Voided,
}

impl Status {
    /// Whether the payment holds its order: everything but a payment that came to nothing.
    pub fn is_live(self) -> bool {
        !matches!(self, Status::Declined | Status::Voided)
    }

    /// Whether nothing more will happen by itself.
    pub fn is_finished(self) -> bool {
        matches!(self, Status::Completed | Status::Declined | Status::Voided)
    }

    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Charged => "charged",
            Status::Completed => "completed",
            Status::Declined => "declined",
            Status::Voiding => "voiding",
            Status::Voided => "voided",
        }
    }
}

/// Why a payment came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Users refused for lack of funds.
    InsufficientFunds,
    /// Users knows no such user.
    UnknownUser,
    /// The order can't be confirmed any more.
    OrderRefused,
    /// The deadline passed before the outcome of the charge was known.
    TooLate,
}

impl Reason {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::InsufficientFunds => "insufficient_funds",
            Reason::UnknownUser => "unknown_user",
            Reason::OrderRefused => "order_refused",
            Reason::TooLate => "too_late",
        }
    }
}

/// One payment, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Payment {
    /// Its number.
    pub id: PaymentId,
    /// The order it pays; at most one live payment each.
    pub order_id: OrderId,
    /// Whose order, and whose money.
    pub user_id: UserId,
    /// The order's total when the payment began.
    pub amount: Money,
    /// Where it stands.
    pub status: Status,
    /// Why it came, or is coming, to nothing.
    pub reason: Option<Reason>,
    /// The user's balance right after the charge.
    pub new_balance: Option<Money>,
    /// When it began.
    pub created_at: Moment,
    /// When a payment that is still pending is given up.
    pub deadline: Moment,
    /// What was refunded of it.
    pub refunds: RefundTotals,
}

/// Sums over a payment's refunds: `done ≤ credited ≤ requested ≤ amount`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RefundTotals {
    /// Everything ever asked for.
    pub requested: Money,
    /// What the users certainly have.
    pub credited: Money,
    /// What is wholly dealt with.
    pub done: Money,
}

impl RefundTotals {
    /// Nothing yet.
    pub const NONE: RefundTotals =
        RefundTotals { requested: Money::ZERO, credited: Money::ZERO, done: Money::ZERO };
}

impl Payment {
    /// What can still be refunded, once the payment is completed.
    pub fn left(&self) -> Money {
        self.amount.checked_sub(self.refunds.requested).expect("refunds never exceed the amount")
    }

    fn moved_to(&self, status: Status) -> Next<Payment> {
        Next::Become(Payment { status, ..self.clone() })
    }

    fn given_up(&self, status: Status, reason: Reason) -> Next<Payment> {
        Next::Become(Payment { status, reason: Some(reason), ..self.clone() })
    }
}

/// Takes a payment one step further. An answer to a call that belongs to another state than the present one is
/// stale and changes nothing, which makes every change a compare-and-set when it runs inside a transaction.
pub fn step(payment: &Payment, event: Event, now: Moment) -> Next<Payment> {
    use Command::{Cancel, Charge, Confirm};
    match (payment.status, event) {
        (Status::Pending, Event::Due) if now >= payment.deadline => {
            payment.given_up(Status::Voiding, Reason::TooLate)
        }
        (Status::Pending, Event::Due) => Next::Call(Charge),
        (Status::Pending, Event::Answered(Charge, answer)) => match answer {
            Answer::Done { new_balance } => {
                Next::Become(Payment { status: Status::Charged, new_balance, ..payment.clone() })
            }
            Answer::Refused => payment.given_up(Status::Declined, Reason::InsufficientFunds),
            Answer::Missing => payment.given_up(Status::Voiding, Reason::UnknownUser),
            Answer::Cancelled => payment.given_up(Status::Voiding, Reason::TooLate),
            Answer::Conflict | Answer::Unclear => Next::Stay,
        },

        // No deadline here: a confirm whose reply was lost would give the goods away.
        (Status::Charged, Event::Due) => Next::Call(Confirm),
        (Status::Charged, Event::Answered(Confirm, answer)) => match answer {
            Answer::Done { .. } => payment.moved_to(Status::Completed),
            Answer::Conflict | Answer::Missing => payment.given_up(Status::Voiding, Reason::OrderRefused),
            Answer::Refused | Answer::Cancelled | Answer::Unclear => Next::Stay,
        },

        (Status::Voiding, Event::Due) => Next::Call(Cancel),
        (Status::Voiding, Event::Answered(Cancel, answer)) => match answer {
            // A user that isn't there has no charge to undo.
            Answer::Done { .. } | Answer::Missing => payment.moved_to(Status::Voided),
            Answer::Refused | Answer::Conflict | Answer::Cancelled | Answer::Unclear => Next::Stay,
        },

        (_, Event::Due | Event::Answered(..)) => Next::Stay,
    }
}
