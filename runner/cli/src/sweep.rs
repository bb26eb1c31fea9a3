//! The command `sweep`: runs a passing scenario again with each fault at each of its calls.

use std::{path::PathBuf, sync::Arc};

use ::explore::{
    CellOutcome, Depth, FailingRun, ShrinkLimits, SweepCell, SweepOptions, SweepTable, reduce,
    sweep as run_sweep,
};
use engine::Stage;
use fault::Seed;
use report::RunRecord;
use scenario::Scenario;
use verdict::{BrokenOff, Verdict};

use crate::{
    Exit, Project, Worlds,
    arguments::Sweep,
    explore::{keep, kept_as, progress},
    output::{write, write_reports},
    project_command::{prepare, progress_bar, run_command},
    run::{addresses, new_seed, rules},
    thin::{self, Thin},
};

/// Sweeps the scenarios that the command line names.
pub(crate) fn sweep(arguments: &Sweep, worlds: &impl Worlds) -> Exit {
    run_command(&arguments.configuration, &arguments.paths, worlds, async |project| {
        if project.scenarios.is_empty() {
            write("Nothing to sweep: there is no scenario in what you named.\n")?;
            return Ok(Exit::NothingRan);
        }
        let stage = prepare(worlds, &project, &arguments.configuration).await?.stage;
        let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
        let (mut tables, mut told) = (Vec::new(), Ok(()));
        for scenario in &project.scenarios {
            let table = sweep_one(arguments, &project, scenario, seed, &stage).await;
            told = if let Verdict::Failed(_) = table.baseline.verdict {
                tell_failure(arguments, &project, &table, &stage).await
            } else {
                tell(arguments, &project, &table)
            };
            tables.push(table);
            if told.is_err() {
                break;
            }
        }
        let held = tables
            .iter()
            .all(|table| table.baseline.verdict == Verdict::Passed && table.summary().failed == 0);
        let thin = thin(&project, &tables);
        let record = RunRecord::of_sweeps(seed, tables).with_addresses(addresses(&project.configuration));
        // The reports contain the scenarios swept so far, also after a failure of the environment.
        write_reports(&arguments.report, |target| target.write(&record))?;
        told?;
        thin::tell(&thin, arguments.strictness.strictness(), if held { Exit::Passed } else { Exit::Failed })
    })
}

/// What the sweeps don't show.
fn thin(project: &Project, tables: &[SweepTable]) -> Vec<Thin> {
    let elsewhere = thin::invariants(project);
    let unjudged = elsewhere.is_none() && project.configuration.invariants.is_empty();
    let of = |table: &SweepTable| {
        let name = &table.baseline.scenario.name;
        let met = |cell: &SweepCell| !matches!(cell.outcome, CellOutcome::NotReached);
        let swept = table.baseline.verdict != Verdict::Passed || table.cells.iter().any(met);
        let nothing = (!swept).then(|| Thin::NothingSwept(name.clone()));
        unjudged.then(|| Thin::NoInvariant(name.clone())).into_iter().chain(nothing)
    };
    elsewhere.into_iter().chain(tables.iter().flat_map(of)).collect()
}

async fn sweep_one(
    arguments: &Sweep,
    project: &Project,
    scenario: &Arc<Scenario>,
    seed: Seed,
    stage: &impl Stage,
) -> SweepTable {
    let depth = if arguments.pairs { Depth::Pairs } else { Depth::Singles };
    let options = SweepOptions { depth, ..SweepOptions::new(seed) };
    let bar = progress_bar();
    let tell = |event| bar.set_message(progress(&event));
    let table = run_sweep(scenario, stage, &rules(&project.configuration), &options, &tell).await;
    bar.finish_and_clear();
    table
}

/// Shows a scenario that fails without an added fault, and keeps the steps of it that are enough to fail.
async fn tell_failure(
    arguments: &Sweep,
    project: &Project,
    table: &SweepTable,
    stage: &impl Stage,
) -> Result<(), BrokenOff> {
    let bar = progress_bar();
    let show = |event| bar.set_message(progress(&event));
    let (baseline, rules) = (Arc::clone(&table.baseline), rules(&project.configuration));
    let (smaller, runs) = reduce(baseline, stage, &rules, table.seed, ShrinkLimits::default(), &show).await;
    bar.finish_and_clear();
    let (scenario, seed) = (&table.baseline.scenario, table.seed);
    let (steps, of) = (smaller.result.scenario.steps.len(), scenario.steps.len());
    let origin = format!(
        "{} fails as it is, with seed {seed}; {steps} of its {of} steps are enough, found in {runs} runs.",
        scenario.file.display(),
    );
    let file = keep_as(arguments, project, scenario, &seed.to_string(), &smaller, &origin)?;
    let addresses = addresses(&project.configuration);
    let failure = report::render_failure(&smaller.result, &|service| addresses.get(service).cloned());
    write(&format!(
        "\n{failure}\nOnly a scenario that passes can be swept. {steps} of {of} steps are enough to fail\n{}",
        kept_as(&file, smaller.seed, project),
    ))
}

/// Keeps a failing scenario that a sweep of `swept` found.
fn keep_as(
    arguments: &Sweep,
    project: &Project,
    swept: &Scenario,
    suffix: &str,
    failing: &FailingRun,
    origin: &str,
) -> Result<PathBuf, BrokenOff> {
    let stem = swept.file.file_stem().map_or_else(|| "sweep".into(), |stem| stem.to_string_lossy());
    keep(&project.folder().join(&arguments.regressions), &format!("{stem}-{suffix}"), failing, origin)
}

/// Shows the table of a sweep, and keeps the scenarios that failed.
fn tell(arguments: &Sweep, project: &Project, table: &SweepTable) -> Result<(), BrokenOff> {
    match &table.baseline.verdict {
        Verdict::Passed => {}
        Verdict::BrokenOff(broken) => return Err(broken.clone()),
        Verdict::Failed(_) | Verdict::Skipped(_) => {
            return write("Only a scenario that passes can be swept.\n");
        }
    }
    write(&report::render_sweep(table))?;
    let addresses = addresses(&project.configuration);
    let (scenario, seed) = (&table.baseline.scenario, table.seed);
    for (number, cell) in table.cells.iter().enumerate() {
        match &cell.outcome {
            CellOutcome::Held | CellOutcome::NotReached => {}
            CellOutcome::BrokenOff(broken) => return Err(broken.clone()),
            CellOutcome::Failed(failing) => {
                let origin = format!("Found by sweeping {} with seed {seed}.", scenario.file.display());
                let suffix = format!("{seed}-{number}");
                let file = keep_as(arguments, project, scenario, &suffix, failing, &origin)?;
                let failure =
                    report::render_failure(&failing.result, &|service| addresses.get(service).cloned());
                write(&format!("\n{failure}\n{}", kept_as(&file, failing.seed, project)))?;
            }
        }
    }
    Ok(())
}
