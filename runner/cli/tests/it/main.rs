//! The command line, run as users run it, and the dependencies between packages.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod again;
mod arrows;
mod flow;
mod interrupted;
mod mistakes;
mod mutations;
mod project;
mod runs;
mod secrets;
mod sending;
mod thin;
mod watch;
