//! The chassis with real files and real sockets on free ports.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod serving;
mod store;
mod transport;
mod upstream;
