//! Refunds: some or all of a completed payment's amount moves back to its user, once.

use std::fmt;

use serde::{Deserialize, Serialize};
use values::Money;

use super::ids::{Moment, PaymentId, RefundId};
use super::payment::{Payment, RefundTotals, Status};
use super::step::{Answer, Command, Event, Next};

values::names! {
    /// Status of a refund: `Requested --credited--> Credited --order updated--> Done`. Only the refund that makes its
    /// payment wholly refunded has an order to update; the others are done once they are credited.
    pub enum RefundStatus {
        /// Recorded; the credit may or may not have been applied.
        Requested = "requested",
        /// The user has the money; whether the order is updated isn't known.
        Credited = "credited",
        /// Finished.
        Done = "done",
    }
}

/// One refund, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refund {
    /// Its number.
    pub id: RefundId,
    /// The payment that is refunded.
    pub payment_id: PaymentId,
    /// Amount.
    pub amount: Money,
    /// Status.
    pub status: RefundStatus,
    /// When it began.
    pub created_at: Moment,
}

/// A refund can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRefundable {
    /// Only completed payments can be refunded.
    NotCompleted(Status),
    /// Everything was refunded, or is being refunded.
    NothingLeft,
    /// The amount is more than this, which is left.
    MoreThanLeft(Money),
}

impl fmt::Display for NotRefundable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCompleted(status) => {
                write!(f, "the payment is {status}, and only a completed one can be refunded")
            }
            Self::NothingLeft => f.write_str("nothing is left to refund"),
            Self::MoreThanLeft(left) => write!(f, "only {left} is left to refund"),
        }
    }
}

/// Reserves the amount, or all that is left when none is given. `id` and `now` are those of the new refund.
pub fn request(
    payment: &Payment,
    amount: Option<Money>,
    id: RefundId,
    now: Moment,
) -> Result<(Refund, Payment), NotRefundable> {
    if payment.status != Status::Completed {
        return Err(NotRefundable::NotCompleted(payment.status));
    }
    let left = payment.left();
    if left == Money::ZERO {
        return Err(NotRefundable::NothingLeft);
    }
    let amount = amount.unwrap_or(left);
    if amount > left {
        return Err(NotRefundable::MoreThanLeft(left));
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
        // An order that has a later status by now, such as shipped, keeps it; the money is credited all the same.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{OrderId, UserId};

    const DONE: Answer = Answer::Done { new_balance: None };

    fn completed(amount: i64) -> Payment {
        Payment {
            id: PaymentId::following(None),
            order_id: OrderId::following(None),
            user_id: UserId::following(None),
            amount: Money::minor(amount),
            status: Status::Completed,
            reason: None,
            new_balance: None,
            created_at: Moment(0),
            deadline: Moment(0),
            refunds: RefundTotals::NONE,
        }
    }

    fn requested(payment: &Payment, amount: Option<i64>) -> Result<(Refund, Payment), NotRefundable> {
        request(payment, amount.map(Money::minor), RefundId::following(None), Moment(0))
    }

    fn answered(
        refund: &Refund,
        payment: &Payment,
        command: Command,
        answer: Answer,
    ) -> Option<(Refund, Payment)> {
        match step(refund, payment, Event::Answered(command, answer)) {
            Next::Become(next) => Some(next),
            _ => None,
        }
    }

    #[test]
    fn a_reserved_amount_is_never_refunded_twice() {
        let (_, payment) = requested(&completed(100), Some(60)).unwrap();
        assert_eq!(requested(&payment, Some(41)), Err(NotRefundable::MoreThanLeft(Money::minor(40))));
        let (rest, payment) = requested(&payment, None).unwrap();
        assert_eq!(rest.amount, Money::minor(40));
        assert_eq!(requested(&payment, Some(1)), Err(NotRefundable::NothingLeft));
        let pending = Payment { status: Status::Charged, ..completed(100) };
        assert_eq!(requested(&pending, None), Err(NotRefundable::NotCompleted(Status::Charged)));
    }

    #[test]
    fn a_part_is_done_once_credited_and_the_last_one_marks_the_order() {
        let (part, payment) = requested(&completed(100), Some(60)).unwrap();
        let (rest, payment) = requested(&payment, None).unwrap();
        // They are credited in the other order: the second one marks the order.
        let (rest, payment) = answered(&rest, &payment, Command::Credit, DONE).unwrap();
        assert_eq!((rest.status, payment.refunds.done), (RefundStatus::Done, Money::minor(40)));
        let (part, payment) = answered(&part, &payment, Command::Credit, DONE).unwrap();
        assert_eq!((part.status, payment.refunds.done), (RefundStatus::Credited, Money::minor(40)));
        assert_eq!(step(&part, &payment, Event::Due), Next::Call(Command::MarkRefunded));
        for answer in [Answer::Unclear, Answer::Refused, Answer::Cancelled] {
            assert_eq!(answered(&part, &payment, Command::MarkRefunded, answer), None);
        }
        for answer in [DONE, Answer::Conflict, Answer::Missing] {
            let (part, payment) = answered(&part, &payment, Command::MarkRefunded, answer).unwrap();
            assert_eq!((part.status, payment.refunds.done), (RefundStatus::Done, payment.amount));
            assert_eq!(step(&part, &payment, Event::Due), Next::Stay);
        }
    }

    #[test]
    fn a_credit_is_requested_until_it_is_certain() {
        let (refund, payment) = requested(&completed(100), None).unwrap();
        assert_eq!(step(&refund, &payment, Event::Due), Next::Call(Command::Credit));
        for answer in [Answer::Unclear, Answer::Refused, Answer::Missing, Answer::Conflict, Answer::Cancelled]
        {
            assert_eq!(answered(&refund, &payment, Command::Credit, answer), None);
        }
    }
}
