//! Each scenario file as two tests: on real processes and sockets, and in virtual time. Both worlds are compared with the same
//! snapshot.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use engine::{CancellationToken, Event, KeptOutput, OnFailure, Plan, Planned, Stage};
use fault::Seed;
use libtest_mimic::{Failed, Trial};
use report::SNAPSHOT_SEED;
use runner::{Build, Live, Project, WorldKind, WorldOptions, Worlds};
use scenario::{Configuration, Scenario};
use simulated::Simulated;
use tokio::sync::OnceCell;
use verdict::{BrokenOff, Verdict};

/// The scenarios must pass with any seed; with this one, their whole snapshots are compared in virtual time.
pub(crate) const SEED: Seed = SNAPSHOT_SEED;

/// The tests of a project's scenarios. Live tests share the services that `fleet` builds once.
pub(crate) fn trials(project: &Project, fleet: &Arc<OnceCell<<Live as Worlds>::Stage>>) -> Vec<Trial> {
    let trials = project.scenarios.iter().flat_map(|scenario| {
        let path = scenario.file.with_extension("");
        let name = path.strip_prefix("scenarios").unwrap_or(&path).display().to_string();
        let live = (Arc::clone(scenario), Arc::clone(&project.configuration), Arc::clone(fleet));
        let simulated = (Arc::clone(scenario), Arc::clone(&project.configuration));
        [
            Trial::test(format!("live::{name}"), move || {
                let (scenario, configuration, fleet) = live;
                Live.block_on(async {
                    let stage = fleet.get_or_try_init(|| stage(&Live, &configuration)).await?;
                    test(scenario, &configuration, stage, Live::KIND).await
                })
            }),
            Trial::test(format!("simulated::{name}"), move || {
                let (scenario, configuration) = simulated;
                Simulated.block_on(async {
                    let stage = stage(&Simulated, &configuration).await?;
                    test(scenario, &configuration, &stage, Simulated::KIND).await
                })
            }),
        ]
    });
    trials.collect()
}

/// Makes what starts a world for each scenario.
pub(crate) async fn stage<W: Worlds>(
    worlds: &W,
    configuration: &Arc<Configuration>,
) -> Result<W::Stage, Failed> {
    let prepared = worlds.prepare(Arc::clone(configuration), WorldOptions::new(Build::Run)).await;
    prepared
        .map(|prepared| prepared.stage)
        .map_err(|broken: BrokenOff| report::render_broken_off(&broken).into())
}

async fn test(
    scenario: Arc<Scenario>,
    configuration: &Configuration,
    stage: &impl Stage,
    world: WorldKind,
) -> Result<(), Failed> {
    let plan = Plan {
        scenarios: vec![Planned::new(scenario)],
        rules: engine::Rules::from(configuration),
        seed: SEED,
        jobs: NonZeroUsize::MIN,
        on_failure: OnFailure::Continue,
        kept_output: KeptOutput::OfFailures,
        stop: CancellationToken::new(),
    };
    let ended = Mutex::new(None);
    let tell = |event: Event| {
        if let Event::ScenarioEnded { result, .. } = event {
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
    };
    engine::run(&plan, stage, &|result| runner::review(configuration, result, world), &tell).await;
    let ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    let result = ended.ok_or("the scenario did not end")?;
    match result.verdict {
        Verdict::Passed => Ok(()),
        _ => Err(report::render_failure(&result, &|_| None).into()),
    }
}
