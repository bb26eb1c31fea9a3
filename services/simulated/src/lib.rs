//! The shop linked into the runner: runs scenarios against it in virtual time.
//!
//! [`Simulated`] is for the runner's command line, [`shop()`] for a `simulation::Simulation` of your own.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `shop` | the three services, with the functions that start them |
//! | `environment` | from a simulation's clock, disk and transport to those of the services |
//! | `worlds` | the simulated world, for the runner's command line |
//!
//! Each service is the code that its binary serves, with a simulated clock, disk and transport. Commands and
//! environment variables in `e2e.conf` are ignored: the services run with the defaults of their binaries.

mod environment;
mod shop;
mod worlds;

pub use shop::shop;
pub use worlds::Simulated;
