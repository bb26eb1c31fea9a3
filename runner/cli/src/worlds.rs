//! Where scenarios run.

use std::{collections::BTreeSet, future::Future, num::NonZeroUsize, sync::Arc, thread};

use engine::{BrokenOff, Stage};
use fault::ServiceName;
use fleet::{Fleet, Options};
use report::WorldKind;
use scenario::Configuration;

/// What the command line runs scenarios in.
pub trait Worlds {
    /// What makes a world for each scenario.
    type Stage: Stage;

    /// The kind of these worlds, by which a scenario is compared with its snapshot.
    const KIND: WorldKind;

    /// Gets everything ready for worlds to be made.
    fn prepare(
        &self,
        configuration: Arc<Configuration>,
        build: Build,
    ) -> impl Future<Output = Result<Prepared<Self::Stage>, BrokenOff>>;

    /// Runs a future to its end, on the runtime that these worlds need.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// How many scenarios run side by side when nobody says.
    fn jobs(&self) -> NonZeroUsize;
}

/// Whether the configuration's `build` command is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// It is, if there is one.
    Run,
    /// It isn't.
    Skip,
}

/// What is ready to make worlds.
#[derive(Debug)]
pub struct Prepared<S> {
    /// What makes them.
    pub stage: S,
    /// The services that aren't there and aren't required.
    pub missing: BTreeSet<ServiceName>,
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
    ) -> Result<Prepared<Fleet>, BrokenOff> {
        let stage = Fleet::new(configuration, Options::default());
        if build == Build::Run {
            stage.build().await?;
        }
        stage.probe().await?;
        let missing = stage.missing();
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
