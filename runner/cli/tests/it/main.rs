//! The command line, run as users run it, and the dependencies between packages.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod again;
mod arrows;
mod check;
mod github;
mod help;
mod interrupted;
mod list;
mod mistakes;
mod project;
mod repeat;
mod replay;
mod runs;
mod selection;
mod shown;
mod snapshots;
mod thin;
