//! The command line, run as users run it, and the dependencies between packages.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod again;
mod arrows;
mod interrupted;
mod mistakes;
mod mutations;
mod onboarding;
mod project;
mod runs;
mod sending;
mod thin;
