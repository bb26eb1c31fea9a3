//! A green scenario again, with each fault at each of its calls.

use std::sync::Arc;

use ::explore::{CellOutcome, Depth, Kind, Planted, SweepOptions, SweepTable, sweep as run_sweep};
use engine::Stage;
use fault::Seed;
use owo_colors::OwoColorize;
use scenario::Scenario;
use verdict::{BrokenOff, Verdict};

use crate::{
    Exit, Project, Worlds,
    arguments::Sweep,
    attend::{attend, prepare, progress_bar, write},
    explore::{keep, progress},
    run::{new_seed, rules},
};

/// Sweeps the scenarios that the command line names.
pub(crate) fn sweep(arguments: &Sweep, worlds: &impl Worlds) -> Exit {
    attend(&arguments.place, &arguments.paths, worlds, async |project| {
        if project.scenarios.is_empty() {
            write("Nothing to sweep: there is no scenario in what you named.\n")?;
            return Ok(Exit::NothingRan);
        }
        let stage = prepare(worlds, &project, &arguments.place).await?.stage;
        let mut exit = Exit::Passed;
        for scenario in &project.scenarios {
            let swept = sweep_one(arguments, &project, scenario, &stage).await?;
            exit = if swept == Exit::Failed { swept } else { exit };
        }
        Ok(exit)
    })
}

async fn sweep_one(
    arguments: &Sweep,
    project: &Project,
    scenario: &Arc<Scenario>,
    stage: &impl Stage,
) -> Result<Exit, BrokenOff> {
    let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
    let depth = if arguments.pairs { Depth::Pairs } else { Depth::Singles };
    let options = SweepOptions { depth, ..SweepOptions::new(seed) };
    let bar = progress_bar();
    let tell = |event| bar.set_message(progress(&event));
    let table = run_sweep(scenario, stage, &rules(&project.configuration), &options, &tell).await;
    bar.finish_and_clear();
    match &table.baseline.verdict {
        Verdict::Passed => {}
        Verdict::BrokenOff(broken) => return Err(broken.clone()),
        Verdict::Failed(_) | Verdict::Skipped(_) => {
            let failure = report::render_failure(&table.baseline, &|_| None);
            write(&format!("{failure}\nOnly a scenario that passes can be swept.\n"))?;
            return Ok(Exit::Failed);
        }
    }
    write(&shown(&table))?;
    let mut exit = Exit::Passed;
    for (number, cell) in table.cells.iter().enumerate() {
        match &cell.outcome {
            CellOutcome::Held | CellOutcome::NotReached => {}
            CellOutcome::BrokenOff(broken) => return Err(broken.clone()),
            CellOutcome::Failed(result) => {
                exit = Exit::Failed;
                let stem =
                    scenario.file.file_stem().map_or_else(|| "sweep".into(), |stem| stem.to_string_lossy());
                let origin = format!("Found by sweeping {} with seed {seed}.", scenario.file.display());
                let folder = project.folder().join(&arguments.regressions);
                let file = keep(&folder, &format!("{stem}-{seed}-{number}"), result, &origin)?;
                let failure = report::render_failure(result, &|_| None);
                write(&format!("\n{failure}\nkept as {}\n", file.display()))?;
            }
        }
    }
    Ok(exit)
}

/// The table call × fault × outcome: what the client saw where that changed, and whether all that must hold held.
fn shown(table: &SweepTable) -> String {
    let scenario = &table.baseline.scenario;
    let mut lines = vec![format!("{}  {}", scenario.name.bold(), scenario.file.display()), String::new()];
    for (number, kind) in Kind::ALL.iter().enumerate() {
        lines.push(format!("  {} {kind}", letter(number)));
    }
    let columns =
        (0..Kind::ALL.len()).map(|number| format!("{:^5}", letter(number))).collect::<Vec<_>>().concat();
    let longest = table.calls.iter().map(|call| call.to_string().chars().count()).max().unwrap_or(0);
    lines.extend([String::new(), format!("{:longest$} {columns}", "")]);
    for (place, call) in table.calls.iter().enumerate() {
        let cells = Kind::ALL.map(|kind| cell(table, Planted { call: place, kind })).concat();
        lines.push(format!("{:longest$} {cells}", call.to_string()));
    }
    let summary = table.summary();
    lines.extend([
        String::new(),
        "· held   202 held, and the client saw this instead   ✗ failed   ? not reached   blank: left out"
            .into(),
        format!(
            "{} runs: {} held, {} failed, {} not reached; {} left out, seed {}",
            table.cells.len(),
            summary.held,
            summary.failed,
            summary.not_reached,
            summary.skipped.values().sum::<usize>(),
            table.seed,
        ),
    ]);
    lines.extend(summary.skipped.iter().map(|(reason, count)| format!("  {count} left out: {reason}")));
    lines.push(String::new());
    lines.join("\n")
}

fn letter(number: usize) -> char {
    char::from(b'A' + u8::try_from(number).expect("there are fewer kinds than letters"))
}

fn cell(table: &SweepTable, fault: Planted) -> String {
    let Some(cell) = table.single(fault) else { return " ".repeat(5) };
    match &cell.outcome {
        CellOutcome::Failed(_) | CellOutcome::BrokenOff(_) => format!("{:^5}", "✗").red().to_string(),
        CellOutcome::NotReached => format!("{:^5}", "?"),
        CellOutcome::Held if cell.seen.before == cell.seen.now => format!("{:^5}", "·").green().to_string(),
        CellOutcome::Held => {
            let now = cell.seen.now.map_or_else(|| "none".into(), |status| status.to_string());
            format!("{now:^5}").yellow().to_string()
        }
    }
}
