//! All of HTTP: what a request asks for, and how a record is shown. `shapes` has the bodies.

mod shapes;

use std::{sync::Arc, time::Duration};

use chassis::{Body, Fingerprint, IdempotencyKey, Limit, Problem, Refused, statuses};
use http::StatusCode;
use poem_openapi::{
    OpenApi, Tags,
    param::{Header, Path, Query},
    payload::Json,
};

use self::shapes::{
    MakePayment, MakeRefund, Paid, PaymentList, PaymentMade, PaymentShape, RefundMade, Refunded, Replay,
    StatusShape, UserPayments,
};
use crate::{
    domain::{Moment, Payment, PaymentId, Reason, Refund, RefundStatus, Status, UserId, Work},
    saga::Saga,
    store::{Begun, HeldBy, Intent, Loaded, NoRefund},
};

/// How long a client waits for the outcome; what isn't finished then goes on without it.
const PATIENCE: Duration = Duration::from_secs(3);
/// What orders calls an order that can be paid.
const PAYABLE: &str = "pending";

/// The endpoints of payments.
pub struct PaymentsApi {
    /// Who does the work.
    pub saga: Arc<Saga>,
    /// How long a payment may be pending.
    pub deadline: Duration,
}

#[derive(Tags)]
enum Tag {
    /// Orders paid, and paid back
    Payments,
}

type PayRefused = Refused<{ statuses([402, 403, 404, 409, 422, 503]) }>;
type RefundRefused = Refused<{ statuses([404, 409, 422, 503]) }>;

#[expect(clippy::unused_async, reason = "poem-openapi awaits every handler")]
#[OpenApi]
impl PaymentsApi {
    /// Pay an order
    ///
    /// 201 when the user is charged and the order confirmed; 202 when the outcome isn't known yet: it will be one or the
    /// other, `Location` tells. An order is paid at most once, with a key or without.
    #[oai(path = "/api/payments", method = "post", tag = "Tag::Payments", operation_id = "pay")]
    async fn pay(
        &self,
        /// The name of this one request.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<IdempotencyKey>>,
        body: Body<MakePayment>,
    ) -> Result<Paid, PayRefused> {
        let Body(body) = body;
        let keyed = key.0.map(|key| (key, Fingerprint::of(&body)));
        if let Some(before) = self.saga.store.recall_payment(&keyed)? {
            return self.paid(before).await;
        }
        let dependencies = &self.saga.dependencies;
        dependencies.users.admits().map_err(|open| dependencies.users.unreachable(&open))?;
        let order = dependencies.order(body.order_id).await?.ok_or_else(|| no_order(&body))?;
        if order.user_id != body.user_id {
            return Err(foreign_order(&body).into());
        }
        if order.status != PAYABLE {
            return Err(not_payable(&body, &order.status).into());
        }
        let created_at = self.saga.now();
        let intent = Intent {
            order_id: body.order_id,
            user_id: body.user_id,
            amount: order.total_amount,
            created_at,
            deadline: later(created_at, self.deadline),
        };
        let begun = self.saga.store.begin_payment(intent, keyed).await?;
        self.paid(begun).await
    }

    /// Payments, the newest first
    #[oai(path = "/api/payments", method = "get", tag = "Tag::Payments", operation_id = "payments")]
    async fn payments(
        &self,
        /// Only this user's.
        user_id: Query<Option<UserId>>,
        /// The `next` of the page before.
        after: Query<Option<PaymentId>>,
        /// Most payments in the reply.
        limit: Query<Option<Limit>>,
    ) -> Result<Json<PaymentList>, Refused<{ statuses([503]) }>> {
        let page = self.saga.store.payments(user_id.0, after.0, limit.0.unwrap_or_default())?;
        Ok(Json(PaymentList {
            payments: page.entries.iter().map(PaymentShape::of).collect(),
            next: page.next,
        }))
    }

    /// One payment
    #[oai(path = "/api/payments/:id", method = "get", tag = "Tag::Payments", operation_id = "payment")]
    async fn payment(
        &self,
        id: Path<PaymentId>,
    ) -> Result<Json<PaymentShape>, Refused<{ statuses([404, 503]) }>> {
        let payment = self.saga.store.payment(id.0)?.ok_or_else(|| no_payment(id.0))?;
        Ok(Json(PaymentShape::of(&payment)))
    }

    /// A user's payments, the newest first
    #[oai(
        path = "/api/users/:id/payments",
        method = "get",
        tag = "Tag::Payments",
        operation_id = "user_payments"
    )]
    async fn user_payments(
        &self,
        id: Path<UserId>,
        /// The `next` of the page before.
        after: Query<Option<PaymentId>>,
        /// Most payments in the reply.
        limit: Query<Option<Limit>>,
    ) -> Result<Json<UserPayments>, Refused<{ statuses([404, 503]) }>> {
        let user = self.saga.dependencies.user(id.0).await?;
        let user = user.ok_or_else(|| Problem::not_found(format_args!("there is no user {}", id.0)))?;
        let page = self.saga.store.payments(Some(id.0), after.0, limit.0.unwrap_or_default())?;
        Ok(Json(UserPayments {
            user_id: id.0,
            user_name: user.username,
            payments: page.entries.iter().map(PaymentShape::of).collect(),
            next: page.next,
        }))
    }

    /// Give a completed payment back, in whole or in part
    ///
    /// Without an amount, all that is left. 202 when it isn't finished yet: it will be, `Location` shows the payment.
    #[oai(path = "/api/refund", method = "post", tag = "Tag::Payments", operation_id = "refund")]
    async fn refund(
        &self,
        /// The name of this one request.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<IdempotencyKey>>,
        body: Body<MakeRefund>,
    ) -> Result<Refunded, RefundRefused> {
        let Body(body) = body;
        let keyed = key.0.map(|key| (key, Fingerprint::of(&body)));
        let amount = body.amount.map(|amount| amount.0);
        let begun = self.saga.store.begin_refund(body.payment_id, amount, self.saga.now(), keyed).await?;
        let (refund, replay) = match begun {
            Begun::New(refund) => {
                let driven = self.saga.drive_for(PATIENCE, Work::Refund(refund.id), None).await?;
                let Loaded::Refund(refund, _) = driven else { unreachable!("a refund stays a refund") };
                (refund, Replay::First)
            }
            Begun::Replayed(refund) => (refund, Replay::Again),
            Begun::OtherBody => return Err(Problem::key_reused().into()),
            Begun::Refused(NoRefund::NoPayment) => return Err(no_payment(body.payment_id).into()),
            Begun::Refused(NoRefund::Refused(refused)) => {
                return Err(Problem::conflict("not-refundable", "It can't be refunded", refused).into());
            }
        };
        Ok(refunded(&refund, replay))
    }
}

impl PaymentsApi {
    /// Drives what is new, and says how it stands.
    async fn paid(&self, begun: Begun<Payment, HeldBy>) -> Result<Paid, PayRefused> {
        match begun {
            Begun::New(payment) => {
                let work = Work::Payment(payment.id);
                let driven = self.saga.drive_for(PATIENCE, work, Some(Loaded::Payment(payment))).await?;
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

/// What the client of a payment is told about it.
fn outcome(payment: &Payment, replay: Replay) -> Result<Paid, Problem> {
    let id = payment.id;
    let problem = match (payment.status, payment.reason) {
        (Status::Completed, _) => {
            let made = PaymentMade { message: "paid".into(), payment: PaymentShape::of(payment) };
            return Ok(Paid::Completed(Json(made), replay.header()));
        }
        (Status::Pending | Status::Charged | Status::Voiding, _) => {
            let payment = PaymentShape { status: StatusShape::Pending, ..PaymentShape::of(payment) };
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
            "The payment came to nothing",
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
        Replay::Again => {
            problem.header(chassis::idempotency::REPLAYED, http::HeaderValue::from_static("true"))
        }
    })
}

fn refunded(refund: &Refund, replay: Replay) -> Refunded {
    let finished = refund.status == RefundStatus::Done;
    let message = if finished { "refunded" } else { "the refund isn't finished yet" };
    let made = RefundMade {
        message: message.into(),
        refund_id: refund.id,
        payment_id: refund.payment_id,
        refund_amount: refund.amount,
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
    Problem::not_found(format_args!("there is no order {}", body.order_id))
}

fn foreign_order(body: &MakePayment) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "foreign-order",
        "The order is somebody else's",
        format_args!("order {} doesn't belong to user {}", body.order_id, body.user_id),
    )
}

fn not_payable(body: &MakePayment, status: &str) -> Problem {
    Problem::conflict(
        "order-not-payable",
        "The order can't be paid",
        format_args!("order {} is {status}; only a {PAYABLE} one can be paid", body.order_id),
    )
}

fn later(moment: Moment, by: Duration) -> Moment {
    Moment(moment.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}
