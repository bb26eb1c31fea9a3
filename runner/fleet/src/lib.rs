//! The live world: processes, ports, readiness, logs and links.
//!
//! ```text
//! Fleet (a Stage) ──raise──▶ LiveWorld (a World) ─┬─ StartedService ── Process ── Log
//!                                                 │        └── Port, data folder, HttpClient
//!                                                 ├─ ExternalService: runs already, or is missing
//!                                                 └─ links between services
//! Guardian: ends the processes and removes the folders of a runner that was killed
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `fleet` | starts a world for each scenario: the missing services, retries on other ports |
//! | `build` | runs the `build` command |
//! | `capacity` | how many requests this machine carries at once |
//! | `options` | its settings besides the configuration |
//! | `startup` | starts one world: ports, links, processes, the wait until all are ready |
//! | `spare` | a world that was started before its scenario is known |
//! | `world` | the live world: its services and links, and its end |
//! | `launch` | fills in a service's command, environment and working folder |
//! | `command` | runs the commands of steps |
//! | `service` | a service that the fleet starts: kill, stop, start, pause, crash |
//! | `stub_server` | a stub on a port of its own, in place of a service |
//! | `external` | a service that runs already, or is missing |
//! | `process` | a process with all of its children |
//! | `mark` | finds and ends what left the process group of its service |
//! | `orphans` | finds and ends what also cleared its environment |
//! | `process_table` | the processes of this machine |
//! | `notice` | what a person should know of a run though it fails nothing |
//! | `ports` | ports that no other process takes |
//! | `log` | what a service wrote |
//! | `shared_folder` | notices files that services write where services of other worlds run |
//! | `kept_folder` | where the folders of a failed scenario are kept |
//! | `address` | where a service is reached |
//! | `workspace` | the folders that all worlds use |
//! | `world_folder` | the folder of one world |
//! | `guardian` | cleans up when the runner was killed |
//!
//! Nothing is left behind. A world ends its processes and removes its folder when it is closed or dropped: also when
//! its startup fails half-way, on a panic, and on Ctrl-C. The guardian does the same when the runner is killed. A
//! process that left the process group of its service (a daemon) is found by its environment where there is a `/proc`.
//! One that has cleared its environment, too, is found on Linux, where the process that uses a fleet becomes a *child
//! subreaper* when its first fleet starts anything: orphans of its descendants become its children. Those that lead or joined a
//! process group of their own are ended when no world is open, unless a build has left them or they are older. Children that such a
//! program starts itself meanwhile stay as long as they are in its own process group.

mod address;
mod build;
mod capacity;
mod command;
mod external;
mod fleet;
mod guardian;
mod kept_folder;
mod launch;
mod log;
mod mark;
mod notice;
mod options;
mod orphans;
mod ports;
mod process;
mod process_table;
mod service;
mod shared_folder;
mod spare;
mod startup;
mod stub_server;
mod workspace;
mod world;
mod world_folder;

pub use address::{Address, AddressError};
pub use capacity::{Capacity, CapacityLimit, capacity};
pub use fleet::Fleet;
pub use log::{LineSink, OutputLine};
pub use notice::{Notice, NoticeSink};
pub use options::FleetOptions;
pub use world::{LiveWorld, ServiceState, ServiceStatus};
