//! Who has an account.

use chassis::{Id, Money};
use serde::{Deserialize, Serialize};

/// The kind of [`UserId`].
#[derive(Debug)]
pub(crate) enum UserKind {}

/// The id of a user.
pub(crate) type UserId = Id<UserKind>;

/// Who a user is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) username: String,
    pub(crate) email: String,
    /// RFC 3339.
    pub(crate) created_at: String,
}

impl User {
    /// Names and emails that differ in case alone are the same.
    pub(crate) fn unique(text: &str) -> String {
        text.to_lowercase()
    }
}

/// A user, with what they have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) id: UserId,
    pub(crate) user: User,
    pub(crate) balance: Money,
}
