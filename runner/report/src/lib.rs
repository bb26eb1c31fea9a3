//! What a person sees of a run. It reads events and histories only, and knows neither world nor network.
//!
//! ```text
//! engine::Event ──> Terminal   lines as scenarios end; failures and the summary in the end
//!               └─> RunRecord ──> junit, json, html   files for other programs, and for later
//! engine::Preparation ─> PreparationView   what happens before the first scenario
//! SweepTable ────┴> sweep      a table of a scenario's calls and what faults did to them
//! ScenarioResult ─> snapshot    what happened, without what differs from run to run, against what was accepted
//! Mistake ────────> diagnostics the line that is wrong, with a caret
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `terminal` | consumes events, writes lines |
//! | `preparation` | the build and the wait for services, while they take |
//! | `opening`, `failure`, `summary` | what it writes: before, about what didn't hold, in the end |
//! | `exchange`, `curl` | a request and what came of it, as text; as a command that repeats it |
//! | `diagnostics` | mistakes in files |
//! | `snapshot` | what happened against what was accepted, in insta's files |
//! | `happened`, `normalise` | the text that is compared; what is taken out of it |
//! | `record`, `junit`, `json`, `html` | all of a run, and the files made of it |
//! | `sweep` | the table call × fault × outcome: as text, and for the files |
//! | `timeline` | when steps ran and faults were in force, as far as the history tells |
//! | `layout` | widths and durations |
//!
//! Text is made with its colours; a stream that shows none (`anstream`) takes them out.

mod curl;
mod diagnostics;
mod exchange;
mod failure;
mod happened;
mod html;
pub mod json;
mod junit;
mod layout;
mod normalise;
mod opening;
mod preparation;
mod record;
mod snapshot;
mod summary;
mod sweep;
mod terminal;
mod timeline;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests;

pub use diagnostics::render_mistakes;
pub use failure::{render as render_failure, render_broken_off};
pub use preparation::PreparationView;
pub use record::{NotATarget, RunRecord, Target, WriteError};
pub use snapshot::{SnapshotMismatch, compare as compare_snapshot};
pub use summary::counts;
pub use sweep::render as render_sweep;
pub use terminal::{Addresses, Look, Progress, Terminal};
