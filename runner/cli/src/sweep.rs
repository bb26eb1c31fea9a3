//! The command `sweep`: runs a passing scenario again with each fault at each of its calls.

use std::{num::NonZeroUsize, sync::Arc};

use ::explore::{
    CellOutcome, Depth, FailingRun, ReplaySeed, ShrinkLimits, SweepCell, SweepOptions, SweepTable, reduce,
    sweep as run_sweep,
};
use engine::{Rules, Stage};
use fault::Seed;
use report::{RunRecord, count};
use scenario::Scenario;
use verdict::{BrokenOff, Verdict};

use crate::{
    Exit, Prepared, Project, Worlds,
    arguments::Sweep,
    interrupt::Interrupt,
    invocation::Invocation,
    output::{check_reports, check_targets, show_mistakes, write, write_reports},
    project_command::{prepare, run_command, show_interrupted},
    run::{addresses, new_seed},
    search::Search,
    thin::{self, Thin},
};

/// Sweeps the scenarios that the command line names.
pub(crate) fn sweep<W: Worlds>(arguments: &Sweep, invocation: &Invocation, worlds: &W) -> Exit {
    run_command(&arguments.configuration, &arguments.paths, worlds, async |project, interrupt, notices| {
        if project.scenarios.is_empty() {
            write("Nothing to sweep: there is no scenario in what you named.\n", interrupt)?;
            return Ok(Exit::NothingRan);
        }
        if let Err(mistakes) = check_targets(&arguments.report, project) {
            return Ok(show_mistakes(&mistakes));
        }
        check_reports(&arguments.report)?;
        let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
        let jobs = arguments.jobs.unwrap_or_else(|| worlds.jobs());
        let (mut tables, mut told) = (Vec::new(), write(&opening::<W>(project, jobs, seed), interrupt));
        let prepared = interrupt.unless(prepare(worlds, project, &arguments.configuration, notices)).await;
        if let Ok(Err(broken)) = prepared {
            told = Err(broken);
        } else if let Ok(Ok(Prepared { stage, .. })) = prepared {
            let depth = if arguments.pairs { Depth::Pairs } else { Depth::Singles };
            let options =
                SweepOptions { depth, jobs, stop: interrupt.token().clone(), ..SweepOptions::new(seed) };
            for scenario in &project.scenarios {
                let folder = project.folder().join(&arguments.regressions);
                let search = Search::new(interrupt, project, &invocation.kept, folder, &scenario.file, seed);
                let tell = |event| search.tell(event);
                let rules = Rules::from(&*project.configuration);
                let Some(table) = run_sweep(scenario, &stage, &rules, &options, &tell).await else { break };
                told = if let Verdict::Failed(_) = table.baseline.verdict {
                    tell_failure(project, interrupt, &table, &stage, &search).await
                } else {
                    tell_table(&table, &search)
                };
                told = told.and(search.end());
                tables.push(table);
                if told.is_err() || interrupt.why().is_some() {
                    break;
                }
            }
        }
        let held = tables
            .iter()
            .all(|table| table.baseline.verdict == Verdict::Passed && table.summary().failed == 0);
        let thin: Vec<Thin> = thin(project, &tables).into_iter().chain(notices.thin()).collect();
        let not_swept = &project.scenarios[tables.len()..];
        let mut record = RunRecord::of_sweeps(seed, tables)
            .with_addresses(addresses(&project.configuration))
            .with_secrets(project.configuration.outside.secrets.clone());
        record.interrupted = interrupt.why();
        record.broken_off = told.as_ref().err().cloned();
        record.summary.not_run = not_swept.len();
        // The reports contain the scenarios swept so far, also after a failure of the environment.
        write_reports(&arguments.report, |target| target.write(&record))?;
        told?;
        if interrupt.why().is_some() {
            write(&tell_not_swept(not_swept), interrupt)?;
        }
        show_interrupted(interrupt, &invocation.again, seed)?;
        let exit = if held { Exit::Passed } else { Exit::Failed };
        let exit = interrupt.why().map_or(exit, Exit::Interrupted);
        thin::tell(&thin, arguments.strictness.strictness(), exit, interrupt)
    })
}

/// What is about to be swept.
fn opening<W: Worlds>(project: &Project, jobs: NonZeroUsize, seed: Seed) -> String {
    let runs = format!("a sweep of {}", count(project.scenarios.len(), "scenario"));
    report::render_opening(&project.configuration, &runs, "run", jobs.get(), seed, W::KIND)
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

/// The scenarios that an interrupted sweep didn't come to, one a line.
fn tell_not_swept(scenarios: &[Arc<Scenario>]) -> String {
    scenarios
        .iter()
        .map(|scenario| format!("not swept: {}\n", scenario.file.display()))
        .collect::<Vec<_>>()
        .concat()
}

/// Shows a scenario that fails without an added fault, and keeps the steps of it that are enough to fail.
async fn tell_failure(
    project: &Project,
    interrupt: &Interrupt,
    table: &SweepTable,
    stage: &impl Stage,
    search: &Search<'_>,
) -> Result<(), BrokenOff> {
    let (baseline, rules, seed) =
        (Arc::clone(&table.baseline), Rules::from(&*project.configuration), table.seed);
    let file = table.baseline.scenario.file.display();
    let found = FailingRun { result: Arc::clone(&baseline), seed: ReplaySeed::Confirmed(seed) };
    let origin = format!("{file} fails as it is, with seed {seed}");
    let steps = baseline.scenario.steps.len();
    search.found(&file.to_string(), &search.name(), origin, steps, &found);
    let tell = |event| search.tell(event);
    let reduced = reduce(baseline, stage, &rules, seed, ShrinkLimits::default(), &tell);
    let reduced = interrupt.unless(reduced).await;
    let (smaller, runs) = reduced.unwrap_or_else(|_| search.smallest());
    let (steps, of) = (smaller.result.scenario.steps.len(), table.baseline.scenario.steps.len());
    let file = search.keep_smaller(runs, steps, &smaller)?;
    search.write(&format!(
        "\n{}\nOnly a scenario that passes can be swept. It takes {steps} of {} to fail\n{}",
        search.failure(&smaller.result),
        count(of, "step"),
        search.kept_as(&file, smaller.seed),
    ))
}

/// Shows the table of a sweep, and keeps the scenarios that failed.
fn tell_table(table: &SweepTable, search: &Search<'_>) -> Result<(), BrokenOff> {
    match &table.baseline.verdict {
        Verdict::Passed => {}
        Verdict::BrokenOff(broken) => return Err(broken.clone()),
        Verdict::Failed(_) | Verdict::Skipped(_) => {
            return search.write("Only a scenario that passes can be swept.\n");
        }
    }
    search.write(&report::render_sweep(table))?;
    for (position, cell) in table.cells.iter().enumerate() {
        match &cell.outcome {
            CellOutcome::Held | CellOutcome::NotReached => {}
            CellOutcome::BrokenOff(broken) => return Err(broken.clone()),
            CellOutcome::Failed(failing) => {
                let file = search.keep(&search.of_cell(position), &search.swept(), failing)?;
                let failure = search.failure(&failing.result);
                search.write(&format!("\n{failure}\n{}", search.kept_as(&file, failing.seed)))?;
            }
        }
    }
    Ok(())
}
