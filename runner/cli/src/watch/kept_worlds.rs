//! Worlds whose stage is kept from one run to the next.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use engine::{BrokenOff, Stage};
use fault::Seed;
use fleet::{Capacity, Notice, NoticeSink};
use report::WorldKind;
use scenario::{Configuration, Scenario};

use crate::{Build, Prepared, WorldOptions, Worlds};

/// Worlds of another kind, with a stage that is prepared once for each configuration.
pub(crate) struct KeptWorlds<'a, W: Worlds> {
    inner: &'a W,
    kept: Mutex<Kept<W::Stage>>,
    /// What the present run is told by: the stage was given another sink by an earlier one.
    notices: Arc<Mutex<NoticeSink>>,
}

/// What earlier runs have prepared.
enum Kept<S> {
    Nothing,
    /// What the configuration's `build` command makes.
    Build,
    Stage(Arc<S>),
}

/// A stage that several runs share.
#[derive(Debug)]
pub(crate) struct KeptStage<S>(Arc<S>);

impl<'a, W: Worlds> KeptWorlds<'a, W> {
    /// Nothing is prepared yet.
    pub(crate) fn new(inner: &'a W) -> Self {
        Self { inner, kept: Mutex::new(Kept::Nothing), notices: Arc::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept<W::Stage>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the worlds that wait, and lets the next run prepare everything anew.
    pub(crate) fn clear(&self) {
        *self.kept() = Kept::Nothing;
    }

    /// Starts a world for the next run, if there is a stage.
    pub(crate) async fn raise_spare(&self) {
        if let Some(stage) = self.stage() {
            stage.raise_spare().await;
        }
    }

    fn stage(&self) -> Option<Arc<W::Stage>> {
        match &*self.kept() {
            Kept::Stage(stage) => Some(Arc::clone(stage)),
            Kept::Nothing | Kept::Build => None,
        }
    }
}

impl<W: Worlds> Worlds for KeptWorlds<'_, W> {
    type Stage = KeptStage<W::Stage>;

    const KIND: WorldKind = W::KIND;

    async fn prepare(
        &self,
        configuration: Arc<Configuration>,
        options: WorldOptions,
    ) -> Result<Prepared<Self::Stage>, BrokenOff> {
        *lock(&self.notices) = options.notices;
        if let Some(stage) = self.stage() {
            return Ok(Prepared { stage: KeptStage(stage), missing: BTreeMap::new() });
        }
        let current = Arc::clone(&self.notices);
        let notices = NoticeSink::new(move |notice: Notice| {
            let notices = lock(&current).clone();
            notices.send(notice);
        });
        let is_built = matches!(*self.kept(), Kept::Build);
        let build = if is_built { Build::Skip } else { options.build };
        let prepared = self.inner.prepare(configuration, WorldOptions { build, notices, ..options }).await?;
        let (stage, missing) = (Arc::new(prepared.stage), prepared.missing);
        // A service that is missing may be there at the next run.
        *self.kept() = if missing.is_empty() { Kept::Stage(Arc::clone(&stage)) } else { Kept::Build };
        Ok(Prepared { stage: KeptStage(stage), missing })
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.inner.block_on(future)
    }

    fn jobs(&self) -> NonZeroUsize {
        self.inner.jobs()
    }

    fn capacity(&self, links: usize, wanted: u64) -> Option<Capacity> {
        self.inner.capacity(links, wanted)
    }
}

fn lock(notices: &Mutex<NoticeSink>) -> MutexGuard<'_, NoticeSink> {
    notices.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Stage> Stage for KeptStage<S> {
    type World = S::World;

    async fn raise(&self, scenario: &Scenario, seed: Seed) -> Result<S::World, BrokenOff> {
        self.0.raise(scenario, seed).await
    }
}
