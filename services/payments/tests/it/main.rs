//! The saga checked as a model, and the service driven in process, under a paused clock, against users and orders that
//! keep the contract and misbehave on demand.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod api;
mod bench;
mod crashes;
mod disk;
mod model;
mod refunds;
mod saga;
mod shop;
