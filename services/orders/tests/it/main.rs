//! The service without a socket: on a disk in memory, with a users-service that behaves as each test says.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod api;
mod outages;
mod service;
mod statuses;
