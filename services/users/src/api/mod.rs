//! All of HTTP: what comes in is turned into what the store takes, and back.

mod views;

use std::sync::Arc;

use chassis::{
    Body, ByService, Clock, Fingerprint, Id, IdempotencyKey, Limit, Money, Problem, Refused, clock::rfc3339,
    idempotency::REPLAYED, statuses,
};
use poem::http::{HeaderValue, StatusCode};
use poem_openapi::{
    ApiResponse, OpenApi, Tags,
    param::{Header, Path, Query},
    payload::Json,
};

use self::views::{
    BalanceChange, BalanceView, CancelView, ChangeView, CreatedView, KindName, LedgerView, LineKind,
    NewUserBody, StatementView, UserList, UserView,
};
use crate::{
    domain::{
        ledger::Kind,
        operation::{Cancelled, Request},
        user::UserId,
    },
    store::{Age, CancelOutcome, Change, Changed, Created, NewUser, Users},
};

/// The endpoints of this service.
pub(crate) struct UsersApi {
    pub(crate) users: Users,
    pub(crate) clock: Arc<dyn Clock>,
}

#[derive(Tags)]
enum Tag {
    /// Who has an account
    Users,
    /// Where the money is
    Money,
}

#[derive(ApiResponse)]
enum CreateReply {
    /// Made
    #[oai(status = 201)]
    Created(
        Json<CreatedView>,
        /// Where the user is.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum ChangeReply {
    /// Moved, now or when this key came first
    #[oai(status = 200)]
    Done(
        Json<ChangeView>,
        /// `true` when this key came before: the answer is the one from then.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

type ReadRefused = Refused<{ statuses([400, 404]) }>;

#[OpenApi]
#[expect(clippy::unused_async, reason = "poem-openapi wants every operation async")]
impl UsersApi {
    /// All users, by id
    #[oai(path = "/api/users", method = "get", tag = "Tag::Users", operation_id = "list_users")]
    async fn list(
        &self,
        /// Most users in the reply.
        limit: Query<Option<Limit>>,
        /// Only users after this id; `next` of the page before.
        after: Query<Option<UserId>>,
    ) -> Result<Json<UserList>, Refused<{ statuses([400]) }>> {
        let page = self.users.list(after.0, limit.0.unwrap_or_default())?;
        Ok(Json(UserList { users: page.entries.into_iter().map(UserView::from).collect(), next: page.next }))
    }

    /// A new user, with 100.00 unless told otherwise
    #[oai(path = "/api/users", method = "post", tag = "Tag::Users", operation_id = "create_user")]
    async fn create(
        &self,
        body: Body<NewUserBody>,
    ) -> Result<CreateReply, Refused<{ statuses([400, 409, 503]) }>> {
        let NewUserBody { username, email, balance } = body.0;
        let opening = balance.map_or(Money::minor(10_000), |opening| opening.0);
        let new = NewUser { username: username.0, email: email.0, opening, at: self.now() };
        match self.users.create(new).await? {
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
    async fn find(&self, id: Path<UserId>) -> Result<Json<UserView>, ReadRefused> {
        let holder = self.users.find(id.0)?.ok_or_else(|| nobody(id.0))?;
        Ok(Json(holder.into()))
    }

    /// What a user has
    #[oai(path = "/api/users/:id/balance", method = "get", tag = "Tag::Money", operation_id = "get_balance")]
    async fn balance(&self, id: Path<UserId>) -> Result<Json<BalanceView>, ReadRefused> {
        let holder = self.users.find(id.0)?.ok_or_else(|| nobody(id.0))?;
        Ok(Json(BalanceView { user_id: holder.id, username: holder.user.username, balance: holder.balance }))
    }

    /// Moves money to or from a user
    ///
    /// A `charge` (below zero) goes from the user to clearing, a `refund` comes back from there, a `deposit` comes from
    /// outside. Without a `kind` what is taken is a charge and what is given a deposit.
    ///
    /// With an `Idempotency-Key` the money moves once and the answer stays the same for ever, 402 too, also when the
    /// user gets more money later. Without one every call is an operation of its own. Once the operation is cancelled,
    /// its key gets 410.
    #[oai(
        path = "/api/users/:id/balance",
        method = "post",
        tag = "Tag::Money",
        operation_id = "change_balance"
    )]
    async fn change(
        &self,
        _service: ByService,
        id: Path<UserId>,
        /// The name of this one operation.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<IdempotencyKey>>,
        body: Body<BalanceChange>,
    ) -> Result<ChangeReply, Refused<{ statuses([400, 401, 402, 404, 410, 422, 503]) }>> {
        let change = body.0.amount.0;
        let kind = body.0.kind.map_or_else(|| Kind::of_change(change), Kind::from);
        if !kind.fits(change) {
            let must = if kind == Kind::Charge { "below" } else { "above" };
            return Err(Problem::invalid(format_args!("`amount` must be {must} zero for this `kind`")).into());
        }
        let canonical = BalanceChange { amount: body.0.amount, kind: Some(KindName::from(kind)) };
        let request = Request { kind, change, fingerprint: Fingerprint::of(&canonical) };
        let key = key.0.map(|key| key.as_str().to_owned());
        let change = Change { user: id.0, key, request, at: self.now() };
        match self.users.change(change).await? {
            Changed::Applied { before, after, age } => {
                let view = ChangeView {
                    message: "Balance updated".into(),
                    user_id: id.0,
                    previous_balance: before,
                    amount_changed: request.change,
                    new_balance: after,
                };
                Ok(ChangeReply::Done(Json(view), (age == Age::Replayed).then_some(true)))
            }
            Changed::Refused { balance, age } => Err(insufficient(request, balance, age).into()),
            Changed::Cancelled => Err(Problem::new(
                StatusCode::GONE,
                "operation-cancelled",
                "The operation was cancelled",
                "what goes by this key was cancelled and will never be applied",
            )
            .into()),
            Changed::OtherRequest => Err(Problem::key_reused().into()),
            Changed::NoSuchUser => Err(nobody(id.0).into()),
            Changed::Overflow => Err(overflow().into()),
        }
    }

    /// The statement of a user: every entry with its key, decision and amount
    ///
    /// The amounts of the entries that were `applied` sum to the balance. Entries never change.
    #[oai(
        path = "/api/users/:id/operations",
        method = "get",
        tag = "Tag::Money",
        operation_id = "list_operations"
    )]
    async fn statement(
        &self,
        id: Path<UserId>,
        /// Most entries in the reply.
        limit: Query<Option<Limit>>,
        /// Only entries after this one; `next` of the page before.
        after: Query<Option<Id<LineKind>>>,
    ) -> Result<Json<StatementView>, ReadRefused> {
        let after = after.0.map(Id::number);
        let statement = self.users.statement(id.0, after, limit.0.unwrap_or_default())?;
        Ok(Json(statement.ok_or_else(|| nobody(id.0))?.into()))
    }

    /// Cancels an operation, also one that has not come yet
    ///
    /// An applied one is `reversed`; a refused one leaves `nothing_to_do`; for one that never came a `tombstone` is left,
    /// and when it comes it gets 410. Doing it again says the same again.
    #[oai(
        path = "/api/users/:id/operations/:key/cancel",
        method = "post",
        tag = "Tag::Money",
        operation_id = "cancel_operation"
    )]
    async fn cancel(
        &self,
        _service: ByService,
        id: Path<UserId>,
        key: Path<IdempotencyKey>,
    ) -> Result<Json<CancelView>, Refused<{ statuses([400, 401, 404, 409, 503]) }>> {
        let text = key.as_str().to_owned();
        match self.users.cancel(id.0, text, self.now()).await? {
            CancelOutcome::Done { came_to, balance } => {
                let message = match came_to {
                    Cancelled::Reversed => "The operation was taken back",
                    Cancelled::NothingToDo => "The operation had been refused",
                    Cancelled::Tombstone => "The operation will never be applied",
                };
                Ok(Json(CancelView {
                    message: message.into(),
                    user_id: id.0,
                    key: key.0,
                    outcome: came_to.into(),
                    balance,
                }))
            }
            CancelOutcome::NoSuchUser => Err(nobody(id.0).into()),
            CancelOutcome::Spent { balance } => Err(Problem::conflict(
                "already-spent",
                "The money has been spent",
                format_args!("user {} has only {balance} left, so it can't be taken back", id.0),
            )
            .into()),
        }
    }

    /// Every account in one consistent snapshot; the sum is always 0
    #[oai(path = "/api/ledger", method = "get", tag = "Tag::Money", operation_id = "get_ledger")]
    async fn ledger(&self) -> Result<Json<LedgerView>, Refused<{ statuses([]) }>> {
        Ok(Json(self.users.ledger()?.into()))
    }
}

impl UsersApi {
    fn now(&self) -> String {
        rfc3339(self.clock.now())
    }
}

fn nobody(id: UserId) -> Problem {
    Problem::not_found(format_args!("there is no user {id}"))
}

fn taken(field: &str) -> Problem {
    Problem::conflict(
        "taken",
        "The name or email is taken",
        format_args!("`{field}` belongs to somebody else"),
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
        Age::Replayed => problem.header(REPLAYED, HeaderValue::from_static("true")),
    }
}
