//! The worlds in which scenarios run.

use std::{collections::BTreeMap, future::Future, num::NonZeroUsize, sync::Arc, thread};

use engine::{BrokenOff, PreparationSink, Stage};
use fault::ServiceName;
use fleet::{Fleet, FleetOptions};
use report::WorldKind;
use scenario::Configuration;

/// The worlds in which the command line runs scenarios.
pub trait Worlds {
    /// Makes a world for each scenario.
    type Stage: Stage;

    /// The kind of these worlds, by which a scenario is compared with its snapshot.
    const KIND: WorldKind;

    /// Prepares a stage: builds, and finds out which services are missing. Tells `progress` how that proceeds.
    fn prepare(
        &self,
        configuration: Arc<Configuration>,
        build: Build,
        progress: PreparationSink,
    ) -> impl Future<Output = Result<Prepared<Self::Stage>, BrokenOff>>;

    /// Runs a future to its end, on the runtime that these worlds need.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// How many scenarios run at a time without `--jobs`.
    fn jobs(&self) -> NonZeroUsize;
}

/// Whether the configuration's `build` command is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// Run it, if there is one.
    Run,
    /// Don't run it.
    Skip,
}

/// A stage that is ready to make worlds.
#[derive(Debug)]
pub struct Prepared<S> {
    /// Makes the worlds.
    pub stage: S,
    /// The optional services that are missing, each with the reason.
    pub missing: BTreeMap<ServiceName, BrokenOff>,
}

/// Real processes, real sockets, real time.
#[derive(Debug, Clone, Copy)]
pub struct Live;

impl Worlds for Live {
    type Stage = Fleet;

    const KIND: WorldKind = WorldKind::Live;

    async fn prepare(
        &self,
        configuration: Arc<Configuration>,
        build: Build,
        progress: PreparationSink,
    ) -> Result<Prepared<Fleet>, BrokenOff> {
        let stage =
            Fleet::new(configuration, FleetOptions { preparation: progress, ..FleetOptions::default() });
        if build == Build::Run {
            stage.build().await?;
        }
        let missing = stage.probe().await?.clone();
        Ok(Prepared { stage, missing })
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.enable_all().build().expect("a runtime needs threads and a poller only").block_on(future)
    }

    fn jobs(&self) -> NonZeroUsize {
        thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
    }
}
