//! HTTP as every service here speaks it.

pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod docs;
pub(crate) mod documented_problem;
pub(crate) mod edge;
pub(crate) mod formats;
pub(crate) mod health;
pub(crate) mod pages;
pub(crate) mod problem;
pub(crate) mod routes;
pub(crate) mod wire;
