//! The breaker under a clock that the tests move: the properties of the contract one by one, then random histories
//! against a plain reference model.
#![expect(
    clippy::unchecked_time_subtraction,
    reason = "the tests' clock only goes forward, and a panic is red"
)]

mod model;
mod properties;
