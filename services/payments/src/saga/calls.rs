//! The calls to users and orders, and the meaning of their replies.

use std::time::Duration;

use chassis::{Call, Reply, ServiceKey, Unreachable, Upstream, UpstreamError};
use http::StatusCode;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use values::{Money, money};

use crate::domain::{Answer, Command, DatabaseTag, OrderId, Payment, PaymentId, UserId};
use crate::store::Loaded;

/// Clients of the services that payments calls.
pub struct Dependencies {
    /// Client of users-service, which has the ledger.
    pub users: Upstream,
    /// Client of orders-service.
    pub orders: Upstream,
    /// Secret that every call bears.
    pub service_key: ServiceKey,
}

/// Result of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    /// It was made; the meaning of its reply.
    Answered(Answer),
    /// The circuit is open: the call was not made, or not again.
    Open {
        /// Time until a call may be admitted again.
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
    /// Makes the call of a command for this record.
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

/// The answer of a success whose body is whole.
fn done<Body: DeserializeOwned>(reply: &Reply) -> Option<Answer> {
    reply.json::<Body>().ok().map(|_| Answer::Done { new_balance: None })
}

/// The meaning of a reply. A reply is unclear unless it is certainly from the service itself, whole and expected: a wrong
/// guess would move money, a repeated call doesn't.
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

/// The parts of an order that payments reads.
#[derive(Debug, Deserialize)]
pub struct OrderSeen {
    /// The user who placed it.
    pub user_id: UserId,
    /// Total.
    #[serde(with = "money::wire")]
    pub total_amount: Money,
    /// Status.
    pub status: String,
}

/// The parts of a user that payments reads.
#[derive(Debug, Deserialize)]
pub struct UserSeen {
    /// Name.
    pub username: String,
}

impl Dependencies {
    /// Reads an order; `None` when there is no such order.
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderSeen>, Unreachable> {
        let call = Call::get(format_args!("/api/orders/{id}")).service_key(&self.service_key);
        self.orders.read(&call).await
    }

    /// Reads a user; `None` when there is no such user.
    pub async fn user(&self, id: UserId) -> Result<Option<UserSeen>, Unreachable> {
        let call = Call::get(format_args!("/api/users/{id}")).service_key(&self.service_key);
        self.users.read(&call).await
    }
}
