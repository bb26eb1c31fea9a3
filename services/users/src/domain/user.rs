//! Users.

use serde::{Deserialize, Serialize};
use values::{Id, Money};

/// The kind of [`UserId`].
#[derive(Debug)]
pub(crate) enum UserKind {}

/// The id of a user.
pub(crate) type UserId = Id<UserKind>;

/// Record of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) username: String,
    pub(crate) email: String,
    /// RFC 3339.
    pub(crate) created_at: String,
}

impl User {
    /// The form in which names and emails are compared: those that differ in case alone are the same.
    pub(crate) fn unique(text: &str) -> String {
        text.to_lowercase()
    }
}

/// A user with the balance of their account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) id: UserId,
    pub(crate) user: User,
    pub(crate) balance: Money,
}
