use std::path::PathBuf;

use crate::log::LineSink;

/// Settings of a [`Fleet`](crate::Fleet) that aren't in the configuration.
#[derive(Clone, Default)]
pub struct FleetOptions {
    /// Folder below which services store their data; each world has a folder of its own, which is removed with it.
    /// `None` is the system's folder for temporary files.
    pub data: Option<PathBuf>,
    /// Folder in which logs are kept: a folder for each scenario, in it a file for each service.
    pub logs: Option<PathBuf>,
    /// Receives every line that a service or the build writes.
    pub lines: Option<LineSink>,
}
