//! Tests of the shop in virtual time: its scenarios, generated sequences, sweeps, outages and power cuts.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod customer;
mod determinism;
mod explorations;
mod linked;
mod outage;
mod power_cuts;
mod shop;
mod skipped;
mod sweep;
mod watch;
