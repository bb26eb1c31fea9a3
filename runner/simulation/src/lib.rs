//! The simulated world: services in one process, in virtual time.
//!
//! ```text
//! step ─ client link ─┐
//!                     ├─> Delivery ─> Host ─> Life: a task a request ─> the service
//! Transport ─ link ───┘               │       its background work           │
//!   ^                                 Disk: what is synced survives         │
//!   └───────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `stage` | the services that are linked in; a world of them for every scenario |
//! | `world` | the world that the engine sees |
//! | `network` | all services of a world, and the links between them |
//! | `host` | one service with its disk, over all its lives |
//! | `life` | one life of it: the tasks that are halted with it and die with it |
//! | `delivery` | how requests get to a service: straight, and over a link |
//! | `disk` | a disk that loses what wasn't synced |
//! | `place` | what a service is given, and what it gives back |
//! | `clock`, `budget` | what time it is in a world; how much of it there is |
//! | `runtime` | the runtime on which nothing takes real time |
//! | `watchdog` | ends the process when a service blocks its thread |
//!
//! What there is not in a world: a socket, a thread, a wait in real time, chance without a seed, an order by hashes. The same
//! services with the same seed make the same history, byte for byte, as long as they keep to what their [`Place`]
//! gives them and to [`tokio::time`], and say `biased` in every `select!`.
//!
//! # Bringing a service in
//!
//! Whatever is a [`tower::Service`] over `http::Request<Bytes>` is one already; an axum router becomes one like this:
//!
//! ```
//! # use axum::{Router, body::{Body, to_bytes}, routing::get};
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # use tower::{ServiceExt, service_fn};
//! use simulation::{Place, Running, Services, StartError};
//!
//! fn axum(router: Router) -> Running {
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
//! fn greeter(place: Place) -> Result<Running, StartError> {
//!     // Called at every start. `place.transport` reaches others as `http://their-name/…`, `place.disk` is what an
//!     // earlier life left, `place.clock` says what time it is.
//!     Ok(axum(Router::new().route("/", get(|| async { "hello" }))))
//! }
//!
//! let services = Services::new().with("greeter".parse()?, greeter);
//! # use engine::{Rules, run_scenario};
//! # use scenario::{File, read_configuration, read_file};
//! # let conf = "services:\n  greeter: { base_url: http://localhost:1 }\n";
//! # let configuration = read_configuration(conf, "e2e.conf".into()).expect("no mistakes");
//! # let text = "scenario: It greets\nsteps:\n  - request: GET greeter /\n    expect: { body: hello }\n";
//! # let read = read_file(text, "greets.yaml".into(), &configuration).expect("no mistakes");
//! # let File::Scenario(scenario) = read else { panic!("it is a scenario") };
//! # let rules = Rules { invariants: vec![], settle: configuration.settle, timeout: configuration.timeout };
//!
//! // The world of a scenario is made of what the configuration names.
//! let simulation = simulation::Simulation::new(&configuration, &services)?;
//! let run = run_scenario(&simulation, scenario.into(), &rules, fault::Seed(1), |_| {});
//! let result = simulation::block_on(run);
//! assert_eq!(result.verdict, verdict::Verdict::Passed);
//! assert_eq!(result.history.exchanges().count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A poem endpoint takes `poem::Request::from_parts((parts, local, remote, scheme).into(), body.into())`, and the body of
//! its response is read with `into_bytes()`. A database takes its disk through an adapter: the methods of
//! `redb::StorageBackend` have the names and shapes of those of [`Disk`].

mod budget;
mod clock;
mod delivery;
mod disk;
mod host;
mod life;
mod network;
mod place;
mod runtime;
mod stage;
mod watchdog;
mod world;

pub use clock::Clock;
pub use delivery::{Delivered, Delivery, Transport};
pub use disk::{Disk, Mishap, Unsynced};
pub use place::{Place, Running, StartError, Tasks};
pub use runtime::block_on;
pub use stage::{Services, Simulation};
pub use world::SimulatedWorld;

/// The README's example, compiled and run as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadmeExample;
