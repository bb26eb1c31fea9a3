//! The worlds in which scenarios run.

use std::{collections::BTreeMap, future::Future, num::NonZeroUsize, path::PathBuf, sync::Arc, thread};

use engine::{BrokenOff, PreparationSink, Stage};
use fault::ServiceName;
use fleet::{Capacity, Fleet, FleetOptions, LineSink, NoticeSink};
use report::WorldKind;
use scenario::Configuration;

/// The worlds in which the command line runs scenarios.
pub trait Worlds {
    /// Makes a world for each scenario.
    type Stage: Stage;

    /// The kind of these worlds, by which a scenario is compared with its snapshot.
    const KIND: WorldKind;

    /// Prepares a stage: builds, and finds out which services are missing.
    fn prepare(
        &self,
        configuration: Arc<Configuration>,
        options: WorldOptions,
    ) -> impl Future<Output = Result<Prepared<Self::Stage>, BrokenOff>>;

    /// Runs a future to its end, on the runtime that these worlds need.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// How many scenarios run at a time without `--jobs`.
    fn jobs(&self) -> NonZeroUsize;

    /// How many requests these worlds carry at once, between services with this many links; `None` where there is no limit.
    /// `wanted` is how many there will be.
    fn capacity(&self, _links: usize, _wanted: u64) -> Option<Capacity> {
        None
    }
}

/// How worlds are prepared, and what of them is kept. Worlds without processes need only a part of it.
#[derive(Clone)]
pub struct WorldOptions {
    /// Whether the configuration's `build` command is run.
    pub build: Build,
    /// Receives how the build and the waits for services proceed.
    pub progress: PreparationSink,
    /// Receives every line that a service writes.
    pub lines: Option<LineSink>,
    /// Folder in which the data and the logs of a scenario that fails are kept.
    pub keep: Option<PathBuf>,
    /// Receives what a person should know though it fails nothing.
    pub notices: NoticeSink,
}

impl WorldOptions {
    /// Prepares without telling anything, and keeps nothing.
    pub fn new(build: Build) -> Self {
        let (progress, notices) = Default::default();
        Self { build, progress, lines: None, keep: None, notices }
    }
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
        options: WorldOptions,
    ) -> Result<Prepared<Fleet>, BrokenOff> {
        let WorldOptions { build, progress: preparation, lines, keep, notices } = options;
        let options = FleetOptions { preparation, lines, keep, notices, ..FleetOptions::default() };
        let stage = Fleet::new(configuration, options);
        if build == Build::Run {
            stage.build().await?;
        }
        let missing = stage.probe().await?.clone();
        Ok(Prepared { stage, missing })
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        // On one thread no reply has to wake another one, which costs a fifth of the processor time of a request. The services
        // are processes, and run beside it.
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().expect("a runtime needs a poller only").block_on(future)
    }

    fn capacity(&self, links: usize, wanted: u64) -> Option<Capacity> {
        Some(fleet::capacity(links, wanted))
    }

    fn jobs(&self) -> NonZeroUsize {
        thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
    }
}
