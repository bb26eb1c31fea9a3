//! The shop linked into a simulation, with the project's scenarios, explorations and invariants.

use std::{num::NonZeroU32, path::Path, sync::Arc, thread};

use engine::{Rules, Stage};
use explore::Shard;
use fault::Seed;
use runner::Project;
use scenario::{Exploration, Scenario};
use simulation::{SimulatedWorld, Simulation};

/// A simulation of the shop, with the project's files.
pub(crate) struct Linked {
    pub(crate) simulation: Simulation,
    pub(crate) rules: Rules,
    pub(crate) project: Project,
}

impl Linked {
    pub(crate) fn new() -> Self {
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let project =
            Project::read(None, &[scenarios]).unwrap_or_else(|mistakes| panic!("{}", mistakes.shown()));
        assert!(!project.scenarios.is_empty());
        let simulation = Simulation::new(&project.configuration, &simulated::shop());
        let rules = Rules::from(&*project.configuration);
        Self { simulation: simulation.expect("the shop is linked in"), rules, project }
    }

    /// Starts a fresh world in which all three services run.
    pub(crate) async fn world(&self, seed: u64) -> SimulatedWorld {
        self.simulation.raise(&self.project.scenarios[0], Seed(seed)).await.expect("a world")
    }

    /// Returns the scenario whose path ends with `file`.
    pub(crate) fn scenario(&self, file: &str) -> &Arc<Scenario> {
        self.project.scenarios.iter().find(|scenario| scenario.file.ends_with(file)).unwrap()
    }

    /// Returns the exploration whose path ends with `file`.
    pub(crate) fn exploration(&self, file: &str) -> &Arc<Exploration> {
        self.project.explorations.iter().find(|exploration| exploration.file.ends_with(file)).unwrap()
    }
}

/// Runs `work` on a thread for each core, with a shard of the cases each, and returns the results.
pub(crate) fn on_every_core<T: Send>(work: impl Fn(Shard) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores)
            .map(|index| {
                let shard = Shard { index, of: NonZeroU32::new(cores).unwrap() };
                let work = &work;
                scope.spawn(move || work(shard))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
