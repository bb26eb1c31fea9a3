//! A service as a process.

pub(crate) mod app;
pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod environment;
pub(crate) mod serve;
mod socket;
pub(crate) mod start;
pub(crate) mod start_error;
