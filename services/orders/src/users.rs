//! Calls to users-service.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Call, Problem, Upstream};
use futures_util::{StreamExt, future::ready, stream};
use serde::Deserialize;

use crate::domain::UserId;

/// Names requested at once.
const SIDE_BY_SIDE: usize = 16;

/// A user, as users-service returns it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    pub(crate) username: String,
    pub(crate) email: String,
}

/// Client of users-service.
#[derive(Clone)]
pub(crate) struct Users {
    upstream: Upstream,
}

impl Users {
    pub(crate) fn new(upstream: Upstream) -> Self {
        Self { upstream }
    }

    /// The user; 404 when users-service says that there is none, 503 when it can't be reached.
    pub(crate) async fn find(&self, id: UserId) -> Result<User, Problem> {
        let call = Call::get(format_args!("/api/users/{id}"));
        let found = self.upstream.read(&call).await?;
        found.ok_or_else(|| Problem::not_found(format_args!("there is no user {id}")))
    }

    /// The names of these users, without those that can't be read.
    pub(crate) async fn names(&self, ids: BTreeSet<UserId>) -> BTreeMap<UserId, String> {
        stream::iter(ids)
            .map(|id| async move { Some((id, self.find(id).await.ok()?.username)) })
            .buffered(SIDE_BY_SIDE)
            .filter_map(ready)
            .collect()
            .await
    }
}
