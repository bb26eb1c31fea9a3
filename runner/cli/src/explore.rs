//! The command `explore`: runs generated sequences until one fails.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    path::Path,
    sync::Arc,
};

use ::explore::{
    Counterexample, Coverage, ExplorationOptions, ExplorationOutcome, ExplorationResult, FailingRun, Shard,
    explore as explore_one,
};
use engine::{Rules, ScenarioResult, Stage, run_scenario};
use fault::Seed;
use report::count;
use scenario::Exploration;
use verdict::{BrokenOff, Verdict};

use crate::{
    Exit, Project, Worlds,
    arguments::Explore,
    invocation::Invocation,
    output::write,
    project,
    project_command::{prepare, run_command, show_interrupted},
    run::new_seed,
    search::{Search, rate},
    thin::{self, Thin},
};

/// Sequences of an exploration when neither a number nor a time is given.
const CASES: u64 = 1_000;

/// Runs the explorations that the command line names.
pub(crate) fn explore<W: Worlds>(arguments: &Explore, invocation: &Invocation, worlds: &W) -> Exit {
    run_command(&arguments.configuration, &arguments.paths, worlds, async |project, interrupt, notices| {
        if project.explorations.is_empty() {
            write("Nothing to explore: there is no `exploration:` in what you named.\n", interrupt)?;
            return Ok(Exit::NothingRan);
        }
        let seed = Seed(arguments.seed.unwrap_or_else(new_seed));
        let options = ExplorationOptions {
            cases: arguments.cases.or(if arguments.lasting.is_none() { Some(CASES) } else { None }),
            lasting: arguments.lasting,
            jobs: arguments.jobs.unwrap_or_else(|| worlds.jobs()),
            shard: arguments.shard.unwrap_or(Shard { index: 0, of: NonZeroU32::MIN }),
            stop: interrupt.token().clone(),
            ..ExplorationOptions::new(seed, CASES)
        };
        write(&opening::<W>(project, &options), interrupt)?;
        let prepared = interrupt.unless(prepare(worlds, project, &arguments.configuration, notices)).await;
        let mut exit = Exit::Passed;
        let mut thin: Vec<Thin> = thin::invariants(project).into_iter().collect();
        let unjudged = project.configuration.invariants.is_empty() && thin.is_empty();
        if let Ok(prepared) = prepared {
            let stage = prepared?.stage;
            for exploration in &project.explorations {
                let folder = project.folder().join(&arguments.regressions);
                let search =
                    Search::new(interrupt, project, &invocation.kept, folder, &exploration.file, seed);
                let result = run_one(project, exploration, &stage, &options, search).await?;
                thin.extend(unjudged.then(|| Thin::NoInvariant(exploration.name.clone())));
                if shows_nothing(&result) || matches!(result.outcome, ExplorationOutcome::Failed(_)) {
                    exit = Exit::Failed;
                } else {
                    thin.extend(untested(&result.coverage));
                }
                if interrupt.why().is_some() {
                    break;
                }
            }
        }
        thin.extend(notices.thin());
        show_interrupted(interrupt, &invocation.again, seed)?;
        let exit = interrupt.why().map_or(exit, Exit::Interrupted);
        thin::tell(&thin, arguments.strictness.strictness(), exit, interrupt)
    })
}

/// What is about to be explored.
fn opening<W: Worlds>(project: &Project, options: &ExplorationOptions) -> String {
    let explorations = count(project.explorations.len(), "exploration");
    let cases = options.cases.map(|cases| format!(" of {}", count(cases, "sequence")));
    let lasting = options.lasting.map(|time| format!(" for {time:?}"));
    let Shard { index, of } = options.shard;
    let part = (of > NonZeroU32::MIN).then(|| format!(", part {} of {of}", index + 1));
    let runs = [Some(explorations), cases, lasting, part].into_iter().flatten().collect::<String>();
    let jobs = NonZeroUsize::get(options.jobs);
    report::render_opening(&project.configuration, &runs, "sequence", jobs, options.seed, W::KIND)
}

/// Runs one exploration, tells its result and keeps what failed.
async fn run_one(
    project: &Project,
    exploration: &Exploration,
    stage: &impl Stage,
    options: &ExplorationOptions,
    search: Search<'_>,
) -> Result<ExplorationResult, BrokenOff> {
    let tell = |event| search.tell(event);
    let result = explore_one(exploration, stage, &Rules::from(&*project.configuration), options, &tell).await;
    search.write(&told(exploration, &result, project.configuration.invariants.len()))?;
    match &result.outcome {
        ExplorationOutcome::Held | ExplorationOutcome::Stopped => {}
        ExplorationOutcome::BrokenOff(broken) => return Err(broken.clone()),
        ExplorationOutcome::Failed(counterexample) => {
            let Counterexample { runs, steps, seed, result, .. } = &**counterexample;
            let failing = FailingRun { result: Arc::clone(result), seed: *seed };
            let file = search.keep_smaller(*runs, *steps, &failing)?;
            let again = run_kept(&file, project, stage, seed.seed());
            // Interrupted, it shows the run that failed.
            let again = options.stop.run_until_cancelled(again).await;
            let shown = shown(counterexample, again.as_ref(), &search);
            search.write(&format!("{shown}{}", search.kept_as(&file, *seed)))?;
        }
    }
    search.end().map(|()| result)
}

/// Whether an exploration held in which no operation had the reply that it is there for.
fn shows_nothing(result: &ExplorationResult) -> bool {
    matches!(result.outcome, ExplorationOutcome::Held) && result.coverage.shows_nothing()
}

/// The result of an exploration in one line, and why it shows nothing if it doesn't. Of one that was stopped, what it had not
/// done until then.
fn told(exploration: &Exploration, result: &ExplorationResult, invariants: usize) -> String {
    let mark = match result.outcome {
        ExplorationOutcome::Held if !shows_nothing(result) => "✓",
        ExplorationOutcome::Stopped => "–",
        _ => "✗",
    };
    let mut text = format!(
        "{mark} {}  {}  {}, {:.0} a second, {}, seed {}\n",
        exploration.name,
        exploration.file.display(),
        count(result.cases, "sequence"),
        rate(result.cases, result.took),
        count(invariants, "invariant"),
        result.seed,
    );
    if shows_nothing(result) {
        text.push_str("  nothing was learned: no operation had the reply that it is there for\n");
        text.extend(untested(&result.coverage).map(|thin| format!("    {}\n", thin.with_help())));
    }
    if matches!(result.outcome, ExplorationOutcome::Stopped) {
        text.extend(untested(&result.coverage).map(|thin| format!("  not yet tested: {thin}\n")));
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

/// Runs the kept file, as a user would, so that the failure shown points to the lines of the file.
async fn run_kept(file: &Path, project: &Project, stage: &impl Stage, seed: Seed) -> ScenarioResult {
    let configuration = project::absolute(&project.configuration.file);
    let kept = Project::read(Some(&configuration), &[file.to_owned()]);
    let kept = kept.unwrap_or_else(|mistakes| panic!("what is written can be read:\n{}", mistakes.shown()));
    let scenario = Arc::clone(&kept.scenarios[0]);
    let seed = seed.derive(&scenario.name);
    run_scenario(stage, scenario, &Rules::from(&*project.configuration), seed, |_| {}).await
}

/// The counterexample as a failure. `again` is the result of the kept file, if it was run; in real time it may have passed.
fn shown(counterexample: &Counterexample, again: Option<&ScenarioResult>, search: &Search<'_>) -> String {
    let failed = again.filter(|again| matches!(again.verdict, Verdict::Failed(_)));
    let Counterexample { steps, steps_found, runs, .. } = counterexample;
    let failure = search.failure(failed.unwrap_or(&counterexample.result));
    format!(
        "\n{failure}\n{}, shrunk from {steps_found} in {}; {}\n",
        count(*steps, "step"),
        count(*runs, "run"),
        repeated(counterexample)
    )
}

/// How often the smallest sequence failed when it was run again, which an interruption prevents.
fn repeated(counterexample: &Counterexample) -> String {
    match counterexample.repeats {
        0 => "it wasn't run again".to_owned(),
        repeats => format!("it failed in {} of {}", counterexample.failures, count(repeats, "run")),
    }
}
