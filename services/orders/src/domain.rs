//! The rules of orders, without a database or a request in sight.

use chassis::{Id, Money};
use serde::{Deserialize, Serialize};

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

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Pending,
    Confirmed,
    Shipped,
    Delivered,
    Cancelled,
    Refunded,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) user: UserId,
    pub(crate) items: Vec<String>,
    pub(crate) total: Money,
    pub(crate) status: Status,
    /// The payment that confirmed it, for ever.
    pub(crate) paid_by: Option<PaymentId>,
    /// RFC 3339.
    pub(crate) created_at: String,
}

/// A payment, as it presents itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) amount: Money,
}

/// What somebody wants of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// By anybody: no more than that it is, or is to be, in this status.
    Plain(PlainStatus),
    /// The payment has the money.
    Confirm(Payment),
    /// The payment gave all the money back.
    Refund(Payment),
}

/// The statuses that need no payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainStatus {
    Pending,
    Shipped,
    Delivered,
    Cancelled,
}

/// What is to become of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The order as it is from now on.
    Moved(Order),
    /// It has been granted before; the order has perhaps gone further since.
    Already,
    /// It can't be, and never will.
    Refused(Refusal),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No arrow leads there from here.
    Unreachable,
    /// The payment is about another amount.
    OtherAmount,
    /// Another payment has the order.
    OtherPayment,
}

/// Judges a wish. Statuses only move forward, so what was granted once is granted for ever, and so is a refusal.
pub(crate) fn judge(order: &Order, wish: Wish) -> Verdict {
    let moved = |status| Verdict::Moved(Order { status, ..order.clone() });
    match wish {
        Wish::Plain(wanted) => match (order.status, wanted) {
            (Status::Pending, PlainStatus::Pending)
            | (Status::Shipped, PlainStatus::Shipped)
            | (Status::Delivered, PlainStatus::Delivered)
            | (Status::Cancelled, PlainStatus::Cancelled) => Verdict::Already,
            (Status::Pending, PlainStatus::Cancelled) => moved(Status::Cancelled),
            (Status::Confirmed, PlainStatus::Shipped) => moved(Status::Shipped),
            (Status::Shipped, PlainStatus::Delivered) => moved(Status::Delivered),
            _ => Verdict::Refused(Refusal::Unreachable),
        },
        Wish::Confirm(payment) | Wish::Refund(payment) if payment.amount != order.total => {
            Verdict::Refused(Refusal::OtherAmount)
        }
        Wish::Confirm(payment) | Wish::Refund(payment)
            if order.paid_by.is_some_and(|paid_by| paid_by != payment.id) =>
        {
            Verdict::Refused(Refusal::OtherPayment)
        }
        Wish::Confirm(payment) => match order.status {
            Status::Pending => Verdict::Moved(Order {
                status: Status::Confirmed,
                paid_by: Some(payment.id),
                ..order.clone()
            }),
            Status::Confirmed | Status::Shipped | Status::Delivered | Status::Refunded => Verdict::Already,
            Status::Cancelled => Verdict::Refused(Refusal::Unreachable),
        },
        Wish::Refund(_) => match order.status {
            Status::Confirmed => moved(Status::Refunded),
            Status::Refunded => Verdict::Already,
            _ => Verdict::Refused(Refusal::Unreachable),
        },
    }
}

#[cfg(test)]
mod tests {
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

    const ALL: [Status; 6] = [
        Status::Pending,
        Status::Confirmed,
        Status::Shipped,
        Status::Delivered,
        Status::Cancelled,
        Status::Refunded,
    ];

    fn payment(id: u64, units: i64) -> Payment {
        Payment { id: PaymentId::new(id).unwrap(), amount: Money::minor(units) }
    }

    /// For each status of [`ALL`]: `>` moves, `=` is so already, `.` is refused.
    fn row(wish: Wish) -> String {
        let letter = |status| match judge(&order(status), wish) {
            Verdict::Moved(_) => '>',
            Verdict::Already => '=',
            Verdict::Refused(_) => '.',
        };
        ALL.into_iter().map(letter).collect()
    }

    #[test]
    fn statuses_move_along_the_arrows_alone() {
        //                                               pcsdxr
        assert_eq!(row(Wish::Plain(PlainStatus::Pending)), "=.....");
        assert_eq!(row(Wish::Plain(PlainStatus::Shipped)), ".>=...");
        assert_eq!(row(Wish::Plain(PlainStatus::Delivered)), "..>=..");
        assert_eq!(row(Wish::Plain(PlainStatus::Cancelled)), ">...=.");
        assert_eq!(row(Wish::Confirm(payment(7, 100))), ">===.=");
        assert_eq!(row(Wish::Refund(payment(7, 100))), ".>...=");
    }

    #[test]
    fn an_order_belongs_to_one_payment_of_its_amount() {
        assert_eq!(row(Wish::Confirm(payment(8, 100))), ">.....");
        assert_eq!(row(Wish::Refund(payment(8, 100))), "......");
        assert_eq!(row(Wish::Confirm(payment(7, 99))), "......");
        assert_eq!(row(Wish::Refund(payment(7, 99))), "......");
    }

    #[test]
    fn a_refusal_stays_one() {
        let wishes = [
            Wish::Plain(PlainStatus::Cancelled),
            Wish::Confirm(payment(7, 100)),
            Wish::Confirm(payment(8, 100)),
            Wish::Confirm(payment(7, 99)),
        ];
        // From wherever a confirmation or a cancellation is refused, no move makes it possible again.
        for status in ALL {
            for refused in wishes {
                let before = order(status);
                if !matches!(judge(&before, refused), Verdict::Refused(_)) {
                    continue;
                }
                for other in wishes.into_iter().chain([
                    Wish::Plain(PlainStatus::Shipped),
                    Wish::Plain(PlainStatus::Delivered),
                    Wish::Refund(payment(7, 100)),
                ]) {
                    if let Verdict::Moved(after) = judge(&before, other) {
                        assert!(
                            matches!(judge(&after, refused), Verdict::Refused(_)),
                            "{before:?} {refused:?}"
                        );
                    }
                }
            }
        }
    }
}
