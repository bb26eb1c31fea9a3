//! Runs scenarios against services in one process, in virtual time: no socket, no thread, no waiting, and the same seed
//! gives the same history, byte for byte.
//!
//! A service that is a [`tower::Service`] over `http::Request<Bytes>` is linked in with a function that starts it. The
//! function gets a [`HostContext`]: a client for the other services, a disk, a clock and a seed. Requests between services
//! cross the same links and faults as in the world of real processes. A killed service loses its tasks and its unsynced
//! writes; a 30 s outage takes no real time.
//!
//! # A service and a scenario
//!
//! An axum router as a service, and a scenario that is run against it. It is complete: besides this crate it needs
//! `engine`, `scenario`, `verdict`, `axum`, `bytes`, `http` and `tower`.
//!
//! ```
//! use axum::{
//!     Router,
//!     body::{Body, to_bytes},
//!     routing::get,
//! };
//! use bytes::Bytes;
//! use engine::{Rules, run_scenario};
//! use http::{Request, Response};
//! use scenario::{File, read_configuration, read_file};
//! use simulation::{HostContext, Running, Seed, Services, Simulation, StartError, block_on};
//! use tower::{ServiceExt, service_fn};
//! use verdict::Verdict;
//!
//! /// Makes any axum router a service of a simulation.
//! fn axum_service(router: Router) -> Running {
//!     Running::new(service_fn(move |request: Request<Bytes>| {
//!         let router = router.clone();
//!         async move {
//!             let Ok(response) = router.oneshot(request.map(Body::from)).await;
//!             let (parts, body) = response.into_parts();
//!             Ok::<_, axum::Error>(Response::from_parts(parts, to_bytes(body, usize::MAX).await?))
//!         }
//!     }))
//! }
//!
//! /// Starts the service. It is called at every start, also after a kill: `context.disk` then holds what was synced,
//! /// and `context.transport` reaches other services as `http://their-name/…`.
//! fn greeter(_context: HostContext) -> Result<Running, StartError> {
//!     Ok(axum_service(Router::new().route("/", get(|| async { "hello" }))))
//! }
//!
//! const E2E_CONF: &str = "
//! services:
//!   greeter: { base_url: http://localhost:8080 }
//! ";
//!
//! const SCENARIO: &str = "
//! scenario: It greets
//! steps:
//!   - request: GET greeter /
//!     expect: { status: 200, body: hello }
//! ";
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let configuration = read_configuration(E2E_CONF, "e2e.conf".into()).expect("no mistakes");
//!     let file = read_file(SCENARIO, "greets.yaml".into(), &configuration).expect("no mistakes");
//!     let File::Scenario(scenario) = file else { panic!("not a scenario") };
//!
//!     let services = Services::new().with("greeter".parse()?, greeter);
//!     let simulation = Simulation::new(&configuration, &services)?;
//!     let rules = Rules::from(&configuration);
//!     let run = run_scenario(&simulation, scenario.into(), &rules, Seed(1), |_step| {});
//!     let result = block_on(run);
//!     assert_eq!(result.verdict, Verdict::Passed);
//!     Ok(())
//! }
//! ```
//!
//! A poem endpoint takes `poem::Request::from_parts((parts, local, remote, scheme).into(), body.into())`, and the body of
//! its response is read with `into_bytes()`. A database takes its disk through an adapter: the methods of
//! `redb::StorageBackend` have the names and shapes of those of [`Disk`].
//!
//! # What a service must keep to
//!
//! A history is repeated exactly as long as the services use nothing of the outside but their [`HostContext`] and
//! [`tokio::time`], write `biased` in every `select!`, and don't iterate over hash maps.
//!
//! # Map for maintainers
//!
//! ```text
//! step ─ client link ─┐
//!                     ├─> Host ─> Process: a task for each request ─> the service
//! Transport ─ link ───┘    │               its background work           │
//!   ^                      Disk: what is synced survives a crash         │
//!   └────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! | file | content |
//! | --- | --- |
//! | `simulation` | makes a world for every scenario |
//! | `services` | the services that are linked in |
//! | `world` | the world that the engine drives |
//! | `startup` | starts a service and waits until it is ready |
//! | `network` | what the services of one world share: hosts, links, clock, budget |
//! | `host` | the machine of one service: its disk and its present process |
//! | `process` | one process: tasks that are paused with it and dropped when it ends |
//! | `transport` | how requests reach a service: directly, or over a link |
//! | `disk`, `file_image` | a disk that loses unsynced writes; the content of its file |
//! | `host_context`, `running` | what a service is given at its start, and what it returns |
//! | `clock`, `budget` | the virtual wall clock; the limits on a world |
//! | `runtime` | the runtime with virtual time |
//! | `watchdog` | ends the program when a service blocks its thread |
//!
//! A world has no socket, no thread, no wait in real time, no randomness without a seed, and no order that depends on a
//! hash.

mod budget;
mod clock;
mod disk;
mod file_image;
mod host;
mod host_context;
mod network;
mod process;
mod running;
mod runtime;
mod services;
mod simulation;
mod startup;
mod transport;
mod watchdog;
mod world;

pub use clock::Clock;
pub use disk::{Disk, DiskFault, UnsyncedWrites};
pub use host_context::{HostContext, Tasks};
pub use running::Running;
pub use runtime::block_on;
pub use services::{Services, StartError};
pub use simulation::Simulation;
pub use transport::Transport;
pub use world::SimulatedWorld;

// The types in the signatures above that come from other crates of this workspace.
pub use engine::{Stage, World};
pub use fault::{Seed, ServiceName};
pub use proxy::Links;
pub use scenario::{Configuration, Scenario, Signal};
pub use verdict::{BrokenOff, NoReply};
// Those of the ecosystem, in the versions that this crate uses.
pub use {bytes, http, tower};

/// The README's example, compiled and run as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadmeExample;
