//! The command line, run as users run it, and the dependencies between packages.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod again;
mod arrows;
mod check;
mod flow;
mod github;
mod help;
mod interrupted;
mod list;
mod mistakes;
mod mutations;
mod onboarding;
mod project;
mod repeat;
mod replay;
mod runs;
mod secrets;
mod selection;
mod sending;
mod shown;
mod snapshots;
mod thin;
mod watch;
