//! Payments: the amount of an order moves from its user to the shop, once or not at all.
//!
//! ```text
//! Pending --charge applied-----> Charged --order confirmed--> Completed
//! Pending --refused (402)------> Declined
//! Pending --deadline-----------> Voiding --cancelled--> Voided
//! Charged --order says 409-----> Voiding
//! ```

use serde::{Deserialize, Serialize};
use values::Money;

use super::ids::{Moment, OrderId, PaymentId, UserId};
use super::step::{Answer, Command, Event, Next};

values::names! {
    /// Status of a payment.
    pub enum Status {
        /// Recorded; the charge may or may not have been applied.
        Pending = "pending",
        /// The user was charged; whether the order is confirmed isn't known.
        Charged = "charged",
        /// The user was charged and the order is confirmed.
        Completed = "completed",
        /// The user hadn't enough money.
        Declined = "declined",
        /// Given up; the charge is being undone or prevented.
        Voiding = "voiding",
        /// Given up; no money moved in the end.
        Voided = "voided",
    }
}

impl Status {
    /// Whether the payment holds its order, which it does unless it was declined or voided.
    pub fn is_live(self) -> bool {
        !matches!(self, Status::Declined | Status::Voided)
    }

    /// Whether the saga has nothing more to do for it.
    pub fn is_finished(self) -> bool {
        matches!(self, Status::Completed | Status::Declined | Status::Voided)
    }
}

values::names! {
    /// Reason why a payment was declined or voided.
    pub enum Reason {
        /// Users refused for lack of funds.
        InsufficientFunds = "insufficient_funds",
        /// Users has no such user.
        UnknownUser = "unknown_user",
        /// The order can't be confirmed any more.
        OrderRefused = "order_refused",
        /// The deadline passed before the outcome of the charge was known.
        TooLate = "too_late",
    }
}

/// One payment, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Payment {
    /// Its number.
    pub id: PaymentId,
    /// The order it pays; at most one live payment each.
    pub order_id: OrderId,
    /// The user who placed the order and pays it.
    pub user_id: UserId,
    /// The order's total when the payment began.
    pub amount: Money,
    /// Status.
    pub status: Status,
    /// Reason why it was declined, voided or is being voided.
    pub reason: Option<Reason>,
    /// The user's balance right after the charge.
    pub new_balance: Option<Money>,
    /// When it began.
    pub created_at: Moment,
    /// When a payment that is still pending is given up.
    pub deadline: Moment,
    /// Sums of its refunds.
    pub refunds: RefundTotals,
}

/// Sums of a payment's refunds: `done ≤ credited ≤ requested ≤ amount`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RefundTotals {
    /// Amounts of all refunds.
    pub requested: Money,
    /// Amounts that were certainly credited to the user.
    pub credited: Money,
    /// Amounts of finished refunds.
    pub done: Money,
}

impl RefundTotals {
    /// The sums without a refund.
    pub const NONE: RefundTotals =
        RefundTotals { requested: Money::ZERO, credited: Money::ZERO, done: Money::ZERO };

    /// Amounts of unfinished refunds.
    pub fn in_progress(&self) -> Money {
        self.requested.checked_sub(self.done).expect("only what was requested is done")
    }
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

/// Takes a payment one step further. An answer to a call of another state than the present one is stale and changes
/// nothing, which makes every change a compare-and-set when it runs inside a transaction.
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

        // No deadline here: if a confirmation arrived and its reply was lost, voiding would give the goods away.
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

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Moment = Moment(30_000);
    const DONE: Answer = Answer::Done { new_balance: Some(Money::minor(7)) };

    fn payment(status: Status) -> Payment {
        Payment {
            id: PaymentId::following(None),
            order_id: OrderId::following(None),
            user_id: UserId::following(None),
            amount: Money::minor(100),
            status,
            reason: None,
            new_balance: None,
            created_at: Moment(0),
            deadline: DEADLINE,
            refunds: RefundTotals::NONE,
        }
    }

    /// Every answer to the call of each state; what isn't listed changes nothing.
    #[test]
    fn only_these_answers_move_a_payment() {
        use Status::{Charged, Completed, Declined, Pending, Voided, Voiding};
        let moves = [
            (Pending, Command::Charge, DONE, Charged, None),
            (Pending, Command::Charge, Answer::Refused, Declined, Some(Reason::InsufficientFunds)),
            (Pending, Command::Charge, Answer::Missing, Voiding, Some(Reason::UnknownUser)),
            (Pending, Command::Charge, Answer::Cancelled, Voiding, Some(Reason::TooLate)),
            (Charged, Command::Confirm, DONE, Completed, None),
            (Charged, Command::Confirm, Answer::Conflict, Voiding, Some(Reason::OrderRefused)),
            (Charged, Command::Confirm, Answer::Missing, Voiding, Some(Reason::OrderRefused)),
            (Voiding, Command::Cancel, DONE, Voided, None),
            (Voiding, Command::Cancel, Answer::Missing, Voided, None),
        ];
        let answers =
            [DONE, Answer::Refused, Answer::Missing, Answer::Conflict, Answer::Cancelled, Answer::Unclear];
        let commands =
            [Command::Charge, Command::Confirm, Command::Cancel, Command::Credit, Command::MarkRefunded];
        for status in [Pending, Charged, Completed, Declined, Voiding, Voided] {
            for command in commands {
                for answer in answers {
                    let expected = moves
                        .iter()
                        .find(|(from, call, reply, ..)| (*from, *call, *reply) == (status, command, answer))
                        .map(|(.., to, reason)| (*to, *reason));
                    let next = step(&payment(status), Event::Answered(command, answer), DEADLINE);
                    let change = match next {
                        Next::Become(payment) => Some((payment.status, payment.reason)),
                        Next::Stay => None,
                        Next::Call(command) => panic!("an answer led to the call {command:?}"),
                    };
                    assert_eq!(change, expected, "{status:?}, {command:?} answered {answer:?}");
                }
            }
        }
    }

    #[test]
    fn the_deadline_is_for_pending_payments_only() {
        let due = |status, now| step(&payment(status), Event::Due, now);
        let before = Moment(DEADLINE.0 - 1);
        assert_eq!(due(Status::Pending, before), Next::Call(Command::Charge));
        let Next::Become(given_up) = due(Status::Pending, DEADLINE) else { panic!("it must be given up") };
        assert_eq!((given_up.status, given_up.reason), (Status::Voiding, Some(Reason::TooLate)));
        for now in [before, DEADLINE, Moment(i64::MAX)] {
            assert_eq!(due(Status::Charged, now), Next::Call(Command::Confirm));
            assert_eq!(due(Status::Voiding, now), Next::Call(Command::Cancel));
            for finished in [Status::Completed, Status::Declined, Status::Voided] {
                assert_eq!(due(finished, now), Next::Stay);
            }
        }
    }
}
