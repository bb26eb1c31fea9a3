//! The live world: processes, ports, readiness, logs and links.
//!
//! ```text
//! Fleet (a Stage) ──raise──▶ LiveWorld (a World) ─┬─ StartedService ── Process ── Log
//!                                                 │        └── Port, data folder, Client
//!                                                 └─ links between services
//! Guardian: ends the processes and removes the folders of a runner that was killed
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `fleet` | what a run's worlds have in common: what is missing, how a world is tried for |
//! | `build` | the `build` command, and how it proceeds |
//! | `raising` | one world from the configuration: ports, links, processes, the wait until all are ready |
//! | `world` | the live world: its services and links, and its end |
//! | `service` | a service over all its lives: kill, stop, start, pause, crash |
//! | `process` | one life: a process with everything that it starts |
//! | `readiness` | when a service is ready |
//! | `ports` | ports that nobody else takes |
//! | `log` | the last lines that a service wrote |
//! | `client` | requests straight to a service |
//! | `address` | where a service is reached |
//! | `guardian` | what cleans up after a runner that couldn't |
//!
//! Nothing is left behind. A world ends its processes and removes its folder when it is closed or dropped, so also
//! when raising it fails half-way, on a panic, and when a runner lets go of it on Ctrl-C. The guardian does the same
//! for a runner that is killed. Only what a service puts into another process group (a daemon) is out of reach.

mod address;
mod build;
mod client;
mod fleet;
mod guardian;
mod log;
mod ports;
mod process;
mod raising;
mod readiness;
mod service;
mod world;

pub use address::{Address, AddressError};
pub use client::Client;
pub use fleet::{Fleet, Options};
pub use log::LineSink;
pub use world::{LiveWorld, Runs, ServiceStatus};
