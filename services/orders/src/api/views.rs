//! Bodies of requests and replies.

use chassis::{Text, Wire, WireName};
use poem_openapi::{Object, types::Example};
use values::{Money, money::Amount};

use crate::{
    domain::{Order, OrderId, PaymentId, Status, UserId},
    users::User,
};

/// An order to place.
#[derive(Debug, Object)]
#[oai(rename = "NewOrder", deny_unknown_fields, example)]
pub(super) struct NewOrderBody {
    pub(super) user_id: Wire<UserId>,
    #[oai(validator(min_items = 1, max_items = 100))]
    pub(super) items: Vec<Wire<Text<1, 200>>>,
    pub(super) total_amount: Wire<Amount>,
}

impl Example for NewOrderBody {
    fn example() -> Self {
        let total = Amount::new(Money::minor(29_999)).expect("it is within the bounds");
        let items = vec![Wire(Text("laptop".into()))];
        Self { user_id: Wire(UserId::FIRST), items, total_amount: Wire(total) }
    }
}

impl WireName for Status {}

/// An order.
#[derive(Debug, Object)]
#[oai(rename = "Order")]
pub(super) struct OrderView {
    id: Wire<OrderId>,
    user_id: Wire<UserId>,
    /// Null when users-service can't be reached.
    #[oai(nullable)]
    user_name: Option<String>,
    items: Vec<String>,
    total_amount: Wire<Money>,
    status: Wire<Status>,
    /// The payment that confirmed it; null before.
    #[oai(nullable)]
    payment_id: Option<Wire<PaymentId>>,
    /// RFC 3339.
    created_at: String,
}

impl OrderView {
    pub(super) fn new(id: OrderId, order: Order, user_name: Option<String>) -> Self {
        Self {
            id: Wire(id),
            user_id: Wire(order.user),
            user_name,
            items: order.items,
            total_amount: Wire(order.total),
            status: Wire(order.status),
            payment_id: order.paid_by.map(Wire),
            created_at: order.created_at,
        }
    }
}

/// User of an order.
#[derive(Debug, Object)]
#[oai(rename = "User")]
pub(super) struct UserView {
    id: Wire<UserId>,
    username: String,
    email: String,
}

impl UserView {
    pub(super) fn new(id: UserId, user: User) -> Self {
        Self { id: Wire(id), username: user.username, email: user.email }
    }
}

/// An order with its user.
#[derive(Debug, Object)]
pub(super) struct OrderWithUser {
    id: Wire<OrderId>,
    user_id: Wire<UserId>,
    /// Null when users-service can't be reached.
    #[oai(nullable)]
    user: Option<UserView>,
    items: Vec<String>,
    total_amount: Wire<Money>,
    status: Wire<Status>,
    /// The payment that confirmed it; null before.
    #[oai(nullable)]
    payment_id: Option<Wire<PaymentId>>,
    /// RFC 3339.
    created_at: String,
}

impl OrderWithUser {
    pub(super) fn new(id: OrderId, order: Order, user: Option<UserView>) -> Self {
        Self {
            id: Wire(id),
            user_id: Wire(order.user),
            user,
            items: order.items,
            total_amount: Wire(order.total),
            status: Wire(order.status),
            payment_id: order.paid_by.map(Wire),
            created_at: order.created_at,
        }
    }
}

/// A page of orders.
#[derive(Debug, Object)]
pub(super) struct OrderList {
    pub(super) orders: Vec<OrderView>,
    /// `after` of the next page, when there is one.
    #[oai(skip_serializing_if_is_none)]
    pub(super) next: Option<Wire<OrderId>>,
}

/// A page of a user's orders.
#[derive(Debug, Object)]
pub(super) struct UserOrders {
    pub(super) user_id: Wire<UserId>,
    pub(super) user_name: String,
    pub(super) orders: Vec<OrderView>,
    /// `after` of the next page, when there is one.
    #[oai(skip_serializing_if_is_none)]
    pub(super) next: Option<Wire<OrderId>>,
}

#[derive(Debug, Object)]
#[oai(rename = "OrderPlaced")]
pub(super) struct PlacedView {
    pub(super) message: String,
    pub(super) order: OrderView,
}

/// A status to set.
#[derive(Debug, Object)]
#[oai(rename = "NewStatus", deny_unknown_fields, skip_serializing_if_is_none, example)]
pub(super) struct StatusBody {
    pub(super) status: Wire<Status>,
    /// The payment, to set `confirmed` or `refunded`.
    pub(super) payment_id: Option<Wire<PaymentId>>,
    /// What was paid or refunded, to set `confirmed` or `refunded`: the order's `total_amount`.
    pub(super) amount: Option<Wire<Amount>>,
}

impl Example for StatusBody {
    fn example() -> Self {
        Self { status: Wire(Status::Cancelled), payment_id: None, amount: None }
    }
}

#[derive(Debug, Object)]
#[oai(rename = "StatusSet")]
pub(super) struct StatusView {
    pub(super) message: String,
    pub(super) order_id: Wire<OrderId>,
    pub(super) new_status: Wire<Status>,
}
