//! The circuit breaker, pure: no clock, no waiting, no calls of its own.
//!
//! ```
//! use std::time::Duration;
//! use breaker::{Breaker, Config, Outcome, State};
//!
//! let breaker = Breaker::new(Config { minimum_calls: 1, ..Config::default() });
//! let now = Duration::from_secs(7); // since any origin, as long as it stays the same one
//! let permit = breaker.admit(now).expect("a new circuit is closed");
//! permit.record(now, Outcome::Failure);
//! assert_eq!(breaker.state(now), State::Open);
//! assert!(breaker.admit(now).is_err());
//! ```
//!
//! The map of the crate:
//!
//! - [`config`]: the thresholds and what they mean;
//! - [`window`]: the recent outcomes; it slides with every call and forgets by age and by number;
//! - [`circuit`]: the three states and the rules for moving between them, on plain data;
//! - [`transition`]: the states, and the log of moves with their reasons;
//! - [`permit`]: the handle that callers share, and the right to make one call.
//!
//! B1 to B15 of the contract are each a test of that name in `tests/it/properties.rs`; `tests/it/model.rs` is a plain
//! reference model that random histories are compared with.

pub mod circuit;
pub mod config;
pub mod permit;
pub mod transition;
pub mod window;

pub use config::Config;
pub use permit::{Breaker, Open, Permit};
pub use transition::{State, Transition, Why};
pub use window::Outcome;
