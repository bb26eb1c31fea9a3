//! Runs scenarios in a world and says what happens as it happens.
//!
//! ```text
//! run(plan, stage) ─ for each scenario ─> stage.raise() -> world
//!                                          steps: request, inject, wait, kill, …   -> findings
//!                                          after each: what must always hold       -> findings
//!                                          in the end: heal, start, settle, judge  -> findings
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `world` | the `World` a scenario runs in, and the `Stage` that makes one for each |
//! | `run` | many scenarios, some side by side |
//! | `scenario_run` | one scenario, step by step |
//! | `request` | a request over the scenario's own link, or past all links |
//! | `invariants` | what must hold, after each step and in the end |
//! | `observations` | what invariants see, and what of it they have seen before |
//! | `preparation` | what happens before the first scenario: the build, the wait for services |
//! | `event` | what it tells whoever shows a run |
//!
//! It knows no terminal and no file, and whether time is real is the world's business: it waits on tokio's clock.

mod event;
mod invariants;
mod observations;
mod preparation;
mod request;
mod run;
mod scenario_run;
mod world;

pub use event::{Event, ScenarioResult, Summary};
pub use invariants::Watch;
pub use preparation::{Preparation, PreparationSink};
pub use run::{OnFailure, Plan, Planned, run};
pub use scenario_run::{Rules, run_scenario};
pub use verdict::BrokenOff;
pub use world::{Stage, World};
