//! The service as its clients meet it, without a socket: on a disk in memory, with a users-service that does as told.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod api;
mod outages;
mod service;
mod statuses;
