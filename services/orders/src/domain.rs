//! The rules of orders: pure, without database or HTTP.

use serde::{Deserialize, Serialize};
use values::{Id, Money};

/// The kind of [`OrderId`].
#[derive(Debug)]
pub(crate) enum OrderKind {}
/// The kind of [`UserId`].
#[derive(Debug)]
pub(crate) enum UserKind {}
/// The kind of [`PaymentId`].
#[derive(Debug)]
pub(crate) enum PaymentKind {}

/// The id of an order.
pub(crate) type OrderId = Id<OrderKind>;
/// The id of a user, given out by users-service.
pub(crate) type UserId = Id<UserKind>;
/// The id of a payment, given out by payment-service.
pub(crate) type PaymentId = Id<PaymentKind>;

values::names! {
    /// Status of an order.
    pub(crate) enum Status {
        Pending = "pending",
        Confirmed = "confirmed",
        Shipped = "shipped",
        Delivered = "delivered",
        Cancelled = "cancelled",
        Refunded = "refunded",
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) user: UserId,
    pub(crate) items: Vec<String>,
    pub(crate) total: Money,
    pub(crate) status: Status,
    /// The payment that confirmed it; it never changes.
    pub(crate) paid_by: Option<PaymentId>,
    /// RFC 3339.
    pub(crate) created_at: String,
}

/// The payment that asks to confirm or to refund an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) amount: Money,
}

/// A request to change the status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusRequest {
    /// By any caller, to a status that needs no payment.
    Plain(Status),
    /// By a payment that holds the money.
    Confirm(Payment),
    /// By a payment that gave all the money back.
    Refund(Payment),
}

/// Decision on a [`StatusRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The status changes; the order after it.
    Moved(Order),
    /// The order has, or had, that status already.
    Already,
    /// The status can't be reached from the present one.
    Refused(Refusal),
}

/// Reason why a status can't be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No arrow leads there from the present status.
    Unreachable,
    /// The payment's amount is not the order's total.
    OtherAmount,
    /// Another payment confirmed the order.
    OtherPayment,
}

/// Decides on a request. Statuses only move forward, so a granted request stays granted, and a refused confirmation or
/// cancellation stays refused.
pub(crate) fn decide(order: &Order, request: StatusRequest) -> Verdict {
    let moved = |status| Verdict::Moved(Order { status, ..order.clone() });
    match request {
        StatusRequest::Plain(wanted) => match (order.status, wanted) {
            (_, Status::Confirmed | Status::Refunded) => Verdict::Refused(Refusal::Unreachable),
            (present, wanted) if present == wanted => Verdict::Already,
            (Status::Pending, Status::Cancelled)
            | (Status::Confirmed, Status::Shipped)
            | (Status::Shipped, Status::Delivered) => moved(wanted),
            _ => Verdict::Refused(Refusal::Unreachable),
        },
        StatusRequest::Confirm(payment) | StatusRequest::Refund(payment) if payment.amount != order.total => {
            Verdict::Refused(Refusal::OtherAmount)
        }
        StatusRequest::Confirm(payment) | StatusRequest::Refund(payment)
            if order.paid_by.is_some_and(|paid_by| paid_by != payment.id) =>
        {
            Verdict::Refused(Refusal::OtherPayment)
        }
        StatusRequest::Confirm(payment) => match order.status {
            Status::Pending => Verdict::Moved(Order {
                status: Status::Confirmed,
                paid_by: Some(payment.id),
                ..order.clone()
            }),
            Status::Confirmed | Status::Shipped | Status::Delivered | Status::Refunded => Verdict::Already,
            Status::Cancelled => Verdict::Refused(Refusal::Unreachable),
        },
        StatusRequest::Refund(_) => match order.status {
            Status::Confirmed => moved(Status::Refunded),
            Status::Refunded => Verdict::Already,
            _ => Verdict::Refused(Refusal::Unreachable),
        },
    }
}

#[cfg(test)]
mod tests {
    use values::Named;

    use super::*;

    fn order(status: Status) -> Order {
        let paid_by = match status {
            Status::Pending | Status::Cancelled => None,
            _ => PaymentId::new(7),
        };
        Order {
            user: UserId::new(1).unwrap(),
            items: vec!["Phone".into()],
            total: Money::minor(100),
            status,
            paid_by,
            created_at: String::new(),
        }
    }

    fn payment(id: u64, units: i64) -> Payment {
        Payment { id: PaymentId::new(id).unwrap(), amount: Money::minor(units) }
    }

    /// A letter for each status: `>` moves, `=` is so already, `.` is refused.
    fn row(request: StatusRequest) -> String {
        let letter = |status| match decide(&order(status), request) {
            Verdict::Moved(_) => '>',
            Verdict::Already => '=',
            Verdict::Refused(_) => '.',
        };
        Status::ALL.iter().copied().map(letter).collect()
    }

    #[test]
    fn statuses_move_along_the_arrows_alone() {
        //                                               pcsdxr
        assert_eq!(row(StatusRequest::Plain(Status::Pending)), "=.....");
        assert_eq!(row(StatusRequest::Plain(Status::Shipped)), ".>=...");
        assert_eq!(row(StatusRequest::Plain(Status::Delivered)), "..>=..");
        assert_eq!(row(StatusRequest::Plain(Status::Cancelled)), ">...=.");
        assert_eq!(row(StatusRequest::Plain(Status::Confirmed)), "......", "it needs a payment");
        assert_eq!(row(StatusRequest::Plain(Status::Refunded)), "......", "it needs a payment");
        assert_eq!(row(StatusRequest::Confirm(payment(7, 100))), ">===.=");
        assert_eq!(row(StatusRequest::Refund(payment(7, 100))), ".>...=");
    }

    #[test]
    fn an_order_belongs_to_one_payment_of_its_amount() {
        assert_eq!(row(StatusRequest::Confirm(payment(8, 100))), ">.....");
        assert_eq!(row(StatusRequest::Refund(payment(8, 100))), "......");
        assert_eq!(row(StatusRequest::Confirm(payment(7, 99))), "......");
        assert_eq!(row(StatusRequest::Refund(payment(7, 99))), "......");
    }

    #[test]
    fn a_refused_confirmation_or_cancellation_stays_refused() {
        let requests = [
            StatusRequest::Plain(Status::Cancelled),
            StatusRequest::Confirm(payment(7, 100)),
            StatusRequest::Confirm(payment(8, 100)),
            StatusRequest::Confirm(payment(7, 99)),
        ];
        // Where a confirmation or a cancellation is refused, no move makes it possible again.
        for status in Status::ALL.iter().copied() {
            for refused in requests {
                let before = order(status);
                if !matches!(decide(&before, refused), Verdict::Refused(_)) {
                    continue;
                }
                for other in requests.into_iter().chain([
                    StatusRequest::Plain(Status::Shipped),
                    StatusRequest::Plain(Status::Delivered),
                    StatusRequest::Refund(payment(7, 100)),
                ]) {
                    if let Verdict::Moved(after) = decide(&before, other) {
                        assert!(
                            matches!(decide(&after, refused), Verdict::Refused(_)),
                            "{before:?} {refused:?}"
                        );
                    }
                }
            }
        }
    }
}
