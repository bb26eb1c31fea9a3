//! A refund: some or all of a completed payment's amount goes back to its user, once.

use chassis::Money;
use serde::{Deserialize, Serialize};

use super::ids::{Moment, PaymentId, RefundId};
use super::payment::{Payment, RefundTotals, Status};
use super::step::{Answer, Command, Event, Next};

/// Where a refund stands: `Requested --credited--> Credited --order updated--> Done`. Only the refund that makes
/// its payment wholly refunded has an order to update; the others are done once they are credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Intended; the credit may or may not have arrived.
    Requested,
    /// The user has the money; the order doesn't know for certain.
    Credited,
    /// Finished.
    Done,
}

/// One refund, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refund {
    /// Its number.
    pub id: RefundId,
    /// The payment it gives back.
    pub payment_id: PaymentId,
    /// How much of it.
    pub amount: Money,
    /// Where it stands.
    pub status: RefundStatus,
    /// When it began.
    pub created_at: Moment,
}

/// Why a refund can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Only completed payments can be refunded.
    #[error("the payment is {}, and only a completed one can be refunded", .0.as_str())]
    NotCompleted(Status),
    /// Everything was refunded, or is being refunded.
    #[error("nothing is left to refund")]
    NothingLeft,
    /// The amount is more than what is left.
    #[error("only {0} is left to refund")]
    MoreThanLeft(Money),
}

/// Sets the amount aside, or all that is left when none is given. `id` and `now` are the new refund's.
pub fn request(
    payment: &Payment,
    amount: Option<Money>,
    id: RefundId,
    now: Moment,
) -> Result<(Refund, Payment), Refused> {
    if payment.status != Status::Completed {
        return Err(Refused::NotCompleted(payment.status));
    }
    let left = payment.left();
    if left == Money::ZERO {
        return Err(Refused::NothingLeft);
    }
    let amount = amount.unwrap_or(left);
    if amount > left {
        return Err(Refused::MoreThanLeft(left));
    }
    let refund =
        Refund { id, payment_id: payment.id, amount, status: RefundStatus::Requested, created_at: now };
    let requested = sum(payment.refunds.requested, amount);
    let refunds = RefundTotals { requested, ..payment.refunds };
    Ok((refund, Payment { refunds, ..payment.clone() }))
}

/// Takes a refund one step further, together with its payment, whose totals change with it.
pub fn step(refund: &Refund, payment: &Payment, event: Event) -> Next<(Refund, Payment)> {
    use Command::{Credit, MarkRefunded};
    match (refund.status, event) {
        (RefundStatus::Requested, Event::Due) => Next::Call(Credit),
        (RefundStatus::Requested, Event::Answered(Credit, Answer::Done { .. })) => {
            let credited = sum(payment.refunds.credited, refund.amount);
            let payment =
                Payment { refunds: RefundTotals { credited, ..payment.refunds }, ..payment.clone() };
            if credited == payment.amount {
                let refund = Refund { status: RefundStatus::Credited, ..refund.clone() };
                Next::Become((refund, payment))
            } else {
                done(refund, &payment)
            }
        }

        (RefundStatus::Credited, Event::Due) => Next::Call(MarkRefunded),
        // An order that has gone on, to the customer's door say, keeps its status; the money is back all the same.
        (
            RefundStatus::Credited,
            Event::Answered(MarkRefunded, Answer::Done { .. } | Answer::Conflict | Answer::Missing),
        ) => done(refund, payment),

        (_, Event::Due | Event::Answered(..)) => Next::Stay,
    }
}

fn done(refund: &Refund, payment: &Payment) -> Next<(Refund, Payment)> {
    let refund = Refund { status: RefundStatus::Done, ..refund.clone() };
    let refunds = RefundTotals { done: sum(payment.refunds.done, refund.amount), ..payment.refunds };
    Next::Become((refund, Payment { refunds, ..payment.clone() }))
}

fn sum(a: Money, b: Money) -> Money {
    a.checked_add(b).expect("refunds add up to no more than the payment's amount")
}
