//! The shop, linked into the runner: its scenarios in virtual time.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `shop` | the three services, as a simulation starts them |
//! | `environment` | what a simulation gives a service, as the shop's services take it |
//! | `worlds` | the simulated world for the runner's command line |
//!
//! Each service is the very one that its binary serves, with a simulated clock, disk and transport. What `e2e.conf`
//! says of commands and environment variables means nothing here: the services have the defaults of their binaries.

mod environment;
mod shop;
mod worlds;

pub use shop::shop;
pub use worlds::Simulated;
