//! The command line as its users meet it, and the arrows of the house.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod arrows;
mod mistakes;
mod project;
mod runs;
