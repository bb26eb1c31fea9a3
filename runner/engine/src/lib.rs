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
//! | `scenario_run` | runs one scenario, step by step; `scenario_run/`: a file for each kind of step, logins, the order of all |
//! | `request` | sends a request over the scenario's own link, or past all links; `request/`: what it bears, its body, redirects |
//! | `clients`, `cookies` | the clients of a scenario: what each bears, whether it has logged in, its cookies |
//! | `invariants` | checks invariants, after each step and at the end |
//! | `judged` | whether a scenario did anything that could fail |
//! | `observations` | observations of the system for invariants, and a cache of them |
//! | `exits` | finds the services whose processes ended by themselves |
//! | `polling` | attempts with pauses between them, until a deadline |
//! | `circuits` | asks services for their circuits, once a scenario has failed and where a step expects a state |
//! | `readiness` | polls a service until it is ready |
//! | `preparation` | what happens before the first scenario: the build, the wait for services |
//! | `service_log` | what a service wrote, step by step and bounded |
//! | `command` | commands that a world runs for a scenario |
//! | `stub` | services that answer as their entries say |
//! | `event` | events of a run, for displays and reports |
//!
//! It uses no terminal and no file. It waits on tokio's clock, so that a world with a paused clock has virtual time.

mod circuits;
mod clients;
mod command;
mod cookies;
mod event;
mod exits;
mod invariants;
mod judged;
mod observations;
mod polling;
mod preparation;
mod readiness;
mod request;
mod run;
mod scenario_run;
mod service_log;
mod stub;
mod world;

pub use command::{CommandEnd, CommandLine, CommandOutput, CommandPlaces};
pub use event::{Event, ScenarioResult, ServiceOutput, Summary};
pub use invariants::InvariantChecker;
pub use preparation::{Preparation, PreparationSink};
pub use readiness::until_ready;
pub use request::RequestRules;
pub use run::{KeptOutput, OnFailure, Plan, Planned, run};
pub use scenario_run::{Rules, run_scenario};
pub use service_log::{LogLine, LogSlice, ServiceLog};
pub use stub::Stub;
pub use tokio_util::sync::CancellationToken;
pub use verdict::BrokenOff;
pub use world::{Stage, World};
