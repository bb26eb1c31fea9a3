//! What a service is given when it starts.

use std::{future::Future, sync::Arc};

use fault::ServiceName;

use crate::{Clock, Disk, Transport, process::Process};

/// Everything that a service may use of the world around it, given to it at each start.
#[derive(Debug)]
pub struct HostContext {
    /// Sends its requests to other services; the host of a URL is the name of the service.
    pub transport: Transport,
    /// Its disk, with what its earlier processes left on it.
    pub disk: Disk,
    /// The wall clock.
    pub clock: Clock,
    /// Seed for all randomness of this process; another one at each start.
    pub seed: u64,
    /// Spawns tasks that end with the process. A task spawned with [`tokio::spawn`] instead is cut off from disk and
    /// network when the process ends, but still polled.
    pub tasks: Tasks,
}

impl HostContext {
    /// Returns the URL under which [`transport`](Self::transport) reaches a service, without a slash at the end.
    pub fn url(service: &ServiceName) -> String {
        format!("http://{service}")
    }
}

/// Spawns tasks of a service's process: they are paused with it, and dropped when it ends.
#[derive(Debug, Clone)]
pub struct Tasks(Arc<Process>);

impl Tasks {
    pub(crate) fn new(process: &Arc<Process>) -> Self {
        Self(Arc::clone(process))
    }

    /// Spawns work that runs until it ends or the process does. A panic in it ends the process with exit code 101.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(Box::pin(work));
    }
}
