//! The service without a socket, on a disk in memory; and its process, on a file.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod api;
mod framework;
mod full_disk;
mod ledger;
mod service;
