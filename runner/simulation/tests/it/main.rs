//! Worlds of small services: what they live through, and that it is the same every time.
#![expect(clippy::unnecessary_wraps, reason = "the start of a service may fail, and these don't")]

mod axum;
mod crash;
mod determinism;
mod disk;
mod fixture;
mod limits;
mod time;
