//! The rules of users and their money: pure, without database or HTTP.

pub(crate) mod ledger;
pub(crate) mod operation;
pub(crate) mod user;
