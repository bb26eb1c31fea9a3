//! All of HTTP: turns requests into work of the saga, and records into replies.

mod views;

use std::{sync::Arc, time::Duration};

use chassis::{Body, DocumentedProblem, Limit, Problem, Wire};
use http::StatusCode;
use poem::web::Data;
use poem_openapi::{
    OpenApi, Tags,
    param::{Header, Path, Query},
    payload::Json,
};
use values::IdempotencyKey;

use self::views::{
    MakePayment, MakeRefund, Paid, PaymentList, PaymentMade, PaymentView, RefundMade, Refunded, Replay,
    UserPayments,
};
use crate::{
    domain::{Moment, Payment, PaymentId, Reason, Refund, RefundStatus, Status, UserId, Work},
    saga::Saga,
    store::{Begun, HeldBy, Intent, Loaded, NoRefund},
};

/// How long a request waits for the outcome. The saga finishes in the background what isn't finished by then.
const REPLY_WITHIN: Duration = Duration::from_secs(3);
/// The status of an order that can be paid.
const PAYABLE: &str = "pending";

/// The endpoints of payments.
pub struct PaymentsApi;

/// What the endpoints work on.
pub struct PaymentsState {
    /// The saga that drives payments and refunds.
    pub saga: Arc<Saga>,
    /// How long a payment may be pending.
    pub deadline: Duration,
}

#[derive(Tags)]
enum Tag {
    /// Payments and refunds
    Payments,
}

type PayRefused = DocumentedProblem<402, 403, 404, 409, 422, 503>;
type RefundRefused = DocumentedProblem<404, 409, 422, 503>;

#[expect(clippy::unused_async, reason = "poem-openapi awaits every handler")]
#[OpenApi]
impl PaymentsApi {
    /// Pay an order
    ///
    /// 201 when the user is charged and the order confirmed; 202 when the outcome isn't known yet: the payment at
    /// `Location` shows it once it is. An order is paid at most once, with a key or without.
    #[oai(path = "/api/payments", method = "post", tag = "Tag::Payments", operation_id = "pay")]
    async fn pay(
        &self,
        Data(state): Data<&Arc<PaymentsState>>,
        /// Name of this request, chosen by the client.
        #[oai(name = "Idempotency-Key")]
        Header(key): Header<Option<Wire<IdempotencyKey>>>,
        body: Body<MakePayment>,
    ) -> Result<Paid, PayRefused> {
        let keyed = key.map(|key| (key.0, body.fingerprint()));
        let Body(body) = body;
        if let Some(before) = state.saga.store.recall_payment(&keyed)? {
            return state.paid(before).await;
        }
        let dependencies = &state.saga.dependencies;
        dependencies.users.admits()?;
        let order = dependencies.order(body.order_id.0).await?.ok_or_else(|| no_order(&body))?;
        if order.user_id != body.user_id.0 {
            return Err(foreign_order(&body).into());
        }
        if order.status != PAYABLE {
            return Err(not_payable(&body, &order.status).into());
        }
        let created_at = state.saga.now();
        let intent = Intent {
            order_id: body.order_id.0,
            user_id: body.user_id.0,
            amount: order.total_amount,
            created_at,
            deadline: later(created_at, state.deadline),
        };
        let begun = state.saga.store.begin_payment(intent, keyed).await?;
        state.paid(begun).await
    }

    /// Payments, newest first
    #[oai(path = "/api/payments", method = "get", tag = "Tag::Payments", operation_id = "payments")]
    async fn payments(
        &self,
        Data(state): Data<&Arc<PaymentsState>>,
        /// Only payments of this user.
        Query(user_id): Query<Option<Wire<UserId>>>,
        /// The `next` of the page before.
        Query(after): Query<Option<Wire<PaymentId>>>,
        /// Most payments in the reply.
        Query(limit): Query<Option<Wire<Limit>>>,
    ) -> Result<Json<PaymentList>, DocumentedProblem<503>> {
        let (user, after) = (user_id.map(Wire::value), after.map(Wire::value));
        let page = state.saga.store.payments(user, after, limit.unwrap_or_default().value())?;
        Ok(Json(PaymentList {
            payments: page.entries.iter().map(PaymentView::of).collect(),
            next: page.next.map(Wire),
        }))
    }

    /// One payment
    #[oai(path = "/api/payments/:id", method = "get", tag = "Tag::Payments", operation_id = "payment")]
    async fn payment(
        &self,
        Data(state): Data<&Arc<PaymentsState>>,
        Path(id): Path<Wire<PaymentId>>,
    ) -> Result<Json<PaymentView>, DocumentedProblem<404, 503>> {
        let payment = state.saga.store.payment(id.0)?.ok_or_else(|| no_payment(id.0))?;
        Ok(Json(PaymentView::of(&payment)))
    }

    /// Payments of a user, newest first
    #[oai(
        path = "/api/users/:id/payments",
        method = "get",
        tag = "Tag::Payments",
        operation_id = "user_payments"
    )]
    async fn user_payments(
        &self,
        Data(state): Data<&Arc<PaymentsState>>,
        Path(id): Path<Wire<UserId>>,
        /// The `next` of the page before.
        Query(after): Query<Option<Wire<PaymentId>>>,
        /// Most payments in the reply.
        Query(limit): Query<Option<Wire<Limit>>>,
    ) -> Result<Json<UserPayments>, DocumentedProblem<404, 503>> {
        let user = state.saga.dependencies.user(id.0).await?;
        let user = user.ok_or_else(|| Problem::not_found(format_args!("there is no user {}", id.0)))?;
        let (after, limit) = (after.map(Wire::value), limit.unwrap_or_default().value());
        let page = state.saga.store.payments(Some(id.0), after, limit)?;
        Ok(Json(UserPayments {
            user_id: id,
            user_name: user.username,
            payments: page.entries.iter().map(PaymentView::of).collect(),
            next: page.next.map(Wire),
        }))
    }

    /// Refund a completed payment, in whole or in part
    ///
    /// Without an amount, all that is left is refunded. 202 when the refund isn't finished yet: it will be, and the payment
    /// at `Location` shows it.
    #[oai(path = "/api/refund", method = "post", tag = "Tag::Payments", operation_id = "refund")]
    async fn refund(
        &self,
        Data(state): Data<&Arc<PaymentsState>>,
        /// Name of this request, chosen by the client.
        #[oai(name = "Idempotency-Key")]
        Header(key): Header<Option<Wire<IdempotencyKey>>>,
        body: Body<MakeRefund>,
    ) -> Result<Refunded, RefundRefused> {
        let keyed = key.map(|key| (key.0, body.fingerprint()));
        let Body(MakeRefund { payment_id, amount }) = body;
        let amount = amount.map(|amount| amount.value().money());
        let begun = state.saga.store.begin_refund(payment_id.0, amount, state.saga.now(), keyed).await?;
        let (refund, replay) = match begun {
            Begun::New(refund) => {
                let driven = state.saga.drive_for(REPLY_WITHIN, Work::Refund(refund.id), None).await?;
                let Loaded::Refund(refund, _) = driven else { unreachable!("a refund stays a refund") };
                (refund, Replay::First)
            }
            Begun::Replayed(refund) => (refund, Replay::Again),
            Begun::OtherBody => return Err(Problem::key_reused().into()),
            Begun::Refused(NoRefund::NoPayment) => return Err(no_payment(payment_id.0).into()),
            Begun::Refused(NoRefund::NotRefundable(reason)) => {
                return Err(Problem::conflict("not-refundable", "It can't be refunded", reason).into());
            }
        };
        Ok(refunded(&refund, replay))
    }
}

impl PaymentsState {
    /// Drives a new payment, and returns the reply for a new or an earlier one.
    async fn paid(&self, begun: Begun<Payment, HeldBy>) -> Result<Paid, PayRefused> {
        match begun {
            Begun::New(payment) => {
                let work = Work::Payment(payment.id);
                let driven = self.saga.drive_for(REPLY_WITHIN, work, Some(Loaded::Payment(payment))).await?;
                let Loaded::Payment(payment) = driven else { unreachable!("a payment stays a payment") };
                Ok(outcome(&payment, Replay::First)?)
            }
            Begun::Replayed(payment) => Ok(outcome(&payment, Replay::Again)?),
            Begun::OtherBody => Err(Problem::key_reused().into()),
            Begun::Refused(HeldBy(holder)) => Err(Problem::conflict(
                "order-has-payment",
                "The order has a payment",
                format_args!("payment {holder} pays this order; see /api/payments/{holder}"),
            )
            .into()),
        }
    }
}

/// The reply for a payment.
fn outcome(payment: &Payment, replay: Replay) -> Result<Paid, Problem> {
    let id = payment.id;
    let problem = match (payment.status, payment.reason) {
        (Status::Completed, _) => {
            let made = PaymentMade { message: "paid".into(), payment: PaymentView::of(payment) };
            return Ok(Paid::Completed(Json(made), replay.header()));
        }
        (Status::Pending | Status::Charged | Status::Voiding, _) => {
            let payment = PaymentView { status: Wire(Status::Pending), ..PaymentView::of(payment) };
            let made = PaymentMade { message: "the outcome isn't known yet".into(), payment };
            return Ok(Paid::Pending(Json(made), format!("/api/payments/{id}"), replay.header()));
        }
        (Status::Declined, _) => Problem::new(
            StatusCode::PAYMENT_REQUIRED,
            "insufficient-funds",
            "Not enough money",
            format_args!("payment {id} of {} was declined: the user hasn't enough money", payment.amount),
        ),
        (Status::Voided, Some(Reason::UnknownUser)) => {
            Problem::not_found(format_args!("payment {id} was voided: there is no user {}", payment.user_id))
        }
        (Status::Voided, reason) => Problem::conflict(
            "payment-voided",
            "The payment was voided",
            format_args!(
                "payment {id} was voided and moved no money: {}",
                match reason {
                    Some(Reason::OrderRefused) => "the order can't be confirmed any more",
                    _ => "its outcome wasn't known in time",
                }
            ),
        ),
    };
    Err(match replay {
        Replay::First => problem,
        Replay::Again => problem.replayed(),
    })
}

fn refunded(refund: &Refund, replay: Replay) -> Refunded {
    let finished = refund.status == RefundStatus::Done;
    let message = if finished { "refunded" } else { "the refund isn't finished yet" };
    let made = RefundMade {
        message: message.into(),
        refund_id: Wire(refund.id),
        payment_id: Wire(refund.payment_id),
        refund_amount: Wire(refund.amount),
    };
    if finished {
        Refunded::Done(Json(made), replay.header())
    } else {
        Refunded::Pending(Json(made), format!("/api/payments/{}", refund.payment_id), replay.header())
    }
}

fn no_payment(id: PaymentId) -> Problem {
    Problem::not_found(format_args!("there is no payment {id}"))
}

fn no_order(body: &MakePayment) -> Problem {
    Problem::not_found(format_args!("there is no order {}", body.order_id.0))
}

fn foreign_order(body: &MakePayment) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "foreign-order",
        "The order belongs to another user",
        format_args!("order {} doesn't belong to user {}", body.order_id.0, body.user_id.0),
    )
}

fn not_payable(body: &MakePayment, status: &str) -> Problem {
    Problem::conflict(
        "order-not-payable",
        "The order can't be paid",
        format_args!("order {} is {status}; only a {PAYABLE} one can be paid", body.order_id.0),
    )
}

fn later(moment: Moment, by: Duration) -> Moment {
    Moment(moment.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}
