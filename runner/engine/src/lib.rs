//! Runs scenarios in a world, and reports what happens as it happens.
//!
//! ```text
//! run(plan, stage) ─ for each scenario ─> stage.raise() -> world
//!                                          steps: request, inject, wait, kill, …   -> findings
//!                                          after each: invariants that always hold -> findings
//!                                          at the end: heal, start, settle, judge  -> findings
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `world` | the `World` a scenario runs in, and the `Stage` that starts one for each |
//! | `run` | runs the scenarios of a plan, several at a time |
//! | `scenario_run` | runs one scenario, step by step |
//! | `request` | sends a request over the scenario's own link, or past all links |
//! | `invariants` | checks invariants, after each step and at the end |
//! | `observations` | observations of the system for invariants, and a cache of them |
//! | `readiness` | polls a service until it is ready |
//! | `preparation` | what happens before the first scenario: the build, the wait for services |
//! | `event` | events of a run, for displays and reports |
//!
//! It uses no terminal and no file. It waits on tokio's clock, so that a world with a paused clock has virtual time.

mod event;
mod invariants;
mod observations;
mod preparation;
mod readiness;
mod request;
mod run;
mod scenario_run;
mod world;

pub use event::{Event, ScenarioResult, Summary};
pub use invariants::InvariantChecker;
pub use preparation::{Preparation, PreparationSink};
pub use readiness::until_ready;
pub use run::{OnFailure, Plan, Planned, run};
pub use scenario_run::{Rules, run_scenario};
pub use tokio_util::sync::CancellationToken;
pub use verdict::BrokenOff;
pub use world::{Stage, World};
