//! The arguments that select and order scenarios: `--filter`, `--rerun-failed`, `--shard` and `--sort`.

use std::{collections::BTreeSet, num::NonZeroU32, sync::Arc};

use ::explore::Shard;
use clap::{Args, ValueEnum};
use fault::Seed;
use report::render_mistake;
use scenario::{Mistake, Scenario, Span};

use crate::{
    filter::Filter,
    last_run::{LastResult, LastRun, LastVerdict},
};

/// The arguments that select and order scenarios.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SelectionArgs {
    /// Only scenarios with this text in their name or path, or with this tag; or those that an expression selects, such as
    /// `tag(payments) & !path(crashes/)` (below); repeated: any of them.
    #[arg(long, short, value_name = "FILTER")]
    pub(crate) filter: Vec<String>,
    /// Only scenarios that failed, or were broken off, when they last ran.
    #[arg(long)]
    pub(crate) rerun_failed: bool,
    /// Only the K-th of N parts of the scenarios, such as `1/4`: each is in exactly one part. Every part needs the same paths
    /// and filters.
    #[arg(long, value_name = "K/N", value_parser = shard)]
    pub(crate) shard: Option<Shard>,
    /// The order in which scenarios are started: by `path`, by `name`, by `duration` (those first that took longest when they
    /// last ran), those first that `failed` when they last ran, or `random` (by the seed) [default: as the paths are named].
    #[arg(long, value_name = "ORDER")]
    pub(crate) sort: Option<Order>,
}

/// An order of scenarios, as the option's help describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    Path,
    Name,
    Duration,
    Failed,
    Random,
}

/// Why nothing is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NothingSelected {
    /// No scenario was found.
    NoScenario,
    /// `--rerun-failed`, and nothing has run yet.
    NoLastRun,
    /// `--rerun-failed`, and of so many scenarios none failed.
    NoneFailed(usize),
    /// The filters select none of so many scenarios. With what the texts among them may mean.
    Filtered(usize, Vec<String>),
    /// Of so many scenarios none is in this part; the other parts have them.
    EmptyShard(usize),
}

impl NothingSelected {
    /// The line that says so, of a command that does this, where so many explorations were found.
    pub(crate) fn told(&self, verb: &str, explorations: usize) -> String {
        let why = match (self, explorations) {
            (Self::NoScenario, 0) => "no scenario was found.".to_owned(),
            (Self::NoScenario, _) => "only explorations were found; `explore` runs those.".to_owned(),
            (Self::NoLastRun, _) => "nothing has run here yet, so that nothing has failed.".to_owned(),
            (Self::NoneFailed(all), _) => {
                format!("of {} none failed when it last ran.", report::count(*all, "scenario"))
            }
            (Self::Filtered(all, meant), _) => {
                let meant: Vec<String> = meant.iter().map(|meant| format!("\n   = {meant}")).collect();
                format!("of {} none is selected.{}", report::count(*all, "scenario"), meant.concat())
            }
            (Self::EmptyShard(all), _) => {
                format!("the other parts have the {}.", report::count(*all, "scenario"))
            }
        };
        format!("Nothing to {verb}: {why}\n")
    }
}

impl SelectionArgs {
    /// Reads the filters, or returns all mistakes in them as text.
    pub(crate) fn filters(&self) -> Result<Vec<Filter>, String> {
        let (mut filters, mut mistakes) = (Vec::new(), String::new());
        for text in &self.filter {
            match Filter::parse(text) {
                Ok(filter) => filters.push(filter),
                Err(found) => {
                    let shown = found.into_iter().map(|mistake| {
                        let before = text.get(..mistake.offset).unwrap_or_default();
                        let column = u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX);
                        let span = Span { line: 1, column, offset: mistake.offset, length: mistake.length };
                        let file = Arc::new("--filter".into());
                        let help = Some(mistake.help);
                        render_mistake(&Mistake { file, span, message: mistake.message, help }, Some(text))
                            + "\n"
                    });
                    mistakes.extend(shown);
                }
            }
        }
        if mistakes.is_empty() { Ok(filters) } else { Err(mistakes) }
    }

    /// The selected scenarios in their order. `seed` is that of the run.
    pub(crate) fn choose(
        &self,
        scenarios: &[Arc<Scenario>],
        filters: &[Filter],
        last: &LastRun,
        seed: Seed,
    ) -> Result<Vec<Arc<Scenario>>, NothingSelected> {
        let failed = |scenario: &Scenario| last.verdict(scenario).is_some_and(LastVerdict::is_failure);
        let mut chosen: Vec<_> =
            scenarios.iter().filter(|scenario| !self.rerun_failed || failed(scenario)).cloned().collect();
        match (chosen.is_empty(), scenarios.len()) {
            (true, 0) => return Err(NothingSelected::NoScenario),
            (true, _) if last.is_empty() => return Err(NothingSelected::NoLastRun),
            (true, all) => return Err(NothingSelected::NoneFailed(all)),
            (false, _) => {}
        }
        let before = chosen.len();
        if !filters.is_empty() {
            chosen.retain(|scenario| {
                let verdict = last.verdict(scenario);
                filters.iter().any(|filter| filter.selects(scenario, verdict))
            });
        }
        if chosen.is_empty() {
            let meant = self.filter.iter().filter_map(|text| {
                let meant = Filter::meant(text)?;
                Some(format!("`{text}` is looked for as it stands; did you mean `--filter '{meant}'`?"))
            });
            return Err(NothingSelected::Filtered(before, meant.collect()));
        }
        let before = chosen.len();
        if let Some(shard) = self.shard {
            chosen = part(chosen, shard);
        }
        if chosen.is_empty() {
            return Err(NothingSelected::EmptyShard(before));
        }
        if let Some(order) = self.sort {
            sort(&mut chosen, order, last, seed);
        }
        Ok(chosen)
    }
}

/// The part of scenarios that a shard has, in their order. They are dealt out by path and name, so that no other order and
/// no machine makes a difference, and the parts differ by one scenario at most.
fn part(scenarios: Vec<Arc<Scenario>>, shard: Shard) -> Vec<Arc<Scenario>> {
    let mut sorted: Vec<usize> = (0..scenarios.len()).collect();
    sorted.sort_by_key(|position| (&scenarios[*position].file, &scenarios[*position].name));
    let mine = sorted.into_iter().skip(shard.index as usize).step_by(shard.of.get() as usize);
    let mine: BTreeSet<usize> = mine.collect();
    let all = scenarios.into_iter().enumerate();
    all.filter(|(position, _)| mine.contains(position)).map(|(_, scenario)| scenario).collect()
}

fn sort(scenarios: &mut [Arc<Scenario>], order: Order, last: &LastRun, seed: Seed) {
    let took = |scenario: &Scenario| last.of(scenario).map(LastResult::took);
    match order {
        Order::Path => scenarios.sort_by(|a, b| (&a.file, &a.name).cmp(&(&b.file, &b.name))),
        Order::Name => scenarios.sort_by(|a, b| a.name.cmp(&b.name)),
        // One that hasn't run may take long.
        Order::Duration => scenarios.sort_by_cached_key(|scenario| {
            let took = took(scenario);
            (took.is_some(), std::cmp::Reverse(took))
        }),
        Order::Failed => scenarios.sort_by_cached_key(|scenario| match last.verdict(scenario) {
            Some(verdict) if verdict.is_failure() => 0,
            None => 1,
            Some(_) => 2,
        }),
        Order::Random => {
            scenarios.sort_by_cached_key(|scenario| seed.derive(&format!("order of {}", scenario.name)));
        }
    }
}

/// Reads `K/N`.
pub(crate) fn shard(text: &str) -> Result<Shard, String> {
    let read = || {
        let (part, of) = text.split_once('/')?;
        let (part, of): (u32, NonZeroU32) = (part.trim().parse().ok()?, of.trim().parse().ok()?);
        let index = part.checked_sub(1).filter(|_| part <= of.get())?;
        Some(Shard { index, of })
    };
    read().ok_or_else(|| "a part is `K/N` with K from 1 to N, such as `1/4`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenarios(count: usize) -> Vec<Arc<Scenario>> {
        // Not in the order of their names.
        (0..count).map(|i| Arc::new(Scenario::new(format!("S{}", i * 7 % 11), format!("{i}.yaml")))).collect()
    }

    #[test]
    fn every_scenario_is_in_exactly_one_part_whatever_the_order() {
        for (count, of) in [(0, 1), (1, 1), (1, 3), (10, 3), (9, 4), (4, 9)] {
            let all = scenarios(count);
            let reversed: Vec<_> = all.iter().rev().cloned().collect();
            let mut seen = BTreeSet::new();
            for number in 1..=of {
                let shard = shard(&format!("{number}/{of}")).expect("a part");
                let mine = part(all.clone(), shard);
                assert!(mine.len().abs_diff(count / of) <= 1, "the parts are equal");
                assert!(mine.iter().all(|scenario| seen.insert(scenario.file.clone())), "in one part only");
                let backwards: Vec<_> = part(reversed.clone(), shard).into_iter().rev().collect();
                assert_eq!(names(&mine), names(&backwards));
            }
            assert_eq!(seen.len(), count);
        }
    }

    fn names(scenarios: &[Arc<Scenario>]) -> Vec<&str> {
        scenarios.iter().map(|scenario| scenario.name.as_str()).collect()
    }

    #[test]
    fn a_part_is_one_of_those_that_there_are() {
        assert_eq!(shard("2/4").map(|shard| (shard.index, shard.of.get())), Ok((1, 4)));
        for wrong in ["0/4", "5/4", "1/0", "1", "/", "a/b", "-1/4", ""] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }
}
