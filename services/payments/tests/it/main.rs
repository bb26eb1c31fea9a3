//! The saga checked as a model, and the service driven in process, under a paused clock, against users and orders that
//! keep the contract and misbehave on demand.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod api;
mod bench;
mod crashes;
mod disk;
mod model;
mod refunds;
mod saga;
mod shop;
