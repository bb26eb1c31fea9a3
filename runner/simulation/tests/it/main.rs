//! Worlds of small services: crashes, limits, time, disks, and the same history every time.
#![expect(
    clippy::unnecessary_wraps,
    reason = "the signature of a start function returns a `Result`; these never fail"
)]

mod axum;
mod crash;
mod determinism;
mod disk;
mod during;
mod exits;
mod fixture;
mod limits;
mod stubs;
mod time;
