//! What every service here stands on. A service is a function from what it was told and an [`Environment`] to an
//! [`App`]; whoever calls it owns the clock, the disk, the network and the runtime.
//!
//! The map of the crate, in the order in which a process and then a request pass through it:
//!
//! - [`start`](mod@start): the whole of a `main`; [`config`]: the command line; [`service_key`]: who may do what;
//! - [`environment`], [`clock`], [`transport`]: what whoever starts a service gives it;
//! - [`app`]: a service as one endpoint; [`serve`](mod@serve), `socket`: sockets, limits, and stopping in order;
//! - `edge`: content types, sizes and the form of errors; `routing`: which handler answers;
//!   [`payload`]: JSON bodies; [`problem`]: errors;
//! - [`money`], [`id`], [`page`], [`idempotency`], [`leaf`](mod@leaf): the values that requests and records are made of;
//! - [`store`]: redb with many jobs to a commit;
//! - [`upstream`]: the client for a dependency: retry → breaker → timeout → transport;
//! - `health`, `docs`: what every service says of itself.
//!
//! What there is not: a clock or a timer other than [`Clock`] and [`tokio::time`], a read of the environment outside
//! of [`config`], a thread other than the store's, a transaction that lives across an `.await`.

pub mod app;
pub mod clock;
pub mod config;
mod docs;
mod edge;
pub mod environment;
mod health;
pub mod id;
pub mod idempotency;
pub mod leaf;
pub mod money;
pub mod page;
pub mod payload;
pub mod problem;
mod routing;
pub mod serve;
pub mod service_key;
mod socket;
pub mod start;
pub mod store;
pub mod transport;
pub mod upstream;

pub use app::App;
pub use clock::{Clock, SystemClock};
pub use config::{About, NoArguments};
pub use environment::{Disk, Environment};
pub use id::Id;
pub use idempotency::{Fingerprint, IdempotencyKey};
pub use money::Money;
pub use page::{Limit, Page};
pub use payload::Body;
pub use problem::{Problem, Refused, statuses};
pub use serve::serve;
pub use service_key::{ByService, Caller, ServiceKey};
pub use start::{Shared, StartError, start};
pub use store::{Store, StoreError};
pub use transport::{Transport, TransportError, http_transport};
pub use upstream::{BaseUrl, Call, Policy, Reply, Upstream, UpstreamError};
