//! The services that are linked in, and how each is started.

use std::{collections::BTreeMap, error::Error, fmt, sync::Arc, time::Duration};

use fault::ServiceName;
use scenario::Readiness;

use crate::{HostContext, Running};

/// Why a service didn't start; its text goes into the verdict.
pub type StartError = Box<dyn Error + Send + Sync>;

/// Starts a process of a service.
pub(crate) type StartService = Arc<dyn Fn(HostContext) -> Result<Running, StartError> + Send + Sync>;

/// The services that are linked in: how each is started, by its name.
#[derive(Clone, Default)]
pub struct Services(BTreeMap<ServiceName, StartService>);

impl Services {
    /// No services.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a service. `start` is called at every start of it, in every world; the disk of its [`HostContext`] holds
    /// what its earlier processes in that world left.
    #[must_use]
    pub fn with<E: Into<StartError>>(
        mut self,
        name: ServiceName,
        start: impl Fn(HostContext) -> Result<Running, E> + Send + Sync + 'static,
    ) -> Self {
        self.0.insert(name, Arc::new(move |context| start(context).map_err(Into::into)));
        self
    }

    pub(crate) fn get(&self, name: &ServiceName) -> Option<&StartService> {
        self.0.get(name)
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A service of the configuration that is linked in; the same in every world.
pub(crate) struct ServiceDefinition {
    pub(crate) name: ServiceName,
    pub(crate) start: StartService,
    /// The services that it depends on: it has a link to each.
    pub(crate) callees: Vec<ServiceName>,
    /// What must hold before it counts as started.
    pub(crate) ready: Vec<Readiness>,
    /// How long a stop waits for requests in flight.
    pub(crate) stop_grace: Duration,
}
