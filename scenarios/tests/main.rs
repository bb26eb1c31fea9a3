//! Tests of the scenarios, in one binary with a harness of its own: one test for each file and world.
//!
//! | file | what it tests |
//! | --- | --- |
//! | `every_scenario` | each file under `scenarios/`, live and simulated, against one snapshot |
//! | `crashes_under_load` | the three processes under load while they are killed; `shopper` makes the load, `audit` checks the result |
//! | `docs` | what is written for users in `docs` and README.md: schemas, reference, examples, blocks that run |
//! | `citations` | every rule that a file cites, such as A1, is defined in `services/CONTRACT.md` |
//!
//! `cargo test --test scenarios -- simulated` runs the scenarios in virtual time, `-- circuit` those with `circuit` in their
//! path. Where a scenario differs from its snapshot, the command `review` shows the difference.

mod audit;
mod citations;
mod crashes_under_load;
mod docs;
mod every_scenario;
mod shop;
mod shopper;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use libtest_mimic::{Arguments, Trial};
use runner::{Live, Project, Worlds};
use tokio::sync::OnceCell;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // A live scenario spends most of its time waiting.
    arguments.test_threads.get_or_insert(6);
    let project = Project::read(None, &[PathBuf::from("scenarios")]);
    let project = project.unwrap_or_else(|mistakes| panic!("{}", mistakes.shown()));
    // The first live test builds the services for all.
    let fleet = Arc::new(OnceCell::new());
    let mut trials = every_scenario::trials(&project, &fleet);
    let (any, configuration) = (Arc::clone(&project.scenarios[0]), Arc::clone(&project.configuration));
    trials.push(Trial::test("live::crashes under load", move || {
        Live.block_on(async {
            let stage = fleet.get_or_try_init(|| every_scenario::stage(&Live, &configuration)).await?;
            let rules = engine::Rules::from(&*configuration);
            crashes_under_load::run(stage, &rules, &any, every_scenario::SEED).await;
            Ok(())
        })
    }));
    trials.push(Trial::test("contract::what is cited is defined", || {
        citations::all_are_defined();
        Ok(())
    }));
    trials.push(Trial::test("contract::a citation is told from other text", || {
        citations::are_told_from_other_text();
        Ok(())
    }));
    trials.extend(docs::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
