//! The breaker under a clock that the tests move: each property of the contract, and random histories compared with a
//! plain reference model.
#![expect(
    clippy::unchecked_time_subtraction,
    reason = "the clock of the tests only goes forward, and a panic fails the test"
)]

mod model;
mod properties;
