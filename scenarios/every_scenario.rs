//! Each scenario file, a test of its own: on real processes and sockets, with a fresh fleet for each.
//!
//! `cargo test --test scenarios -- circuit` runs those with `circuit` in their path. A scenario that doesn't match
//! its snapshot fails, and `cargo insta review` shows the difference.

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use engine::{Event, OnFailure, Plan, Planned};
use fault::Seed;
use libtest_mimic::{Arguments, Failed, Trial};
use runner::{Build, Live, Project, Worlds};
use scenario::Scenario;
use tokio::sync::OnceCell;
use verdict::{BrokenOff, Verdict};

/// The scenarios must pass with any seed; a fixed one makes a failure repeatable.
const SEED: Seed = Seed(1);

/// What the tests share: whichever needs the services first builds them.
struct Shop {
    project: Project,
    fleet: OnceCell<<Live as Worlds>::Stage>,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let project = Project::read(None, &[PathBuf::from("scenarios")]);
    let project = project.unwrap_or_else(|mistakes| panic!("{}", mistakes.shown()));
    let scenarios = project.scenarios.clone();
    let shop = Arc::new(Shop { project, fleet: OnceCell::new() });
    let trials = scenarios.into_iter().map(|scenario| {
        let shop = Arc::clone(&shop);
        let path = scenario.file.with_extension("");
        let name = path.strip_prefix("scenarios").unwrap_or(&path).display().to_string();
        Trial::test(name, move || Live.block_on(shop.test(scenario)))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

impl Shop {
    async fn test(&self, scenario: Arc<Scenario>) -> Result<(), Failed> {
        let configuration = &self.project.configuration;
        let prepare = async || Live.prepare(Arc::clone(configuration), Build::Run).await.map(|it| it.stage);
        let fleet = self.fleet.get_or_try_init(prepare).await.map_err(|broken| shown(&broken))?;
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
        engine::run(&plan, fleet, &|result| runner::review(configuration, result), &tell).await;
        let ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
        let result = ended.ok_or("the scenario did not end")?;
        match result.verdict {
            Verdict::Passed => Ok(()),
            _ => Err(report::render_failure(&result, &|_| None).into()),
        }
    }
}

fn shown(broken: &BrokenOff) -> Failed {
    report::render_broken_off(broken).into()
}
