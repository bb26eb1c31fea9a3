//! The simulated world, for the runner's command line.

use std::{future::Future, num::NonZeroUsize, sync::Arc};

use runner::{Prepared, WorldKind, WorldOptions, Worlds};
use scenario::Configuration;
use simulation::{ServiceName, Simulation};
use verdict::BrokenOff;

/// Runs scenarios against the shop in one process, in virtual time.
#[derive(Debug, Clone, Copy)]
pub struct Simulated;

impl Worlds for Simulated {
    type Stage = Simulation;

    const KIND: WorldKind = WorldKind::Simulated;

    /// Builds nothing: the services are linked in.
    async fn prepare(
        &self,
        configuration: Arc<Configuration>,
        _: WorldOptions,
    ) -> Result<Prepared<Simulation>, BrokenOff> {
        let stage = Simulation::new(&configuration, &crate::shop())?;
        let not_linked =
            |service: &ServiceName| (service.clone(), BrokenOff::NotLinked { service: service.clone() });
        let missing = stage.missing().iter().map(not_linked).collect();
        Ok(Prepared { stage, missing })
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        simulation::block_on(future)
    }

    /// Returns 1: scenarios side by side would share one thread and one clock, and take no less time.
    fn jobs(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }
}
