use std::path::PathBuf;

use engine::{Preparation, PreparationSink};
use fault::ServiceName;
use scenario::Readiness;

use crate::{log::LineSink, notice::NoticeSink};

/// Settings of a [`Fleet`](crate::Fleet) that aren't in the configuration.
#[derive(Clone, Default)]
pub struct FleetOptions {
    /// Folder below which services store their data; each world has a folder of its own, which is removed with it.
    /// `None` is the system's folder for temporary files.
    pub data: Option<PathBuf>,
    /// Folder in which the data and the logs of a scenario that fails are kept, in a folder named after it. Then
    /// [`FleetOptions::data`] is of no effect: folders are moved here, so they are made on the same file system.
    pub keep: Option<PathBuf>,
    /// Receives every line that a service writes.
    pub lines: Option<LineSink>,
    /// Receives how the build and the waits for services proceed.
    pub preparation: PreparationSink,
    /// Receives what a person should know though it fails nothing.
    pub notices: NoticeSink,
}

impl FleetOptions {
    /// Tells that a service is waited for, for as long as `wait` takes.
    pub(crate) async fn tell_wait<T>(
        &self,
        service: &ServiceName,
        ready: &[Readiness],
        wait: impl Future<Output = T>,
    ) -> T {
        let within = Readiness::longest(ready);
        self.preparation.send(Preparation::WaitStarted { service: service.clone(), within });
        let ended = wait.await;
        self.preparation.send(Preparation::WaitEnded { service: service.clone() });
        ended
    }
}
