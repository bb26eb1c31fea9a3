//! Runs generated sequences until one fails.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use engine::{BrokenOff, CancellationToken, Rules, ScenarioResult, Stage};
use fault::Seed;
use futures_util::{StreamExt, future::ready, stream};
use scenario::Exploration;
use verdict::Verdict;

use crate::{
    coverage::Coverage,
    generator::Generator,
    progress::Progress,
    script::{Script, script},
    sequence::Sequence,
    shrink::{ShrinkLimits, Shrinker},
    trial::{FailingRun, ReplaySeed, Trials},
};

/// How an exploration is done.
#[derive(Debug, Clone)]
pub struct ExplorationOptions {
    /// Seed of all random choices. The same seed generates the same sequences.
    pub seed: Seed,
    /// The number of sequences; no limit when `None`.
    pub cases: Option<u64>,
    /// The real time during which new sequences are begun; no limit when `None`.
    pub lasting: Option<Duration>,
    /// The number of sequences that run side by side.
    pub jobs: NonZeroUsize,
    /// The part of the sequences that is run here, where several processes or threads divide them.
    pub shard: Shard,
    /// The limits of shrinking.
    pub limits: ShrinkLimits,
    /// How often the smallest failing sequence is run again, each time with the next seed.
    pub repeats: u32,
    /// Ends the exploration when it is cancelled. What was found until then is its result.
    pub stop: CancellationToken,
}

/// One of several equal parts of all sequences.
#[derive(Debug, Clone, Copy)]
pub struct Shard {
    /// The part's number, counted from 0.
    pub index: u32,
    /// The number of parts.
    pub of: NonZeroU32,
}

impl ExplorationOptions {
    /// This number of sequences of this seed, one after the other.
    pub fn new(seed: Seed, cases: u64) -> Self {
        Self {
            seed,
            cases: Some(cases),
            lasting: None,
            jobs: NonZeroUsize::MIN,
            shard: Shard { index: 0, of: NonZeroU32::MIN },
            limits: ShrinkLimits::default(),
            repeats: 10,
            stop: CancellationToken::new(),
        }
    }
}

/// The result of an exploration.
#[derive(Debug, Clone)]
pub struct ExplorationResult {
    /// Seed of all random choices.
    pub seed: Seed,
    /// The number of sequences that were run.
    pub cases: u64,
    /// The real time it took, without shrinking.
    pub took: Duration,
    /// What the sequences contained.
    pub coverage: Coverage,
    /// How often the services were started once more, because one wasn't ready the first time.
    pub repeated_starts: u32,
    /// Whether all of them held.
    pub outcome: ExplorationOutcome,
}

/// Whether all sequences of an exploration held.
#[derive(Debug, Clone)]
pub enum ExplorationOutcome {
    /// All sequences held.
    Held,
    /// It was stopped; all sequences held until then.
    Stopped,
    /// One sequence failed.
    Failed(Box<Counterexample>),
    /// The environment failed.
    BrokenOff(BrokenOff),
}

/// The smallest scenario found that still fails.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// The number of the sequence that failed at first, counted from 0.
    pub case: u64,
    /// The number of that sequence's steps.
    pub steps_found: usize,
    /// The failed run of the smallest scenario; the scenario is in it.
    pub result: Arc<ScenarioResult>,
    /// The seed to run that scenario with again. It is confirmed if one of `repeats` runs failed.
    pub seed: ReplaySeed,
    /// The number of steps of the smallest sequence.
    pub steps: usize,
    /// The number of runs that shrinking took.
    pub runs: u32,
    /// The number of further runs of the smallest scenario: with the seed it failed with and the numbers after it.
    pub repeats: u32,
    /// The number of those runs that failed.
    pub failures: u32,
}

/// A sequence that failed.
struct FailingCase {
    number: u64,
    sequence: Sequence,
    script: Script,
    result: Arc<ScenarioResult>,
}

/// Generates sequences and runs them until one fails, then shrinks that one.
pub async fn explore<S: Stage>(
    exploration: &Exploration,
    stage: &S,
    rules: &Rules,
    options: &ExplorationOptions,
    tell: &(impl Fn(Progress) + Send + Sync),
) -> ExplorationResult {
    let began = Instant::now();
    let trials = Trials::new(stage, rules, options.seed);
    let generator = Generator::new(exploration);
    let within = exploration.settle.unwrap_or(rules.settle);
    let numbers = (u64::from(options.shard.index)..).step_by(options.shard.of.get() as usize);
    let runs = stream::iter(numbers.take_while(|number| options.cases.is_none_or(|cases| *number < cases)))
        .take_while(|_| ready(options.lasting.is_none_or(|lasting| began.elapsed() < lasting)))
        .map(|number| {
            let sequence = generator.sequence(options.seed.derive(&format!("case {number}")));
            let script = script(exploration, &sequence, title(exploration, number), within);
            let trials = &trials;
            async move {
                let result = trials.run(Arc::clone(&script.scenario), trials.seed).await;
                (number, sequence, script, result)
            }
        })
        .buffer_unordered(options.jobs.get());
    let mut runs = pin!(runs);
    let (mut cases, mut coverage) = (0, Coverage::new(exploration));
    let mut failed = None;
    while failed.is_none()
        && let Some(Some((number, sequence, script, result))) =
            options.stop.run_until_cancelled(runs.next()).await
    {
        cases += 1;
        coverage.add(&script, &result);
        match &result.verdict {
            Verdict::Passed | Verdict::Skipped(_) => {
                let coverable = coverage.len();
                let covered = coverable - coverage.missing().len();
                tell(Progress::Explored { cases, took: began.elapsed(), covered, coverable });
            }
            Verdict::BrokenOff(broken) => failed = Some(Err(broken.clone())),
            Verdict::Failed(_) => {
                failed = Some(Ok(FailingCase { number, sequence, script, result: Arc::new(result) }));
            }
        }
    }
    let took = began.elapsed();
    let outcome = match failed {
        None if options.stop.is_cancelled() => ExplorationOutcome::Stopped,
        None => ExplorationOutcome::Held,
        Some(Err(broken)) => ExplorationOutcome::BrokenOff(broken),
        Some(Ok(case)) => {
            let (steps, result) = (case.sequence.steps.len(), Arc::clone(&case.result));
            tell(Progress::Failed { case: case.number, steps, result });
            let found = shrink(exploration, &trials, options, tell, case).await;
            ExplorationOutcome::Failed(Box::new(found))
        }
    };
    let repeated_starts = trials.repeated_starts();
    ExplorationResult { seed: options.seed, cases, took, coverage, repeated_starts, outcome }
}

fn title(exploration: &Exploration, case: u64) -> String {
    format!("{} (case {case})", exploration.name)
}

async fn shrink<S: Stage>(
    exploration: &Exploration,
    trials: &Trials<'_, S>,
    options: &ExplorationOptions,
    tell: &(impl Fn(Progress) + Send + Sync),
    case: FailingCase,
) -> Counterexample {
    let steps_found = case.sequence.steps.len();
    let failing = FailingRun { result: case.result, seed: ReplaySeed::Confirmed(options.seed) };
    let mut shrinker =
        Shrinker::new(exploration, trials, options.limits, tell, &case.sequence, case.script, failing);
    // Stopped, it still has the smallest sequence so far.
    options.stop.run_until_cancelled(shrinker.shrink()).await;
    let Shrinker { failing: FailingRun { result, seed }, best, runs, .. } = shrinker;
    let first = seed.seed();
    let (mut repeats, mut failures, mut confirmed) = (0, 0, None);
    for next in (0..options.repeats).map(|repeat| first.after(repeat)) {
        tell(Progress::Repeated { runs: repeats, of: options.repeats });
        let again = trials.run(Arc::clone(&result.scenario), next);
        let Some(again) = options.stop.run_until_cancelled(again).await else { break };
        repeats += 1;
        if let Verdict::Failed(_) = again.verdict {
            failures += 1;
            confirmed.get_or_insert(next);
        }
    }
    let unconfirmed = if repeats == 0 { seed } else { ReplaySeed::Unconfirmed { first, tried: repeats } };
    Counterexample {
        case: case.number,
        steps_found,
        result,
        seed: confirmed.map_or(unconfirmed, ReplaySeed::Confirmed),
        steps: best.steps.len(),
        runs,
        repeats,
        failures,
    }
}
