//! Explorations: sequences that nobody wrote, run until one fails.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ::explore::{Counterexample, Event, ExplorationResult, Options, Outcome, counterexample_yaml};
use fault::Seed;
use indicatif::ProgressBar;
use scenario::Exploration;
use verdict::BrokenOff;

use crate::{
    Exit, Project, Worlds,
    arguments::Explore,
    interrupt, project,
    run::{new_seed, rules, show_broken_off, show_mistakes},
    worlds::Build,
};

/// Sequences of an exploration when neither a number nor a time is given.
const CASES: u64 = 1_000;

/// Runs the explorations that the command line names.
pub(crate) fn explore(arguments: &Explore, worlds: &impl Worlds) -> Exit {
    let project = match Project::read(arguments.place.config.as_deref(), &arguments.paths) {
        Ok(project) => project,
        Err(mistakes) => return show_mistakes(&mistakes),
    };
    let ended = worlds.block_on(async {
        tokio::select! {
            biased;
            () = interrupt::wait() => Ok(Exit::Interrupted),
            ended = explore_project(arguments, &project, worlds) => ended,
        }
    });
    ended.unwrap_or_else(|broken| show_broken_off(&broken))
}

async fn explore_project(
    arguments: &Explore,
    project: &Project,
    worlds: &impl Worlds,
) -> Result<Exit, BrokenOff> {
    let configuration = &project.configuration;
    let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
    if project.explorations.is_empty() {
        let files = arguments.paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        write(&format!("Nothing to explore: there is no `exploration:` in {}.\n", files.join(", ")))?;
        return Ok(Exit::NothingRan);
    }
    let build = if arguments.place.no_build { Build::Skip } else { Build::Run };
    let prepared = worlds.prepare(Arc::clone(configuration), build).await?;
    let options = Options {
        cases: arguments.cases.or(if arguments.lasting.is_none() { Some(CASES) } else { None }),
        lasting: arguments.lasting,
        jobs: arguments.jobs.unwrap_or_else(|| worlds.jobs()),
        ..Options::new(seed, CASES)
    };
    let mut exit = Exit::Passed;
    for exploration in &project.explorations {
        let bar = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let tell = |event: Event| bar.set_message(progress(&event));
        let rules = rules(configuration);
        let result = ::explore::explore(exploration, &prepared.stage, &rules, &options, &tell).await;
        bar.finish_and_clear();
        write(&told(exploration, &result))?;
        match &result.outcome {
            Outcome::Held => {}
            Outcome::BrokenOff(broken) => return Err(broken.clone()),
            Outcome::Failed(counterexample) => {
                exit = Exit::Failed;
                let folder = project::absolute(&configuration.file);
                let folder = folder.parent().unwrap_or(Path::new("/")).join(&arguments.regressions);
                let file = keep(exploration, &result, counterexample, &folder)?;
                write(&shown(counterexample, &file, result.seed))?;
            }
        }
    }
    Ok(exit)
}

fn progress(event: &Event) -> String {
    match event {
        Event::Explored { cases, took } => {
            format!("{cases} sequences held, {:.0} a second", rate(*cases, *took))
        }
        Event::Failed { case, steps, .. } => format!("sequence {case} failed: {steps} steps; shrinking"),
        Event::Shrunk { runs, steps } => format!("shrinking: {steps} steps after {runs} runs"),
        Event::Swept { runs, of } => format!("{runs} of {of} runs"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for a person")]
fn rate(cases: u64, took: Duration) -> f64 {
    cases as f64 / took.as_secs_f64().max(0.001)
}

/// What came of an exploration, in a few lines.
fn told(exploration: &Exploration, result: &ExplorationResult) -> String {
    let mark = if matches!(result.outcome, Outcome::Held) { "✓" } else { "✗" };
    let mut text = format!(
        "{mark} {}  {}  {} sequences, {:.0} a second, seed {}\n",
        exploration.name,
        exploration.file.display(),
        result.cases,
        rate(result.cases, result.took),
        result.seed,
    );
    if matches!(result.outcome, Outcome::Held) {
        // What never happened was not tested, however green the line is.
        let missing = result.coverage.missing();
        text.extend(missing.iter().map(|missing| format!("  nothing was learned: {missing}\n")));
    }
    text
}

/// Writes a counterexample down as a scenario.
fn keep(
    exploration: &Exploration,
    result: &ExplorationResult,
    counterexample: &Counterexample,
    folder: &Path,
) -> Result<PathBuf, BrokenOff> {
    let stem = exploration.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let file = folder.join(format!(
        "{}-{}-{}.yaml",
        stem.unwrap_or_else(|| "exploration".into()),
        result.seed,
        counterexample.case
    ));
    let origin = format!(
        "Found by {} with seed {}, in sequence {} of {} steps; {} steps after {} runs.",
        exploration.file.display(),
        result.seed,
        counterexample.case,
        counterexample.steps_found,
        counterexample.steps,
        counterexample.runs,
    );
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, counterexample_yaml(&counterexample.result, &origin)));
    written.map_err(|error| BrokenOff {
        reason: format!("the counterexample can't be written to {}: {error}", file.display()),
        help: Some("name a folder that can be written to with --regressions".into()),
        log: Vec::new(),
    })?;
    Ok(file)
}

/// The counterexample as a failure, and how to see it again.
fn shown(counterexample: &Counterexample, file: &Path, seed: Seed) -> String {
    let here = project::absolute(Path::new("."));
    let file = file.strip_prefix(&here).unwrap_or(file).display();
    format!(
        "\n{}\n{} steps, shrunk from {} in {} runs; it failed in {} of {} runs\nkept as {file}\nagain: {} {file} --seed {seed}\n",
        report::render_failure(&counterexample.result, &|_| None),
        counterexample.steps,
        counterexample.steps_found,
        counterexample.runs,
        counterexample.failures,
        counterexample.repeats,
        crate::run::command(),
    )
}

fn write(text: &str) -> Result<(), BrokenOff> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| BrokenOff {
        reason: format!("results can't be written: {error}"),
        help: None,
        log: Vec::new(),
    })
}
