//! All of HTTP: turns requests into calls of the store, and results into replies.

mod views;

use std::sync::Arc;

use chassis::{Body, ByService, Clock, DocumentedProblem, Limit, Problem, Wire, rfc3339};
use poem::{http::StatusCode, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi, Tags,
    param::{Header, Path, Query},
    payload::Json,
};
use values::{Id, IdempotencyKey, Money};

use self::views::{
    BalanceChange, BalanceView, CancelView, ChangeView, CreatedView, LedgerView, LineKind, NewUserBody,
    StatementView, UserList, UserView,
};
use crate::{
    domain::{
        ledger::Kind,
        operation::{CancelOutcome, Request},
        user::UserId,
    },
    store::{Age, CancelResult, Change, Changed, Created, NewUser, Users},
};

/// The endpoints of this service.
pub(crate) struct UsersApi;

/// What the endpoints work on.
pub(crate) struct UsersState {
    pub(crate) users: Users,
    pub(crate) clock: Arc<dyn Clock>,
}

#[derive(Tags)]
enum Tag {
    /// Accounts of users
    Users,
    /// Balances, statements and the ledger
    Money,
}

#[derive(ApiResponse)]
enum CreateReply {
    /// The user was created
    #[oai(status = 201)]
    Created(
        Json<CreatedView>,
        /// Path of the user.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum ChangeReply {
    /// The money moved, now or at an earlier request with this key
    #[oai(status = 200)]
    Done(
        Json<ChangeView>,
        /// `true` when the key was used before: this is the answer from then.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

type ReadRefused = DocumentedProblem<400, 404>;

#[OpenApi]
#[expect(clippy::unused_async, reason = "poem-openapi awaits every handler")]
impl UsersApi {
    /// All users, by id
    #[oai(path = "/api/users", method = "get", tag = "Tag::Users", operation_id = "list_users")]
    async fn list(
        &self,
        Data(state): Data<&Arc<UsersState>>,
        /// Most users in the reply.
        Query(limit): Query<Option<Wire<Limit>>>,
        /// Only users after this id; `next` of the page before.
        Query(after): Query<Option<Wire<UserId>>>,
    ) -> Result<Json<UserList>, DocumentedProblem<400>> {
        let page = state.users.list(after.map(Wire::value), limit.unwrap_or_default().value())?;
        let users = page.entries.into_iter().map(UserView::from).collect();
        Ok(Json(UserList { users, next: page.next.map(Wire) }))
    }

    /// Creates a user, with a balance of 100.00 unless `balance` is given
    #[oai(path = "/api/users", method = "post", tag = "Tag::Users", operation_id = "create_user")]
    async fn create(
        &self,
        Data(state): Data<&Arc<UsersState>>,
        body: Body<NewUserBody>,
    ) -> Result<CreateReply, DocumentedProblem<400, 409, 503>> {
        let NewUserBody { username, email, balance } = body.0;
        let opening = balance.map_or(Money::minor(10_000), |opening| opening.value().money());
        let new = NewUser { username: username.0.0, email: email.0.0, opening, at: state.now() };
        match state.users.create(new).await? {
            Created::Made(holder) => {
                let location = format!("/api/users/{}", holder.id);
                let user = UserView::from(holder);
                Ok(CreateReply::Created(Json(CreatedView { message: "User created".into(), user }), location))
            }
            Created::NameTaken => Err(taken("username").into()),
            Created::EmailTaken => Err(taken("email").into()),
            Created::Overflow => Err(overflow().into()),
        }
    }

    /// One user
    #[oai(path = "/api/users/:id", method = "get", tag = "Tag::Users", operation_id = "get_user")]
    async fn find(
        &self,
        Data(state): Data<&Arc<UsersState>>,
        Path(id): Path<Wire<UserId>>,
    ) -> Result<Json<UserView>, ReadRefused> {
        let holder = state.users.find(id.0)?.ok_or_else(|| no_user(id.0))?;
        Ok(Json(holder.into()))
    }

    /// Balance of a user
    #[oai(path = "/api/users/:id/balance", method = "get", tag = "Tag::Money", operation_id = "get_balance")]
    async fn balance(
        &self,
        Data(state): Data<&Arc<UsersState>>,
        Path(id): Path<Wire<UserId>>,
    ) -> Result<Json<BalanceView>, ReadRefused> {
        let holder = state.users.find(id.0)?.ok_or_else(|| no_user(id.0))?;
        Ok(Json(holder.into()))
    }

    /// Moves money to or from a user
    ///
    /// A `charge` (below zero) moves money from the user to clearing, a `refund` moves it back, a `deposit` comes from
    /// outside. Without a `kind`, an amount below zero is a charge and one above zero a deposit.
    ///
    /// With an `Idempotency-Key` the money moves once, and every further request with the key gets the same answer; a
    /// 402 stays a 402, also when the user gets more money later. Without a key every request is an operation of its
    /// own. Once the operation is cancelled, its key gets 410.
    #[oai(
        path = "/api/users/:id/balance",
        method = "post",
        tag = "Tag::Money",
        operation_id = "change_balance"
    )]
    async fn change(
        &self,
        _service: ByService,
        Data(state): Data<&Arc<UsersState>>,
        Path(id): Path<Wire<UserId>>,
        /// Name of this operation, chosen by the client.
        #[oai(name = "Idempotency-Key")]
        Header(key): Header<Option<Wire<IdempotencyKey>>>,
        body: Body<BalanceChange>,
    ) -> Result<ChangeReply, DocumentedProblem<401, 402, 404, 410, 422, 503>> {
        let change = body.0.amount.value().money();
        let kind = body.0.kind.map_or_else(|| Kind::of_change(change), Wire::value);
        if !kind.fits(change) {
            let must = if kind == Kind::Charge { "below" } else { "above" };
            return Err(Problem::invalid(format_args!("`amount` must be {must} zero for this `kind`")).into());
        }
        let canonical = Body(BalanceChange { amount: body.0.amount, kind: Some(Wire(kind)) });
        let request = Request { kind, change, fingerprint: canonical.fingerprint() };
        let key = key.map(|key| key.0.to_string());
        let change = Change { user: id.0, key, request, at: state.now() };
        match state.users.change(change).await? {
            Changed::Applied { before, after, age } => {
                let view = ChangeView {
                    message: "Balance updated".into(),
                    user_id: id,
                    previous_balance: Wire(before),
                    amount_changed: Wire(request.change),
                    new_balance: Wire(after),
                };
                Ok(ChangeReply::Done(Json(view), (age == Age::Replayed).then_some(true)))
            }
            Changed::Refused { balance, age } => Err(insufficient(request, balance, age).into()),
            Changed::Cancelled => Err(Problem::new(
                StatusCode::GONE,
                "operation-cancelled",
                "The operation was cancelled",
                "the operation with this key was cancelled and will never be applied",
            )
            .into()),
            Changed::OtherRequest => Err(Problem::key_reused().into()),
            Changed::NoSuchUser => Err(no_user(id.0).into()),
            Changed::Overflow => Err(overflow().into()),
        }
    }

    /// The statement of a user: every entry with its key, decision and amount
    ///
    /// The amounts of the `applied` entries sum to the balance. Entries never change.
    #[oai(
        path = "/api/users/:id/operations",
        method = "get",
        tag = "Tag::Money",
        operation_id = "list_operations"
    )]
    async fn statement(
        &self,
        Data(state): Data<&Arc<UsersState>>,
        Path(id): Path<Wire<UserId>>,
        /// Most entries in the reply.
        Query(limit): Query<Option<Wire<Limit>>>,
        /// Only entries after this one; `next` of the page before.
        Query(after): Query<Option<Wire<Id<LineKind>>>>,
    ) -> Result<Json<StatementView>, ReadRefused> {
        let after = after.map(|after| after.0.number());
        let statement = state.users.statement(id.0, after, limit.unwrap_or_default().value())?;
        Ok(Json(statement.ok_or_else(|| no_user(id.0))?.into()))
    }

    /// Cancels an operation, also one that has not arrived yet
    ///
    /// An applied operation is `reversed`; a refused one leaves `nothing_to_do`; for one that has not arrived a `tombstone`
    /// is recorded, and when it arrives it gets 410. A repeated cancellation gets the same answer.
    #[oai(
        path = "/api/users/:id/operations/:key/cancel",
        method = "post",
        tag = "Tag::Money",
        operation_id = "cancel_operation"
    )]
    async fn cancel(
        &self,
        _service: ByService,
        Data(state): Data<&Arc<UsersState>>,
        Path(id): Path<Wire<UserId>>,
        Path(key): Path<Wire<IdempotencyKey>>,
    ) -> Result<Json<CancelView>, DocumentedProblem<401, 404, 409, 503>> {
        match state.users.cancel(id.0, key.0.to_string(), state.now()).await? {
            CancelResult::Done { outcome, balance } => {
                let message = match outcome {
                    CancelOutcome::Reversed => "The operation was taken back",
                    CancelOutcome::NothingToDo => "The operation had been refused",
                    CancelOutcome::Tombstone => "The operation will never be applied",
                };
                Ok(Json(CancelView {
                    message: message.into(),
                    user_id: id,
                    key,
                    outcome: Wire(outcome),
                    balance: Wire(balance),
                }))
            }
            CancelResult::NoSuchUser => Err(no_user(id.0).into()),
            CancelResult::Spent { balance } => Err(Problem::conflict(
                "already-spent",
                "The money has been spent",
                format_args!("user {} has only {balance} left, so it can't be taken back", id.0),
            )
            .into()),
        }
    }

    /// Every account in one consistent snapshot; the sum is always 0
    #[oai(path = "/api/ledger", method = "get", tag = "Tag::Money", operation_id = "get_ledger")]
    async fn ledger(
        &self,
        Data(state): Data<&Arc<UsersState>>,
    ) -> Result<Json<LedgerView>, DocumentedProblem<500>> {
        Ok(Json(state.users.ledger()?.into()))
    }
}

impl UsersState {
    fn now(&self) -> String {
        rfc3339(self.clock.now())
    }
}

fn no_user(id: UserId) -> Problem {
    Problem::not_found(format_args!("there is no user {id}"))
}

fn taken(field: &str) -> Problem {
    Problem::conflict(
        "taken",
        "The name or email is taken",
        format_args!("`{field}` belongs to another user"),
    )
}

fn overflow() -> Problem {
    Problem::invalid("`amount` is more than an account can hold")
}

fn insufficient(request: Request, balance: Money, age: Age) -> Problem {
    let detail = match request.kind {
        Kind::Refund => format!("clearing has less than {}", request.change),
        _ => format!("the balance is {balance}, the charge is {}", request.change.abs()),
    };
    let problem =
        Problem::new(StatusCode::PAYMENT_REQUIRED, "insufficient-funds", "There is not enough money", detail);
    match age {
        Age::Fresh => problem,
        Age::Replayed => problem.replayed(),
    }
}
