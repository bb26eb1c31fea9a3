//! All of HTTP: what comes in is turned into what the store takes, and back.

mod views;

use std::{collections::BTreeSet, sync::Arc};

use chassis::{
    Body, Caller, Clock, Fingerprint, IdempotencyKey, Limit, Page, Problem, Refused, clock::rfc3339, statuses,
};
use poem_openapi::{
    ApiResponse, OpenApi, Tags,
    param::{Header, Path, Query},
    payload::Json,
};

use self::views::{
    NewOrderBody, OrderList, OrderView, OrderWithUser, PlacedView, StatusBody, StatusName, StatusView,
    UserOrders, UserView,
};
use crate::{
    domain::{Order, OrderId, Payment, PlainStatus, Refusal, Status, UserId, Wish},
    store::{Claim, Orders, Placed, Wished},
    users::Users,
};

/// The endpoints of this service.
pub(crate) struct OrdersApi {
    pub(crate) orders: Orders,
    pub(crate) users: Users,
    pub(crate) clock: Arc<dyn Clock>,
}

#[derive(Tags)]
enum Tag {
    /// What was ordered, and how far it is
    Orders,
}

#[derive(ApiResponse)]
enum PlaceReply {
    /// Placed, now or when this key came first
    #[oai(status = 201)]
    Created(
        Json<PlacedView>,
        /// Where the order is.
        #[oai(header = "Location")]
        String,
        /// `true` when this key came before: the order is shown as it is now.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

#[OpenApi]
impl OrdersApi {
    /// All orders, newest first
    ///
    /// `user_name` is null when users-service can't be reached.
    #[oai(path = "/api/orders", method = "get", tag = "Tag::Orders", operation_id = "list_orders")]
    async fn list(
        &self,
        /// Only this user's.
        user_id: Query<Option<UserId>>,
        /// Most orders in the reply.
        limit: Query<Option<Limit>>,
        /// Only orders older than this one; `next` of the page before.
        after: Query<Option<OrderId>>,
    ) -> Result<Json<OrderList>, Refused<{ statuses([400]) }>> {
        let Page { entries, next } = self.orders.list(user_id.0, after.0, limit.0.unwrap_or_default())?;
        let ids: BTreeSet<_> = entries.iter().map(|(_, order)| order.user).collect();
        let names = self.users.names(ids).await;
        let orders = entries.into_iter().map(|(id, order)| {
            let name = names.get(&order.user).cloned();
            OrderView::new(id, order, name)
        });
        Ok(Json(OrderList { orders: orders.collect(), next }))
    }

    /// A new order, `pending`
    ///
    /// With an `Idempotency-Key` it is placed once; the same key again answers with the order as it is then.
    #[oai(path = "/api/orders", method = "post", tag = "Tag::Orders", operation_id = "create_order")]
    async fn place(
        &self,
        /// The name of this one request.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<IdempotencyKey>>,
        body: Body<NewOrderBody>,
    ) -> Result<PlaceReply, Refused<{ statuses([400, 404, 422, 503]) }>> {
        let fingerprint = Fingerprint::of(&body.0);
        let claim = key.0.map(|key| Claim { key, fingerprint });
        if let Some(claim) = &claim
            && let Some(placed) = self.orders.recall(claim)?
        {
            return Ok(self.placed(placed, None).await?);
        }
        let NewOrderBody { user_id, items, total_amount } = body.0;
        // Nothing is recorded before users-service has said who it is.
        let user = self.users.find(user_id).await?;
        let order = Order {
            user: user_id,
            items: items.into_iter().map(|item| item.0).collect(),
            total: total_amount.0,
            status: Status::Pending,
            paid_by: None,
            created_at: rfc3339(self.clock.now()),
        };
        let placed = self.orders.place(order, claim).await?;
        Ok(self.placed(placed, Some(user.username)).await?)
    }

    /// One order, with its user
    ///
    /// `user` is null when users-service can't be reached. A caller with the service key wants the order alone: `user` is
    /// null then too, and nobody is asked, so that an outage of users is not one of orders for it.
    #[oai(path = "/api/orders/:id", method = "get", tag = "Tag::Orders", operation_id = "get_order")]
    async fn find(
        &self,
        caller: Caller,
        id: Path<OrderId>,
    ) -> Result<Json<OrderWithUser>, Refused<{ statuses([400, 401, 404]) }>> {
        let order = self.orders.find(id.0)?.ok_or_else(|| no_order(id.0))?;
        let user = match caller {
            Caller::Service(_) => None,
            Caller::Anyone => self.users.find(order.user).await.ok(),
        };
        let user = user.map(|user| UserView::new(order.user, user));
        Ok(Json(OrderWithUser::new(id.0, order, user)))
    }

    /// Moves an order on
    ///
    /// `pending → confirmed → shipped → delivered`, `pending → cancelled`, `confirmed → refunded`. To set `confirmed` or
    /// `refunded` takes the service key, the `payment_id` and the `amount`, which must be the order's; other statuses
    /// ignore those two. The status that an order has already is 200 again, by the same payment; so is `confirmed` for
    /// an order that has gone further since, and `new_status` then says how far it is.
    #[oai(
        path = "/api/orders/:id/status",
        method = "put",
        tag = "Tag::Orders",
        operation_id = "set_order_status"
    )]
    async fn set_status(
        &self,
        caller: Caller,
        id: Path<OrderId>,
        body: Body<StatusBody>,
    ) -> Result<Json<StatusView>, Refused<{ statuses([400, 401, 404, 409, 503]) }>> {
        let wish = wish(&caller, &body.0)?;
        match self.orders.wish(id.0, wish).await? {
            Wished::Granted(order) => Ok(Json(StatusView {
                message: "Order status updated".into(),
                order_id: id.0,
                new_status: order.status.into(),
            })),
            Wished::Refused(refusal, order) => Err(refused(id.0, refusal, &order).into()),
            Wished::NoSuchOrder => Err(no_order(id.0).into()),
        }
    }

    /// The orders of a user, newest first
    #[oai(
        path = "/api/users/:id/orders",
        method = "get",
        tag = "Tag::Orders",
        operation_id = "list_orders_of_user"
    )]
    async fn list_of_user(
        &self,
        id: Path<UserId>,
        /// Most orders in the reply.
        limit: Query<Option<Limit>>,
        /// Only orders older than this one; `next` of the page before.
        after: Query<Option<OrderId>>,
    ) -> Result<Json<UserOrders>, Refused<{ statuses([400, 404, 503]) }>> {
        let user = self.users.find(id.0).await?;
        let Page { entries, next } = self.orders.list(Some(id.0), after.0, limit.0.unwrap_or_default())?;
        let name = user.username;
        let orders =
            entries.into_iter().map(|(id, order)| OrderView::new(id, order, Some(name.clone()))).collect();
        Ok(Json(UserOrders { user_id: id.0, user_name: name, orders, next }))
    }
}

impl OrdersApi {
    /// The reply to an order that was placed. The name is asked for when it isn't known yet.
    async fn placed(&self, placed: Placed, name: Option<String>) -> Result<PlaceReply, Problem> {
        let (id, order, replayed) = match placed {
            Placed::Made(id, order) => (id, order, None),
            Placed::Before(id, order) => (id, order, Some(true)),
            Placed::OtherBody => return Err(Problem::key_reused()),
        };
        let name = match name {
            Some(name) => Some(name),
            None => self.users.find(order.user).await.ok().map(|user| user.username),
        };
        let view = PlacedView { message: "Order created".into(), order: OrderView::new(id, order, name) };
        Ok(PlaceReply::Created(Json(view), format!("/api/orders/{id}"), replayed))
    }
}

/// What a body asks for, if its sender may.
fn wish(caller: &Caller, body: &StatusBody) -> Result<Wish, Problem> {
    let payment = || match (caller, body.payment_id, body.amount) {
        (Caller::Anyone, ..) => Err(Problem::unauthorized()),
        (Caller::Service(_), Some(id), Some(amount)) => Ok(Payment { id, amount: amount.0 }),
        (Caller::Service(_), None, _) => Err(Problem::invalid("`payment_id` is missing")),
        (Caller::Service(_), _, None) => Err(Problem::invalid("`amount` is missing")),
    };
    Ok(match body.status {
        StatusName::Pending => Wish::Plain(PlainStatus::Pending),
        StatusName::Shipped => Wish::Plain(PlainStatus::Shipped),
        StatusName::Delivered => Wish::Plain(PlainStatus::Delivered),
        StatusName::Cancelled => Wish::Plain(PlainStatus::Cancelled),
        StatusName::Confirmed => Wish::Confirm(payment()?),
        StatusName::Refunded => Wish::Refund(payment()?),
    })
}

fn no_order(id: OrderId) -> Problem {
    Problem::not_found(format_args!("there is no order {id}"))
}

fn refused(id: OrderId, refusal: Refusal, order: &Order) -> Problem {
    match refusal {
        Refusal::Unreachable => Problem::conflict(
            "status-unreachable",
            "The order can't come to that status",
            format_args!("order {id} is {}", StatusName::from(order.status)),
        ),
        Refusal::OtherAmount => Problem::conflict(
            "other-amount",
            "The payment is about another amount",
            format_args!("order {id} is about {}", order.total),
        ),
        Refusal::OtherPayment => Problem::conflict(
            "other-payment",
            "Another payment has the order",
            format_args!("order {id} was paid by another payment"),
        ),
    }
}
