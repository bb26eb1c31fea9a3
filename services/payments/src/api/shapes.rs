//! The bodies of requests and replies.

use chassis::{Money, clock::rfc3339, money::Amount};
use jiff::Timestamp;
use poem_openapi::{ApiResponse, Enum, Object, payload::Json, types::Example};

use crate::domain::{OrderId, Payment, PaymentId, RefundId, Status, UserId};

/// An order to pay, and who pays it.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct MakePayment {
    /// A pending order.
    pub(super) order_id: OrderId,
    /// Whose order it is.
    pub(super) user_id: UserId,
}

impl Example for MakePayment {
    fn example() -> Self {
        Self { order_id: OrderId::FIRST, user_id: UserId::FIRST }
    }
}

/// What to give back.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct MakeRefund {
    /// A completed payment.
    pub(super) payment_id: PaymentId,
    /// How much; all that is left when not given.
    #[oai(skip_serializing_if_is_none)]
    pub(super) amount: Option<Amount>,
}

impl Example for MakeRefund {
    fn example() -> Self {
        Self { payment_id: PaymentId::FIRST, amount: Some(Amount(Money::minor(5_000))) }
    }
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "PaymentStatus", rename_all = "snake_case")]
pub(super) enum StatusShape {
    /// The outcome isn't known yet.
    Pending,
    /// The user was charged; the order isn't confirmed for certain.
    Charged,
    /// The user was charged and the order is confirmed.
    Completed,
    /// The user hadn't enough money.
    Declined,
    /// Given up; the charge is being undone.
    Voiding,
    /// Given up; no money moved in the end.
    Voided,
}

impl From<Status> for StatusShape {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Charged => Self::Charged,
            Status::Completed => Self::Completed,
            Status::Declined => Self::Declined,
            Status::Voiding => Self::Voiding,
            Status::Voided => Self::Voided,
        }
    }
}

/// A payment.
#[derive(Debug, Object)]
#[oai(rename = "Payment")]
pub(super) struct PaymentShape {
    pub(super) id: PaymentId,
    pub(super) order_id: OrderId,
    pub(super) user_id: UserId,
    /// The order's total.
    pub(super) amount: Money,
    pub(super) status: StatusShape,
    /// Why it came, or is coming, to nothing.
    #[oai(skip_serializing_if_is_none)]
    pub(super) reason: Option<String>,
    /// The user's balance right after the charge.
    #[oai(skip_serializing_if_is_none)]
    pub(super) new_balance: Option<Money>,
    /// What was refunded.
    pub(super) refunded_amount: Money,
    /// What is being refunded.
    pub(super) refunding_amount: Money,
    /// RFC 3339, in UTC.
    pub(super) created_at: String,
}

impl PaymentShape {
    pub(super) fn of(payment: &Payment) -> Self {
        let created_at =
            Timestamp::from_millisecond(payment.created_at.0).expect("a clock made it, from a timestamp");
        Self {
            id: payment.id,
            order_id: payment.order_id,
            user_id: payment.user_id,
            amount: payment.amount,
            status: payment.status.into(),
            reason: payment.reason.map(|reason| reason.as_str().to_owned()),
            new_balance: payment.new_balance,
            refunded_amount: payment.refunds.done,
            refunding_amount: payment.refunds.in_progress(),
            created_at: rfc3339(created_at),
        }
    }
}

/// A payment that was made, or is being made.
#[derive(Debug, Object)]
pub(super) struct PaymentMade {
    pub(super) message: String,
    pub(super) payment: PaymentShape,
}

/// Payments, the newest first.
#[derive(Debug, Object)]
pub(super) struct PaymentList {
    pub(super) payments: Vec<PaymentShape>,
    /// What to send as `after` for more.
    #[oai(skip_serializing_if_is_none)]
    pub(super) next: Option<PaymentId>,
}

/// A user's payments, the newest first.
#[derive(Debug, Object)]
pub(super) struct UserPayments {
    pub(super) user_id: UserId,
    pub(super) user_name: String,
    pub(super) payments: Vec<PaymentShape>,
    /// What to send as `after` for more.
    #[oai(skip_serializing_if_is_none)]
    pub(super) next: Option<PaymentId>,
}

/// A refund that was made, or is being made.
#[derive(Debug, Object)]
pub(super) struct RefundMade {
    pub(super) message: String,
    pub(super) refund_id: RefundId,
    pub(super) payment_id: PaymentId,
    /// How much.
    pub(super) refund_amount: Money,
}

/// How a payment began.
#[derive(ApiResponse)]
pub(super) enum Paid {
    /// Charged and confirmed.
    #[oai(status = 201)]
    Completed(
        Json<PaymentMade>,
        /// `true` when this key came before: the payment is shown as it is now.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
    /// The outcome isn't known yet.
    #[oai(status = 202)]
    Pending(
        Json<PaymentMade>,
        /// Where the payment shows how it goes on.
        #[oai(header = "Location")]
        String,
        /// `true` when this key came before.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

/// How a refund began.
#[derive(ApiResponse)]
pub(super) enum Refunded {
    /// The money is back.
    #[oai(status = 200)]
    Done(
        Json<RefundMade>,
        /// `true` when this key came before: this is how its refund stands now.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
    /// It will be.
    #[oai(status = 202)]
    Pending(
        Json<RefundMade>,
        /// Where the payment shows how it goes on.
        #[oai(header = "Location")]
        String,
        /// `true` when this key came before.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

/// Whether the same request came before.
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
