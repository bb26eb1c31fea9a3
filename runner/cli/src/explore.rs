//! The command `explore`: runs generated sequences until one fails.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ::explore::{
    Counterexample, ExplorationOptions, ExplorationOutcome, ExplorationResult, FailingRun, Progress,
    ReplaySeed, counterexample_yaml,
};
use engine::{ScenarioResult, Stage, run_scenario};
use fault::Seed;
use scenario::Exploration;
use verdict::{BrokenOff, Output, Verdict};

use crate::{
    Exit, Project, Worlds,
    arguments::Explore,
    output::{program_name, write},
    project,
    project_command::{prepare, progress_bar, run_command},
    run::{addresses, new_seed, rules},
};

/// Sequences of an exploration when neither a number nor a time is given.
const CASES: u64 = 1_000;

/// Runs the explorations that the command line names.
pub(crate) fn explore(arguments: &Explore, worlds: &impl Worlds) -> Exit {
    run_command(&arguments.configuration, &arguments.paths, worlds, async |project| {
        if project.explorations.is_empty() {
            write("Nothing to explore: there is no `exploration:` in what you named.\n")?;
            return Ok(Exit::NothingRan);
        }
        let stage = prepare(worlds, &project, &arguments.configuration).await?.stage;
        let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
        let options = ExplorationOptions {
            cases: arguments.cases.or(if arguments.lasting.is_none() { Some(CASES) } else { None }),
            lasting: arguments.lasting,
            jobs: arguments.jobs.unwrap_or_else(|| worlds.jobs()),
            ..ExplorationOptions::new(seed, CASES)
        };
        let mut exit = Exit::Passed;
        for exploration in &project.explorations {
            let bar = progress_bar();
            let tell = |event: Progress| bar.set_message(progress(&event));
            let rules = rules(&project.configuration);
            let result = ::explore::explore(exploration, &stage, &rules, &options, &tell).await;
            bar.finish_and_clear();
            write(&told(exploration, &result))?;
            match &result.outcome {
                ExplorationOutcome::Held => {}
                ExplorationOutcome::BrokenOff(broken) => return Err(broken.clone()),
                ExplorationOutcome::Failed(counterexample) => {
                    exit = Exit::Failed;
                    let folder = project.folder().join(&arguments.regressions);
                    let file = keep_counterexample(exploration, &result, counterexample, &folder)?;
                    let again = run_kept(&file, &project, &stage, counterexample.seed.seed()).await;
                    write(&shown(&project, counterexample, &again, &file))?;
                }
            }
        }
        Ok(exit)
    })
}

/// The progress in one line.
pub(crate) fn progress(event: &Progress) -> String {
    match event {
        Progress::Explored { cases, took } => {
            format!("{cases} sequences held, {:.0} a second", rate(*cases, *took))
        }
        Progress::Failed { case, steps, .. } => format!("sequence {case} failed: {steps} steps; shrinking"),
        Progress::Shrunk { runs, steps } => format!("shrinking: {steps} steps after {runs} runs"),
        Progress::Swept { runs, of } => format!("{runs} of {of} runs"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for a person")]
fn rate(cases: u64, took: Duration) -> f64 {
    cases as f64 / took.as_secs_f64().max(0.001)
}

/// The result of an exploration, in a few lines.
fn told(exploration: &Exploration, result: &ExplorationResult) -> String {
    let mark = if matches!(result.outcome, ExplorationOutcome::Held) { "✓" } else { "✗" };
    let mut text = format!(
        "{mark} {}  {}  {} sequences, {:.0} a second, seed {}\n",
        exploration.name,
        exploration.file.display(),
        result.cases,
        rate(result.cases, result.took),
        result.seed,
    );
    if matches!(result.outcome, ExplorationOutcome::Held) {
        // A line that says "held" must not hide what was never tested.
        let missing = result.coverage.missing();
        text.extend(missing.iter().map(|missing| format!("  nothing was learned: {missing}\n")));
    }
    text
}

fn keep_counterexample(
    exploration: &Exploration,
    result: &ExplorationResult,
    counterexample: &Counterexample,
    folder: &Path,
) -> Result<PathBuf, BrokenOff> {
    let stem =
        exploration.file.file_stem().map_or_else(|| "exploration".into(), |stem| stem.to_string_lossy());
    let Counterexample { case, steps_found, steps, runs, seed, .. } = counterexample;
    let origin = format!(
        "Found by {} with seed {}, in sequence {case} of {steps_found} steps; {steps} steps after {runs} runs.",
        exploration.file.display(),
        result.seed,
    );
    let failing = FailingRun { result: Arc::clone(&counterexample.result), seed: *seed };
    keep(folder, &format!("{stem}-{}-{case}", result.seed), &failing, &origin)
}

/// Writes a failing scenario to a file of its own. `origin` says how it was found.
pub(crate) fn keep(
    folder: &Path,
    name: &str,
    failing: &FailingRun,
    origin: &str,
) -> Result<PathBuf, BrokenOff> {
    let file = folder.join(name).with_extension("yaml");
    let origin = match failing.seed {
        ReplaySeed::Confirmed(seed) => format!("{origin} It fails with --seed {seed}."),
        ReplaySeed::Unconfirmed { tried, .. } => {
            format!("{origin} It did not fail again with {tried} seeds tried.")
        }
    };
    let text = counterexample_yaml(&failing.result, &origin);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, text));
    written.map_err(|error| BrokenOff::NotWritten {
        what: Output::Counterexample,
        file: Some(file.clone()),
        error: error.to_string(),
    })?;
    Ok(file)
}

/// The lines that tell where a counterexample is kept, whether it failed again, and the command that runs it.
pub(crate) fn kept_as(file: &Path, seed: ReplaySeed) -> String {
    let here = project::absolute(Path::new("."));
    let file = file.strip_prefix(&here).unwrap_or(file).display();
    let command = format!("{} {file} --seed {}", program_name(), seed.seed());
    match seed {
        ReplaySeed::Confirmed(_) => format!("kept as {file}\nagain: {command}\n"),
        ReplaySeed::Unconfirmed { tried, .. } => {
            format!("kept as {file}\nit did not fail again with {tried} seeds tried\nrun it: {command}\n")
        }
    }
}

/// Runs the kept file, as a user would, so that the failure shown points to the lines of the file.
async fn run_kept(file: &Path, project: &Project, stage: &impl Stage, seed: Seed) -> ScenarioResult {
    let configuration = project::absolute(&project.configuration.file);
    let kept = Project::read(Some(&configuration), &[file.to_owned()]);
    let kept = kept.unwrap_or_else(|mistakes| panic!("what is written can be read:\n{}", mistakes.shown()));
    let scenario = Arc::clone(&kept.scenarios[0]);
    let seed = seed.derive(&scenario.name);
    run_scenario(stage, scenario, &rules(&project.configuration), seed, |_| {}).await
}

/// The counterexample as a failure, and the command that repeats it. `again` is the result of the kept file; in real time it may
/// have passed.
fn shown(project: &Project, counterexample: &Counterexample, again: &ScenarioResult, file: &Path) -> String {
    let addresses = addresses(&project.configuration);
    let failed = matches!(again.verdict, Verdict::Failed(_));
    format!(
        "\n{}\n{} steps, shrunk from {} in {} runs; it failed in {} of {} runs\n{}",
        report::render_failure(if failed { again } else { &counterexample.result }, &|service| {
            addresses.get(service).cloned()
        }),
        counterexample.steps,
        counterexample.steps_found,
        counterexample.runs,
        counterexample.failures,
        counterexample.repeats,
        kept_as(file, counterexample.seed),
    )
}
