//! What requests and replies look like.

use std::fmt;

use chassis::{
    Money,
    leaf::{Leaf, Value, leaf},
    money::Amount,
};
use poem_openapi::{Enum, Object, registry::MetaSchema, types::Example};

use crate::{
    domain::{Order, OrderId, PaymentId, Status, UserId},
    users::User,
};

/// Something to order.
#[derive(Debug, Object)]
#[oai(rename = "NewOrder", deny_unknown_fields, example)]
pub(super) struct NewOrderBody {
    pub(super) user_id: UserId,
    #[oai(validator(min_items = 1, max_items = 100))]
    pub(super) items: Vec<Item>,
    pub(super) total_amount: Amount,
}

impl Example for NewOrderBody {
    fn example() -> Self {
        let total_amount = Amount(Money::minor(29_999));
        Self { user_id: UserId::FIRST, items: vec![Item("laptop".into())], total_amount }
    }
}

/// The name of a thing: 1 to 200 characters.
#[derive(Debug)]
pub(super) struct Item(pub(super) String);

impl Leaf for Item {
    const NAME: &'static str = "Item";

    fn schema() -> MetaSchema {
        MetaSchema { min_length: Some(1), max_length: Some(200), ..MetaSchema::new("string") }
    }

    fn from_json(value: &Value) -> Result<Self, String> {
        Self::from_text(value.as_str().unwrap_or_default())
    }

    fn from_text(text: &str) -> Result<Self, String> {
        match text.chars().count() {
            1..=200 => Ok(Self(text.to_owned())),
            _ => Err("must have 1 to 200 characters".into()),
        }
    }

    fn to_json(&self) -> Value {
        self.0.clone().into()
    }
}
leaf!(Item);

/// How far an order is.
#[derive(Debug, Clone, Copy, Enum)]
#[oai(rename = "Status", rename_all = "snake_case")]
pub(super) enum StatusName {
    Pending,
    Confirmed,
    Shipped,
    Delivered,
    Cancelled,
    Refunded,
}

impl From<Status> for StatusName {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Confirmed => Self::Confirmed,
            Status::Shipped => Self::Shipped,
            Status::Delivered => Self::Delivered,
            Status::Cancelled => Self::Cancelled,
            Status::Refunded => Self::Refunded,
        }
    }
}

impl fmt::Display for StatusName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        })
    }
}

/// An order.
#[derive(Debug, Object)]
#[oai(rename = "Order")]
pub(super) struct OrderView {
    id: OrderId,
    user_id: UserId,
    /// Null when users-service can't be reached.
    #[oai(nullable)]
    user_name: Option<String>,
    items: Vec<String>,
    total_amount: Money,
    status: StatusName,
    /// The payment that confirmed it; null before.
    #[oai(nullable)]
    payment_id: Option<PaymentId>,
    /// RFC 3339.
    created_at: String,
}

impl OrderView {
    pub(super) fn new(id: OrderId, order: Order, user_name: Option<String>) -> Self {
        Self {
            id,
            user_id: order.user,
            user_name,
            items: order.items,
            total_amount: order.total,
            status: order.status.into(),
            payment_id: order.paid_by,
            created_at: order.created_at,
        }
    }
}

/// Whose order it is.
#[derive(Debug, Object)]
#[oai(rename = "User")]
pub(super) struct UserView {
    id: UserId,
    username: String,
    email: String,
}

impl UserView {
    pub(super) fn new(id: UserId, user: User) -> Self {
        Self { id, username: user.username, email: user.email }
    }
}

/// An order with its user.
#[derive(Debug, Object)]
pub(super) struct OrderWithUser {
    id: OrderId,
    user_id: UserId,
    /// Null when users-service can't be reached.
    #[oai(nullable)]
    user: Option<UserView>,
    items: Vec<String>,
    total_amount: Money,
    status: StatusName,
    /// The payment that confirmed it; null before.
    #[oai(nullable)]
    payment_id: Option<PaymentId>,
    /// RFC 3339.
    created_at: String,
}

impl OrderWithUser {
    pub(super) fn new(id: OrderId, order: Order, user: Option<UserView>) -> Self {
        Self {
            id,
            user_id: order.user,
            user,
            items: order.items,
            total_amount: order.total,
            status: order.status.into(),
            payment_id: order.paid_by,
            created_at: order.created_at,
        }
    }
}

/// A page of orders.
#[derive(Debug, Object)]
pub(super) struct OrderList {
    pub(super) orders: Vec<OrderView>,
    /// What to send as `after`; there when there is more.
    #[oai(skip_serializing_if_is_none)]
    pub(super) next: Option<OrderId>,
}

/// A page of a user's orders.
#[derive(Debug, Object)]
pub(super) struct UserOrders {
    pub(super) user_id: UserId,
    pub(super) user_name: String,
    pub(super) orders: Vec<OrderView>,
    /// What to send as `after`; there when there is more.
    #[oai(skip_serializing_if_is_none)]
    pub(super) next: Option<OrderId>,
}

#[derive(Debug, Object)]
#[oai(rename = "OrderPlaced")]
pub(super) struct PlacedView {
    pub(super) message: String,
    pub(super) order: OrderView,
}

/// Where an order is to go.
#[derive(Debug, Object)]
#[oai(rename = "NewStatus", deny_unknown_fields, skip_serializing_if_is_none, example)]
pub(super) struct StatusBody {
    pub(super) status: StatusName,
    /// The payment, to set `confirmed` or `refunded`.
    pub(super) payment_id: Option<PaymentId>,
    /// What was paid or refunded, to set `confirmed` or `refunded`: the order's `total_amount`.
    pub(super) amount: Option<Amount>,
}

impl Example for StatusBody {
    fn example() -> Self {
        Self { status: StatusName::Cancelled, payment_id: None, amount: None }
    }
}

#[derive(Debug, Object)]
#[oai(rename = "StatusSet")]
pub(super) struct StatusView {
    pub(super) message: String,
    pub(super) order_id: OrderId,
    pub(super) new_status: StatusName,
}
