//! The service as its clients meet it, without a socket: on a disk in memory, and on a thread of its own.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod api;
mod framework;
mod full_disk;
mod ledger;
mod service;
