//! The rules, without a database or a request in sight.

pub(crate) mod ledger;
pub(crate) mod operation;
pub(crate) mod user;
