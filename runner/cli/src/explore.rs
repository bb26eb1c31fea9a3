//! The command `explore`: runs generated sequences until one fails.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ::explore::{
    Counterexample, Coverage, ExplorationOptions, ExplorationOutcome, ExplorationResult, FailingRun,
    Progress, ReplaySeed, counterexample_yaml,
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
    thin::{self, Thin},
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
        let mut thin: Vec<Thin> = thin::invariants(&project).into_iter().collect();
        let invariants = project.configuration.invariants.len();
        let unjudged = invariants == 0 && thin.is_empty();
        for exploration in &project.explorations {
            let bar = progress_bar();
            let tell = |event: Progress| bar.set_message(progress(&event));
            let rules = rules(&project.configuration);
            let result = ::explore::explore(exploration, &stage, &rules, &options, &tell).await;
            bar.finish_and_clear();
            write(&told(exploration, &result, invariants))?;
            thin.extend(unjudged.then(|| Thin::NoInvariant(exploration.name.clone())));
            match &result.outcome {
                ExplorationOutcome::Held if result.coverage.shows_nothing() => exit = Exit::Failed,
                ExplorationOutcome::Held => thin.extend(untested(&result.coverage)),
                ExplorationOutcome::BrokenOff(broken) => return Err(broken.clone()),
                ExplorationOutcome::Failed(counterexample) => {
                    exit = Exit::Failed;
                    let folder = project.folder().join(&arguments.regressions);
                    let file = keep_counterexample(exploration, &result, counterexample, &folder)?;
                    let again = run_kept(&file, &project, &stage, counterexample.seed.seed()).await;
                    write(&shown(counterexample, &again, &file, &project))?;
                }
            }
        }
        thin::tell(&thin, arguments.strictness.strictness(), exit)
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

/// The result of an exploration in one line, and why it shows nothing if it doesn't.
fn told(exploration: &Exploration, result: &ExplorationResult, invariants: usize) -> String {
    let held = matches!(result.outcome, ExplorationOutcome::Held);
    let shows_nothing = held && result.coverage.shows_nothing();
    let mut text = format!(
        "{} {}  {}  {} sequences, {:.0} a second, {}, seed {}\n",
        if held && !shows_nothing { "✓" } else { "✗" },
        exploration.name,
        exploration.file.display(),
        result.cases,
        rate(result.cases, result.took),
        if invariants == 1 { "1 invariant".to_owned() } else { format!("{invariants} invariants") },
        result.seed,
    );
    if shows_nothing {
        text.push_str("  nothing was learned: no operation had the reply that it is there for\n");
        text.extend(untested(&result.coverage).map(|thin| format!("    {}\n", thin.with_help())));
    }
    text.extend(report::repeated_starts(result.repeated_starts).map(|line| format!("  {line}\n")));
    text
}

/// What the sequences of an exploration never did.
fn untested(coverage: &Coverage) -> impl Iterator<Item = Thin> {
    coverage.missing().into_iter().map(|untested| {
        let requests = coverage.requests(&untested).cloned();
        Thin::Untested { untested, requests }
    })
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

/// The lines that tell where a counterexample is kept, whether it failed again, and the command that runs it. The command
/// names the files of invariants that don't hold in that folder.
pub(crate) fn kept_as(file: &Path, seed: ReplaySeed, project: &Project) -> String {
    let here = project::absolute(Path::new("."));
    let shown = |file: &Path| file.strip_prefix(&here).unwrap_or(file).display().to_string();
    let lost: Vec<String> = project.invariants_lost_by(file).iter().map(|file| shown(file)).collect();
    let files = [vec![shown(file)], lost.clone()].concat().join(" ");
    let lost = match lost.as_slice() {
        [] => String::new(),
        lost => format!("the invariants of {} don't hold in that folder: name them, too\n", lost.join(", ")),
    };
    let kept = format!("kept as {}\n{lost}", shown(file));
    let command = format!("{} {files} --seed {}", program_name(), seed.seed());
    match seed {
        ReplaySeed::Confirmed(_) => format!("{kept}again: {command}\n"),
        ReplaySeed::Unconfirmed { tried, .. } => {
            format!("{kept}it did not fail again with {tried} seeds tried\nrun it: {command}\n")
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
fn shown(counterexample: &Counterexample, again: &ScenarioResult, file: &Path, project: &Project) -> String {
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
        kept_as(file, counterexample.seed, project),
    )
}
