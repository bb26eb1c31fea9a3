//! Each scenario file, twice a test of its own: on real processes and sockets, and in virtual time. Both worlds are held
//! against the same snapshot.
//!
//! And the three processes under load, killed again and again (`crashes_under_load`).
//!
//! `cargo test --test scenarios -- simulated` runs those in virtual time, `-- circuit` those with `circuit` in their path.
//! Where a scenario doesn't match its snapshot, `cargo insta review` shows the difference.

mod audit;
mod crashes_under_load;
mod shopper;

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use engine::{Event, OnFailure, Plan, Planned, PreparationSink, Stage};
use fault::Seed;
use libtest_mimic::{Arguments, Failed, Trial};
use runner::{Build, Live, Project, Worlds};
use scenario::{Configuration, Scenario};
use simulated::Simulated;
use tokio::sync::OnceCell;
use verdict::{BrokenOff, Verdict};

/// The scenarios must pass with any seed; a fixed one makes a failure repeatable.
const SEED: Seed = Seed(1);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a live scenario is waiting.
    arguments.test_threads.get_or_insert(6);
    let project = Project::read(None, &[PathBuf::from("scenarios")]);
    let project = Arc::new(project.unwrap_or_else(|mistakes| panic!("{}", mistakes.shown())));
    // Whichever test needs the services first builds them.
    let fleet = Arc::new(OnceCell::new());
    let trials = project.scenarios.iter().flat_map(|scenario| {
        let path = scenario.file.with_extension("");
        let name = path.strip_prefix("scenarios").unwrap_or(&path).display().to_string();
        let live = (Arc::clone(scenario), Arc::clone(&project.configuration), Arc::clone(&fleet));
        let simulated = (Arc::clone(scenario), Arc::clone(&project.configuration));
        [
            Trial::test(format!("live::{name}"), move || {
                let (scenario, configuration, fleet) = live;
                Live.block_on(async {
                    let stage = fleet.get_or_try_init(|| stage(&Live, &configuration)).await?;
                    test(scenario, &configuration, stage).await
                })
            }),
            Trial::test(format!("simulated::{name}"), move || {
                let (scenario, configuration) = simulated;
                Simulated.block_on(async {
                    let stage = stage(&Simulated, &configuration).await?;
                    test(scenario, &configuration, &stage).await
                })
            }),
        ]
    });
    let (any, configuration) = (Arc::clone(&project.scenarios[0]), Arc::clone(&project.configuration));
    let load = Trial::test("live::crashes under load", {
        let fleet = Arc::clone(&fleet);
        move || {
            Live.block_on(async {
                let stage = fleet.get_or_try_init(|| stage(&Live, &configuration)).await?;
                crashes_under_load::run(stage, &runner::rules(&configuration), &any, SEED).await;
                Ok(())
            })
        }
    });
    libtest_mimic::run(&arguments, trials.chain([load]).collect()).exit_code()
}

async fn stage<W: Worlds>(worlds: &W, configuration: &Arc<Configuration>) -> Result<W::Stage, Failed> {
    let prepared = worlds.prepare(Arc::clone(configuration), Build::Run, PreparationSink::default()).await;
    prepared
        .map(|prepared| prepared.stage)
        .map_err(|broken: BrokenOff| report::render_broken_off(&broken).into())
}

async fn test(
    scenario: Arc<Scenario>,
    configuration: &Configuration,
    stage: &impl Stage,
) -> Result<(), Failed> {
    let plan = Plan {
        scenarios: vec![Planned { scenario, skip: None }],
        rules: runner::rules(configuration),
        seed: SEED,
        jobs: NonZeroUsize::MIN,
        on_failure: OnFailure::Continue,
    };
    let ended = Mutex::new(None);
    let tell = |event: Event| {
        if let Event::ScenarioEnded { result, .. } = event {
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }
    };
    engine::run(&plan, stage, &|result| runner::review(configuration, result), &tell).await;
    let ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    let result = ended.ok_or("the scenario did not end")?;
    match result.verdict {
        Verdict::Passed => Ok(()),
        _ => Err(report::render_failure(&result, &|_| None).into()),
    }
}
