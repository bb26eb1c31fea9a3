//! The calls to users and orders, and what their replies mean.

use std::time::Duration;

use chassis::{Call, Money, Reply, ServiceKey, Upstream, UpstreamError, money};
use http::StatusCode;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::domain::{Answer, Command, DatabaseTag, OrderId, Payment, PaymentId, UserId};
use crate::store::Loaded;

/// Whom payments calls, and as who.
pub struct Dependencies {
    /// The ledger of money.
    pub users: Upstream,
    /// The orders.
    pub orders: Upstream,
    /// Shows that it is a service that calls.
    pub service_key: ServiceKey,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    /// It was made; this is what the reply means.
    Answered(Answer),
    /// It was not made, or not again: the circuit is open.
    Open {
        /// For so long.
        retry_after: Duration,
    },
}

#[derive(Serialize)]
struct Move {
    #[serde(with = "money::wire")]
    amount: Money,
    kind: &'static str,
}

#[derive(Serialize)]
struct NewStatus {
    status: &'static str,
    payment_id: PaymentId,
    #[serde(with = "money::wire")]
    amount: Money,
}

#[derive(Deserialize)]
struct Moved {
    #[serde(with = "money::wire")]
    new_balance: Money,
}

impl Dependencies {
    /// Makes the call that takes this record further.
    pub async fn call(&self, command: Command, record: &Loaded, tag: DatabaseTag) -> Called {
        let (payment, key, amount) = match record {
            Loaded::Payment(payment) => (payment, tag.charge_key(payment.id), payment.amount.negated()),
            Loaded::Refund(refund, payment) => (payment, tag.refund_key(refund.id), refund.amount),
        };
        match command {
            Command::Charge => self.move_money(payment.user_id, &key, Move { amount, kind: "charge" }).await,
            Command::Credit => self.move_money(payment.user_id, &key, Move { amount, kind: "refund" }).await,
            Command::Cancel => {
                let path = format!("/api/users/{}/operations/{key}/cancel", payment.user_id);
                self.ask(&self.users, Call::post_repeatable(path), done::<IgnoredAny>).await
            }
            Command::Confirm => self.set_status(payment, "confirmed").await,
            Command::MarkRefunded => self.set_status(payment, "refunded").await,
        }
    }

    async fn move_money(&self, user: UserId, key: &str, body: Move) -> Called {
        let call = Call::post(format!("/api/users/{user}/balance"), &body).idempotency_key(key);
        self.ask(&self.users, call, |reply| {
            let Moved { new_balance } = reply.json().ok()?;
            Some(Answer::Done { new_balance: Some(new_balance) })
        })
        .await
    }

    async fn set_status(&self, payment: &Payment, status: &'static str) -> Called {
        let body = NewStatus { status, payment_id: payment.id, amount: payment.amount };
        let call = Call::put(format!("/api/orders/{}/status", payment.order_id), &body);
        self.ask(&self.orders, call, done::<IgnoredAny>).await
    }

    async fn ask(&self, upstream: &Upstream, call: Call, on_ok: impl Fn(&Reply) -> Option<Answer>) -> Called {
        match upstream.send(&call.service_key(&self.service_key)).await {
            Ok(reply) => Called::Answered(understand(&reply, on_ok)),
            Err(UpstreamError::Open { retry_after }) => Called::Open { retry_after },
            Err(UpstreamError::Unavailable(_)) => Called::Answered(Answer::Unclear),
        }
    }
}

/// A success whose body is whole.
fn done<Body: DeserializeOwned>(reply: &Reply) -> Option<Answer> {
    reply.json::<Body>().ok().map(|_| Answer::Done { new_balance: None })
}

/// What a reply says. Whatever isn't certainly an answer of the service itself, whole and expected, is unclear: a
/// wrong guess moves money, a repeated call doesn't.
fn understand(reply: &Reply, on_ok: impl Fn(&Reply) -> Option<Answer>) -> Answer {
    let refusal = match reply.status {
        StatusCode::OK => return on_ok(reply).unwrap_or(Answer::Unclear),
        StatusCode::PAYMENT_REQUIRED => Answer::Refused,
        StatusCode::NOT_FOUND => Answer::Missing,
        StatusCode::CONFLICT => Answer::Conflict,
        StatusCode::GONE => Answer::Cancelled,
        _ => return Answer::Unclear,
    };
    if reply.is_refusal() { refusal } else { Answer::Unclear }
}

/// What payments needs to know of an order before it begins.
#[derive(Debug, Deserialize)]
pub struct OrderSeen {
    /// Whose it is.
    pub user_id: UserId,
    /// What it costs.
    #[serde(with = "money::wire")]
    pub total_amount: Money,
    /// Where it stands.
    pub status: String,
}

/// What payments needs to know of a user.
#[derive(Debug, Deserialize)]
pub struct UserSeen {
    /// The name to show.
    pub username: String,
}

impl Dependencies {
    /// Reads an order; nothing when there is none.
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderSeen>, chassis::Problem> {
        let call = Call::get(format_args!("/api/orders/{id}")).service_key(&self.service_key);
        self.orders.read(&call).await
    }

    /// Reads a user; nothing when there is none.
    pub async fn user(&self, id: UserId) -> Result<Option<UserSeen>, chassis::Problem> {
        let call = Call::get(format_args!("/api/users/{id}")).service_key(&self.service_key);
        self.users.read(&call).await
    }
}
