//! The shop in virtual time: its scenarios, and much that nobody wrote down.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod customer;
mod determinism;
mod explorations;
mod linked;
mod outage;
mod power_cuts;
mod shop;
mod sweep;
