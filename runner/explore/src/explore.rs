//! Sequence after sequence, until one fails.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use engine::{BrokenOff, Rules, ScenarioResult, Stage};
use fault::Seed;
use futures_util::{StreamExt, future::ready, stream};
use scenario::Exploration;
use verdict::Verdict;

use crate::{
    Event, Limits, coverage::Coverage, generate::Generator, script::script, sequence::Sequence,
    shrink::Shrinker, trial::Trials,
};

/// How an exploration is done.
#[derive(Debug, Clone)]
pub struct Options {
    /// What all chance comes from: the same seed, the same sequences.
    pub seed: Seed,
    /// How many sequences; without a limit when `None`.
    pub cases: Option<u64>,
    /// For how much real time new ones are begun; without a limit when `None`.
    pub lasting: Option<Duration>,
    /// How many are run side by side, where worlds can be.
    pub jobs: NonZeroUsize,
    /// Which of the sequences, where several processes or threads divide them.
    pub share: Share,
    /// How far a failure is shrunk.
    pub limits: Limits,
    /// How often the smallest failing sequence is run again, each time with the next seed.
    pub repeats: u32,
}

/// One of several parts of all sequences.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// Which, from 0.
    pub index: u32,
    /// Of how many.
    pub of: NonZeroU32,
}

impl Options {
    /// So many sequences of this seed, one after the other.
    pub fn new(seed: Seed, cases: u64) -> Self {
        Self {
            seed,
            cases: Some(cases),
            lasting: None,
            jobs: NonZeroUsize::MIN,
            share: Share { index: 0, of: NonZeroU32::MIN },
            limits: Limits::default(),
            repeats: 10,
        }
    }
}

/// What came of an exploration.
#[derive(Debug, Clone)]
pub struct ExplorationResult {
    /// What all chance came from.
    pub seed: Seed,
    /// How many sequences were run.
    pub cases: u64,
    /// In how much real time, without shrinking.
    pub took: Duration,
    /// What they consisted of.
    pub coverage: Coverage,
    /// Whether all of them held.
    pub outcome: Outcome,
}

/// Whether all sequences of an exploration held.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// They did.
    Held,
    /// One of them failed.
    Failed(Box<Counterexample>),
    /// The environment failed.
    BrokenOff(BrokenOff),
}

/// The smallest scenario found that still fails.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// The number of the sequence that failed at first.
    pub case: u64,
    /// How many steps that one had.
    pub steps_found: usize,
    /// What came of the smallest one; its scenario is in there.
    pub result: Arc<ScenarioResult>,
    /// How many steps of the sequence are left.
    pub steps: usize,
    /// How many runs shrinking took.
    pub runs: u32,
    /// Of how many runs of the smallest one, with the seed and those that follow it.
    pub repeats: u32,
    /// So many failed.
    pub failures: u32,
}

/// Generates sequences and runs them until one fails, and then shrinks that one.
pub async fn explore<S: Stage>(
    exploration: &Exploration,
    stage: &S,
    rules: &Rules,
    options: &Options,
    tell: &(impl Fn(Event) + Send + Sync),
) -> ExplorationResult {
    let began = Instant::now();
    let trials = Trials { stage, rules, seed: options.seed };
    let generator = Generator::new(exploration);
    let within = exploration.settle.unwrap_or(rules.settle);
    let numbers = (u64::from(options.share.index)..).step_by(options.share.of.get() as usize);
    let runs = stream::iter(numbers.take_while(|number| options.cases.is_none_or(|cases| *number < cases)))
        .take_while(|_| ready(options.lasting.is_none_or(|lasting| began.elapsed() < lasting)))
        .map(|case| {
            let sequence = generator.sequence(options.seed.derive(&format!("case {case}")));
            let scenario = Arc::new(script(exploration, &sequence, title(exploration, case), within));
            let trials = &trials;
            async move { (case, sequence, trials.run(scenario).await) }
        })
        .buffer_unordered(options.jobs.get());
    let mut runs = pin!(runs);
    let (mut cases, mut coverage) = (0, Coverage::new(exploration));
    let mut outcome = None;
    while outcome.is_none()
        && let Some((case, sequence, result)) = runs.next().await
    {
        cases += 1;
        coverage.add(&result);
        match &result.verdict {
            Verdict::Passed | Verdict::Skipped(_) => tell(Event::Explored { cases, took: began.elapsed() }),
            Verdict::BrokenOff(broken) => outcome = Some(Err(broken.clone())),
            Verdict::Failed(_) => outcome = Some(Ok((case, sequence, Arc::new(result)))),
        }
    }
    let took = began.elapsed();
    let outcome = match outcome {
        None => Outcome::Held,
        Some(Err(broken)) => Outcome::BrokenOff(broken),
        Some(Ok((case, sequence, result))) => {
            let steps = sequence.steps.len();
            tell(Event::Failed { case, steps, result: Arc::clone(&result) });
            let found = shrink(exploration, &trials, options, tell, case, &sequence, result).await;
            Outcome::Failed(Box::new(found))
        }
    };
    ExplorationResult { seed: options.seed, cases, took, coverage, outcome }
}

fn title(exploration: &Exploration, case: u64) -> String {
    format!("{} (case {case})", exploration.name)
}

async fn shrink<S: Stage>(
    exploration: &Exploration,
    trials: &Trials<'_, S>,
    options: &Options,
    tell: &(impl Fn(Event) + Send + Sync),
    case: u64,
    failing: &Sequence,
    result: Arc<ScenarioResult>,
) -> Counterexample {
    let steps_found = failing.steps.len();
    let mut shrinker = Shrinker::new(exploration, trials, options.limits, tell, failing, result);
    shrinker.shrink().await;
    let Shrinker { result, best, runs, .. } = shrinker;
    let mut failures = 0;
    for repeat in 0..options.repeats {
        let seed = Seed(options.seed.0.wrapping_add(repeat.into()));
        let trials = Trials { seed, ..*trials };
        failures +=
            u32::from(matches!(trials.run(Arc::clone(&result.scenario)).await.verdict, Verdict::Failed(_)));
    }
    Counterexample {
        case,
        steps_found,
        result,
        steps: best.steps.len(),
        runs,
        repeats: options.repeats,
        failures,
    }
}
