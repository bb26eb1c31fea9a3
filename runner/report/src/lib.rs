//! What a person sees of a run. It reads events and histories only, and knows neither world nor network.
//!
//! ```text
//! engine::Event ──> Terminal   lines as scenarios end; failures and the summary in the end
//!               └─> RunRecord ──> Target: junit, json, html   files for other programs, and for later
//! engine::Preparation ─> PreparationView   what happens before the first scenario
//! SweepTable ────┴> sweep      a table of a scenario's calls and faults
//! ScenarioResult ─> transcript ─> snapshot   compared with the one that was accepted
//! Mistake ────────> diagnostics   the line that is wrong, with a caret
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `terminal` | consumes events, writes lines |
//! | `progress_line` | one line about an exploration or a sweep, while it takes |
//! | `heartbeat` | what is under way, when nothing else was written for a while |
//! | `preparation` | the build and the wait for services, while they take |
//! | `finding_line` | the first thing that is wrong with a run, in one line |
//! | `folders`, `result_line` | the order of the results; a result in one line |
//! | `interruption` | why a run ended early |
//! | `again` | the command that repeats a run |
//! | `opening`, `failure`, `summary` | what it writes: before the run, about a failure, at the end |
//! | `service_log` | what services wrote: beside a failure, and as it comes |
//! | `exchange`, `body`, `curl` | a request and how it ended, as text; as a command that repeats it |
//! | `address` | where a person reaches a service |
//! | `diagnostics` | mistakes in files |
//! | `multipart` | the parts of a multipart body |
//! | `transcript`, `normalise` | a scenario's steps and how they went, as text; placeholders for what differs from run to run |
//! | `snapshot`, `pending_snapshot` | a transcript against the accepted one, in insta's files; those that wait for a review |
//! | `record` | all of a run, gathered from its events |
//! | `target`, `junit`, `json`, `html` | the reports made of it |
//! | `github` | annotations of files and the summary of a job, for GitHub Actions |
//! | `repetition` | which of several runs of a scenario a result is of, and how many of them failed |
//! | `sweep` | the table call × fault × outcome: as text, and for the reports |
//! | `timeline` | when steps ran, faults were in force and exchanges moved on |
//! | `layout` | widths and durations |
//!
//! Text is made with its colours; a stream that shows none (`anstream`) removes them.

mod address;
mod again;
mod body;
mod curl;
mod diagnostics;
mod exchange;
mod failure;
mod finding_line;
mod folders;
mod github;
mod heartbeat;
mod html;
mod interruption;
pub mod json;
mod junit;
mod layout;
mod multipart;
mod normalise;
mod opening;
mod pending_snapshot;
mod preparation;
mod progress_line;
mod record;
mod repetition;
mod result_line;
mod service_log;
mod snapshot;
mod summary;
mod sweep;
mod target;
mod terminal;
mod timeline;
mod transcript;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests;

pub use address::ServiceAddress;
pub use again::Again;
pub use diagnostics::{render_mistake, render_mistakes};
pub use failure::{render as render_failure, render_broken_off};
pub use finding_line::finding_line;
pub use github::{GithubPaths, annotate_mistakes, annotations, job_summary};
pub use interruption::Interruption;
pub use layout::count;
pub use opening::render as render_opening;
pub use pending_snapshot::{PendingSnapshot, pending_snapshots};
pub use preparation::PreparationView;
pub use progress_line::ProgressLine;
pub use record::{Planning, RunRecord};
pub use repetition::Repetitions;
pub use service_log::render_service_line;
pub use snapshot::{
    FirstSnapshot, SnapshotComparison, SnapshotMismatch, WorldKind, compare as compare_snapshot,
    file as snapshot_file,
};
pub use summary::thin_line;
pub use sweep::{render as render_sweep, repeated_starts};
pub use target::{NotATarget, Target, WriteError};
pub use terminal::{Addresses, Detail, Progress, Terminal, TerminalOptions};
pub use transcript::SNAPSHOT_SEED;
