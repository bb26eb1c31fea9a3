//! All of HTTP: turns requests into calls of the store, and results into replies.

mod views;

use std::{collections::BTreeSet, sync::Arc};

use chassis::{Body, Caller, Clock, DocumentedProblem, Limit, Page, Problem, Wire, rfc3339};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, OpenApi, Tags,
    param::{Header, Path, Query},
    payload::Json,
};
use values::IdempotencyKey;

use self::views::{
    NewOrderBody, OrderList, OrderView, OrderWithUser, PlacedView, StatusBody, StatusView, UserOrders,
    UserView,
};
use crate::{
    domain::{Order, OrderId, Payment, Refusal, Status, StatusRequest, UserId},
    store::{Claim, Orders, Placed, StatusSet},
    users::Users,
};

/// The endpoints of this service.
pub(crate) struct OrdersApi;

/// What the endpoints work on.
pub(crate) struct OrdersState {
    pub(crate) orders: Orders,
    pub(crate) users: Users,
    pub(crate) clock: Arc<dyn Clock>,
}

#[derive(Tags)]
enum Tag {
    /// Orders and their statuses
    Orders,
}

#[derive(ApiResponse)]
enum PlaceReply {
    /// The order was placed, now or by an earlier request with this key
    #[oai(status = 201)]
    Created(
        Json<PlacedView>,
        /// Path of the order.
        #[oai(header = "Location")]
        String,
        /// `true` when the key was used before: the order is shown as it is now.
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
        Data(state): Data<&Arc<OrdersState>>,
        /// Only orders of this user.
        Query(user_id): Query<Option<Wire<UserId>>>,
        /// Most orders in the reply.
        Query(limit): Query<Option<Wire<Limit>>>,
        /// Only orders older than this one; `next` of the page before.
        Query(after): Query<Option<Wire<OrderId>>>,
    ) -> Result<Json<OrderList>, DocumentedProblem<400>> {
        let (user, after) = (user_id.map(Wire::value), after.map(Wire::value));
        let Page { entries, next } = state.orders.list(user, after, limit.unwrap_or_default().value())?;
        let ids: BTreeSet<_> = entries.iter().map(|(_, order)| order.user).collect();
        let names = state.users.names(ids).await;
        let orders = entries.into_iter().map(|(id, order)| {
            let name = names.get(&order.user).cloned();
            OrderView::new(id, order, name)
        });
        Ok(Json(OrderList { orders: orders.collect(), next: next.map(Wire) }))
    }

    /// Places an order, which is `pending`
    ///
    /// With an `Idempotency-Key` it is placed once; a further request with the key gets the order as it is then.
    #[oai(path = "/api/orders", method = "post", tag = "Tag::Orders", operation_id = "create_order")]
    async fn place(
        &self,
        Data(state): Data<&Arc<OrdersState>>,
        /// Name of this request, chosen by the client.
        #[oai(name = "Idempotency-Key")]
        Header(key): Header<Option<Wire<IdempotencyKey>>>,
        body: Body<NewOrderBody>,
    ) -> Result<PlaceReply, DocumentedProblem<400, 404, 422, 503>> {
        let fingerprint = body.fingerprint();
        let claim = key.map(|key| Claim { key: key.0, fingerprint });
        if let Some(claim) = &claim
            && let Some(placed) = state.orders.recall(claim)?
        {
            return Ok(state.placed(placed, None).await?);
        }
        let NewOrderBody { user_id, items, total_amount } = body.0;
        // Nothing is recorded before users-service has confirmed that the user exists.
        let user = state.users.find(user_id.0).await?;
        let order = Order {
            user: user_id.0,
            items: items.into_iter().map(|item| item.0.0).collect(),
            total: total_amount.value().money(),
            status: Status::Pending,
            paid_by: None,
            created_at: rfc3339(state.clock.now()),
        };
        let placed = state.orders.place(order, claim).await?;
        Ok(state.placed(placed, Some(user.username)).await?)
    }

    /// One order, with its user
    ///
    /// `user` is null when users-service can't be reached, and for a caller with the service key, who gets the order
    /// without a call to users-service.
    #[oai(path = "/api/orders/:id", method = "get", tag = "Tag::Orders", operation_id = "get_order")]
    async fn find(
        &self,
        caller: Caller,
        Data(state): Data<&Arc<OrdersState>>,
        Path(id): Path<Wire<OrderId>>,
    ) -> Result<Json<OrderWithUser>, DocumentedProblem<400, 401, 404>> {
        let order = state.orders.find(id.0)?.ok_or_else(|| no_order(id.0))?;
        let user = match caller {
            Caller::Service(_) => None,
            Caller::Anyone => state.users.find(order.user).await.ok(),
        };
        let user = user.map(|user| UserView::new(order.user, user));
        Ok(Json(OrderWithUser::new(id.0, order, user)))
    }

    /// Changes the status of an order
    ///
    /// `pending → confirmed → shipped → delivered`, `pending → cancelled`, `confirmed → refunded`. Setting `confirmed` or
    /// `refunded` needs the service key, the `payment_id` and the `amount`, which must be the order's total; other
    /// statuses ignore those two. Setting the present status is 200 again, by the same payment; so is `confirmed` for an
    /// order that has a later status by now, which is then the `new_status`.
    #[oai(
        path = "/api/orders/:id/status",
        method = "put",
        tag = "Tag::Orders",
        operation_id = "set_order_status"
    )]
    async fn set_status(
        &self,
        caller: Caller,
        Data(state): Data<&Arc<OrdersState>>,
        Path(id): Path<Wire<OrderId>>,
        body: Body<StatusBody>,
    ) -> Result<Json<StatusView>, DocumentedProblem<400, 401, 404, 409, 503>> {
        let request = status_request(&caller, &body.0)?;
        match state.orders.set_status(id.0, request).await? {
            StatusSet::Granted(order) => Ok(Json(StatusView {
                message: "Order status updated".into(),
                order_id: id,
                new_status: Wire(order.status),
            })),
            StatusSet::Refused(refusal, order) => Err(refused(id.0, refusal, &order).into()),
            StatusSet::NoSuchOrder => Err(no_order(id.0).into()),
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
        Data(state): Data<&Arc<OrdersState>>,
        Path(id): Path<Wire<UserId>>,
        /// Most orders in the reply.
        Query(limit): Query<Option<Wire<Limit>>>,
        /// Only orders older than this one; `next` of the page before.
        Query(after): Query<Option<Wire<OrderId>>>,
    ) -> Result<Json<UserOrders>, DocumentedProblem<400, 404, 503>> {
        let user = state.users.find(id.0).await?;
        let (after, limit) = (after.map(Wire::value), limit.unwrap_or_default().value());
        let Page { entries, next } = state.orders.list(Some(id.0), after, limit)?;
        let name = user.username;
        let orders =
            entries.into_iter().map(|(id, order)| OrderView::new(id, order, Some(name.clone()))).collect();
        Ok(Json(UserOrders { user_id: id, user_name: name, orders, next: next.map(Wire) }))
    }
}

impl OrdersState {
    /// The reply for an order that was placed. The name is read from users-service when it isn't given.
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

/// The request of a body, if the caller may make it.
fn status_request(caller: &Caller, body: &StatusBody) -> Result<StatusRequest, Problem> {
    let payment = || match (caller, body.payment_id, body.amount) {
        (Caller::Anyone, ..) => Err(Problem::unauthorized()),
        (Caller::Service(_), Some(id), Some(amount)) => {
            Ok(Payment { id: id.0, amount: amount.value().money() })
        }
        (Caller::Service(_), None, _) => Err(Problem::invalid("`payment_id` is missing")),
        (Caller::Service(_), _, None) => Err(Problem::invalid("`amount` is missing")),
    };
    Ok(match body.status.0 {
        Status::Confirmed => StatusRequest::Confirm(payment()?),
        Status::Refunded => StatusRequest::Refund(payment()?),
        plain => StatusRequest::Plain(plain),
    })
}

fn no_order(id: OrderId) -> Problem {
    Problem::not_found(format_args!("there is no order {id}"))
}

fn refused(id: OrderId, refusal: Refusal, order: &Order) -> Problem {
    match refusal {
        Refusal::Unreachable => Problem::conflict(
            "status-unreachable",
            "The order can't change to that status",
            format_args!("order {id} is {}", order.status),
        ),
        Refusal::OtherAmount => Problem::conflict(
            "other-amount",
            "The payment has another amount",
            format_args!("order {id} costs {}", order.total),
        ),
        Refusal::OtherPayment => Problem::conflict(
            "other-payment",
            "Another payment has the order",
            format_args!("order {id} was paid by another payment"),
        ),
    }
}
