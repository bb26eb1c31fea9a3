//! What every service of the shop stands on. A service is a function from its options and an [`Environment`] to an
//! [`App`]; its caller owns the clock, the disk, the network and the runtime.
//!
//! | folder | what is in it |
//! | --- | --- |
//! | `process` | the whole of a `main`: command line, environment, sockets, limits, stopping in order |
//! | `api` | routes and their specification, bodies, errors, health, and the edge around it all |
//! | `store` | redb with many jobs to a commit; records, pages, idempotency keys |
//! | `client` | calls to other services: retry → breaker → timeout → transport |
//!
//! `process` uses the other three, `api` uses `store` and `client`, and these two use neither. A service begins with
//! [`Routes`] (once in a process), [`Store::open`] and [`App::new`], and its binary calls [`start`].
//!
//! What there is not: a clock or a timer other than [`Clock`] and [`tokio::time`], a read of the environment outside
//! of the command line, a thread other than the store's, a transaction that lives across an `.await`.

mod about;
mod api;
mod client;
mod process;
mod store;

pub use about::About;
pub use api::{
    body::Body,
    caller::{ByService, Caller},
    documented_problem::DocumentedProblem,
    formats::Text,
    health::BoundPort,
    problem::Problem,
    routes::Routes,
    wire::{Wire, WireFormat, WireName},
};
pub use client::{
    base_url::{BaseUrl, BaseUrlError},
    call::{Call, Reply},
    service_key::{ServiceKey, ServiceKeyError},
    transport::{Transport, TransportError, http_transport},
    upstream::{Policy, Unreachable, Upstream, UpstreamError},
};
pub use process::{
    app::{App, Background, answer},
    clock::{Clock, SystemClock, Timestamp, rfc3339},
    config::NoArguments,
    environment::Environment,
    serve::{ListenError, ServerLimits, listen, serve},
    start::{Shared, start},
    start_error::StartError,
};
pub use store::{
    Disk, Store,
    error::{OpenError, StoreError},
    keys::{Keys, Recalled},
    page::{Limit, Page},
    record::Record,
};
