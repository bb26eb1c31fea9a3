//! Bodies of requests and replies.

use chassis::{Timestamp, Wire, WireName, rfc3339};
use poem_openapi::{ApiResponse, Object, payload::Json, types::Example};
use values::{Money, money::Amount};

use crate::domain::{OrderId, Payment, PaymentId, Reason, RefundId, Status, UserId};

/// An order to pay, and the user who pays it.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct MakePayment {
    /// A pending order.
    pub(super) order_id: Wire<OrderId>,
    /// The user who placed the order.
    pub(super) user_id: Wire<UserId>,
}

impl Example for MakePayment {
    fn example() -> Self {
        Self { order_id: Wire(OrderId::FIRST), user_id: Wire(UserId::FIRST) }
    }
}

/// A payment to refund.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct MakeRefund {
    /// A completed payment.
    pub(super) payment_id: Wire<PaymentId>,
    /// Amount to refund; all that is left when not given.
    #[oai(skip_serializing_if_is_none)]
    pub(super) amount: Option<Wire<Amount>>,
}

impl Example for MakeRefund {
    fn example() -> Self {
        Self { payment_id: Wire(PaymentId::FIRST), amount: Amount::new(Money::minor(5_000)).ok().map(Wire) }
    }
}

impl WireName for Status {}
impl WireName for Reason {}

/// A payment.
#[derive(Debug, Object)]
#[oai(rename = "Payment")]
pub(super) struct PaymentView {
    pub(super) id: Wire<PaymentId>,
    pub(super) order_id: Wire<OrderId>,
    pub(super) user_id: Wire<UserId>,
    /// The order's total.
    pub(super) amount: Wire<Money>,
    pub(super) status: Wire<Status>,
    /// Reason why the payment was declined, voided or is being voided.
    #[oai(skip_serializing_if_is_none)]
    pub(super) reason: Option<Wire<Reason>>,
    /// The user's balance right after the charge.
    #[oai(skip_serializing_if_is_none)]
    pub(super) new_balance: Option<Wire<Money>>,
    /// Sum of the finished refunds.
    pub(super) refunded_amount: Wire<Money>,
    /// Sum of the unfinished refunds.
    pub(super) refunding_amount: Wire<Money>,
    /// RFC 3339, in UTC.
    pub(super) created_at: String,
}

impl PaymentView {
    pub(super) fn of(payment: &Payment) -> Self {
        let created_at =
            Timestamp::from_millisecond(payment.created_at.0).expect("a clock made it, from a timestamp");
        Self {
            id: Wire(payment.id),
            order_id: Wire(payment.order_id),
            user_id: Wire(payment.user_id),
            amount: Wire(payment.amount),
            status: Wire(payment.status),
            reason: payment.reason.map(Wire),
            new_balance: payment.new_balance.map(Wire),
            refunded_amount: Wire(payment.refunds.done),
            refunding_amount: Wire(payment.refunds.in_progress()),
            created_at: rfc3339(created_at),
        }
    }
}

/// A payment that was made, or is being made.
#[derive(Debug, Object)]
pub(super) struct PaymentMade {
    pub(super) message: String,
    pub(super) payment: PaymentView,
}

/// A page of payments, newest first.
#[derive(Debug, Object)]
pub(super) struct PaymentList {
    pub(super) payments: Vec<PaymentView>,
    /// `after` of the next page, when there is one.
    #[oai(skip_serializing_if_is_none)]
    pub(super) next: Option<Wire<PaymentId>>,
}

/// A page of a user's payments, newest first.
#[derive(Debug, Object)]
pub(super) struct UserPayments {
    pub(super) user_id: Wire<UserId>,
    pub(super) user_name: String,
    pub(super) payments: Vec<PaymentView>,
    /// `after` of the next page, when there is one.
    #[oai(skip_serializing_if_is_none)]
    pub(super) next: Option<Wire<PaymentId>>,
}

/// A refund that was made, or is being made.
#[derive(Debug, Object)]
pub(super) struct RefundMade {
    pub(super) message: String,
    pub(super) refund_id: Wire<RefundId>,
    pub(super) payment_id: Wire<PaymentId>,
    /// Amount of this refund.
    pub(super) refund_amount: Wire<Money>,
}

/// Reply to a request to pay.
#[derive(ApiResponse)]
pub(super) enum Paid {
    /// The user is charged and the order confirmed.
    #[oai(status = 201)]
    Completed(
        Json<PaymentMade>,
        /// `true` when the key was used before: the payment is shown as it is now.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
    /// The outcome isn't known yet.
    #[oai(status = 202)]
    Pending(
        Json<PaymentMade>,
        /// Path of the payment, which shows the outcome.
        #[oai(header = "Location")]
        String,
        /// `true` when the key was used before.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

/// Reply to a request to refund.
#[derive(ApiResponse)]
pub(super) enum Refunded {
    /// The money is refunded.
    #[oai(status = 200)]
    Done(
        Json<RefundMade>,
        /// `true` when the key was used before: the refund is shown as it is now.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
    /// The refund isn't finished yet.
    #[oai(status = 202)]
    Pending(
        Json<RefundMade>,
        /// Path of the payment, which shows the outcome.
        #[oai(header = "Location")]
        String,
        /// `true` when the key was used before.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

/// Whether an earlier request used the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replay {
    First,
    Again,
}

impl Replay {
    /// The header `Idempotency-Replayed`.
    pub(super) fn header(self) -> Option<bool> {
        (self == Replay::Again).then_some(true)
    }
}
