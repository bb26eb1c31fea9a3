//! Several runs of each scenario: which of them a result is of, and how many failed.

use std::{collections::BTreeMap, num::NonZeroU32, path::Path, sync::Arc};

use engine::ScenarioResult;
use fault::Seed;
use owo_colors::OwoColorize;
use verdict::Verdict;

/// How often each scenario runs, each time with the next seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repetitions {
    /// The number of runs of each scenario.
    pub runs: NonZeroU32,
}

impl Default for Repetitions {
    fn default() -> Self {
        Self { runs: NonZeroU32::MIN }
    }
}

impl Repetitions {
    /// Whether a scenario runs more than once.
    pub(crate) fn are_several(self) -> bool {
        self.runs > NonZeroU32::MIN
    }

    /// The number of the run that a result is of, counted from 0, in a run with this seed.
    fn number(self, result: &ScenarioResult, seed: Seed) -> u32 {
        let is_seed = |number: &u32| seed.after(*number).derive(&result.scenario.name) == result.seed;
        (0..self.runs.get()).find(is_seed).unwrap_or(0)
    }

    /// The seed of a run in which a scenario, run once, is the same run again.
    pub(crate) fn seed_of(self, result: &ScenarioResult, seed: Seed) -> Seed {
        seed.after(self.number(result, seed))
    }

    /// A scenario's name with the number of the run, if there are several: `Alice pays (2 of 5)`.
    pub(crate) fn name(self, result: &ScenarioResult, seed: Seed) -> String {
        self.numbered(&result.scenario.name, self.number(result, seed))
    }

    /// A scenario's name with the number of a run that is counted from 0, if there are several.
    pub(crate) fn numbered(self, name: &str, number: u32) -> String {
        if self.are_several() { format!("{name} ({} of {})", number + 1, self.runs) } else { name.to_owned() }
    }

    /// What is counted in a summary: scenarios, or runs of them.
    pub(crate) fn counted(self) -> &'static str {
        if self.are_several() { "run" } else { "scenario" }
    }

    /// The seed with which all of these results can be had again without repetitions, if there is one.
    pub(crate) fn common_seed<'a>(
        self,
        results: impl IntoIterator<Item = &'a ScenarioResult>,
        seed: Seed,
    ) -> Option<Seed> {
        let mut seeds = results.into_iter().map(|result| self.seed_of(result, seed));
        let first = seeds.next()?;
        seeds.all(|other| other == first).then_some(first)
    }

    /// A line for each scenario of which some runs failed: `flaky: Alice pays: 2 of 5 failed (seeds 8, 10)`. `ended` are all
    /// results.
    pub(crate) fn lines(self, ended: &[Arc<ScenarioResult>], seed: Seed) -> String {
        if !self.are_several() {
            return String::new();
        }
        let mut scenarios: BTreeMap<(&Path, &str), (Vec<Seed>, usize)> = BTreeMap::new();
        for result in ended.iter().filter(|result| !matches!(result.verdict, Verdict::Skipped(_))) {
            let scenario = (result.scenario.file.as_path(), result.scenario.name.as_str());
            let (failed, of) = scenarios.entry(scenario).or_default();
            *of += 1;
            failed.extend((result.verdict != Verdict::Passed).then(|| self.seed_of(result, seed)));
        }
        let line = |((_, name), (mut failed, of)): ((&Path, &str), (Vec<Seed>, usize))| {
            failed.sort_unstable();
            let seeds = failed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let plural = if failed.len() == 1 { "seed" } else { "seeds" };
            match failed.len() {
                0 => String::new(),
                all if all == of => format!("{} {name}: all of {of} failed\n", "failed:".red()),
                some => format!("{} {name}: {some} of {of} failed ({plural} {seeds})\n", "flaky:".yellow()),
            }
        };
        scenarios.into_iter().map(line).collect()
    }
}
