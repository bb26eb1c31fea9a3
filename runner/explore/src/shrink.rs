//! A smaller sequence that fails in the same way.
//!
//! Delta debugging on the steps, then each step made simpler (its values, what it refers to, when it is sent), then the
//! steps again, until nothing changes any more. Any part of a sequence is a sequence, so there is nothing to repair.
//!
//! One thing is no part of shrinking: leaving open what came of a request. Who never asks again may find an order unpaid
//! and the money gone in a system that is right.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
    time::Duration,
};

use engine::{ScenarioResult, Stage};
use scenario::Exploration;

use crate::{
    Event,
    script::{script, unasked_keys, without_idle_steps},
    sequence::{Element, Release, Sequence},
    trial::{OTHER_NAMES, Trials, complaints, is_certain},
};

/// How far shrinking goes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most runs.
    pub runs: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { runs: 2_000 }
    }
}

/// Makes a failing sequence smaller.
pub(crate) struct Shrinker<'a, S, T> {
    exploration: &'a Exploration,
    trials: &'a Trials<'a, S>,
    name: String,
    limits: Limits,
    tell: &'a T,
    /// What the sequence found at first complains of: a smaller one must complain of some of it.
    complaints: BTreeSet<String>,
    tried: BTreeMap<Sequence, bool>,
    other_names: u32,
    pub(crate) runs: u32,
    pub(crate) best: Sequence,
    pub(crate) result: Arc<ScenarioResult>,
}

impl<'a, S: Stage, T: Fn(Event)> Shrinker<'a, S, T> {
    pub(crate) fn new(
        exploration: &'a Exploration,
        trials: &'a Trials<'a, S>,
        limits: Limits,
        tell: &'a T,
        failing: &Sequence,
        result: Arc<ScenarioResult>,
    ) -> Self {
        let complaints = complaints(&result, trials.rules);
        let name = result.scenario.name.clone();
        let best = without_idle_steps(exploration, failing);
        let tried = BTreeMap::new();
        let other_names = 0;
        Self {
            exploration,
            trials,
            name,
            limits,
            tell,
            complaints,
            tried,
            other_names,
            runs: 0,
            best,
            result,
        }
    }

    /// Shrinks as far as it goes; further, if need be with other chance, where it takes chance to fail.
    pub(crate) async fn shrink(&mut self) {
        self.shrink_with_this_chance().await;
        let unasked = unasked_keys(self.exploration, &self.best);
        let fails = |result: &ScenarioResult| self.is_alike(result, &unasked);
        if self.trials.is_by_chance(&self.result.scenario, fails).await {
            self.other_names = OTHER_NAMES;
            self.tried.clear();
            self.shrink_with_this_chance().await;
        }
    }

    async fn shrink_with_this_chance(&mut self) {
        loop {
            let before = self.best.clone();
            self.fewer_steps().await;
            self.simpler_steps().await;
            if self.best == before {
                break;
            }
        }
        let renumbered = self.best.renumbered();
        self.take(renumbered).await;
    }

    async fn fewer_steps(&mut self) {
        fewer(self.best.steps.len(), async |steps| {
            self.take(self.best.without(steps)).await.then_some(self.best.steps.len())
        })
        .await;
    }

    async fn simpler_steps(&mut self) {
        let numbers: Vec<u32> = self.best.steps.iter().map(|step| step.number).collect();
        for number in numbers {
            self.release_alone(number).await;
            self.refer_earlier(number).await;
            self.another_fault(number).await;
            self.draw_less(number).await;
            self.wait_less(number).await;
        }
    }

    /// Puts another element in a step's place, if it fails as well. It may be that the step is gone.
    async fn change(&mut self, number: u32, change: impl FnOnce(&mut Element) -> bool) -> bool {
        let Some(at) = self.best.steps.iter().position(|step| step.number == number) else { return false };
        let mut element = self.best.steps[at].element.clone();
        change(&mut element) && self.take(self.best.with(at, element)).await
    }

    async fn release_alone(&mut self, number: u32) {
        self.change(number, |element| match element {
            Element::Call { release, .. } | Element::Again { release, .. } => {
                std::mem::replace(release, Release::After) == Release::Beside
            }
            _ => false,
        })
        .await;
    }

    /// Lets a step use what an earlier one made, so that a later one is needed no more.
    async fn refer_earlier(&mut self, number: u32) {
        let Some(Element::Call { handles, .. }) = self.best.step(number).map(|step| &step.element) else {
            return;
        };
        for place in 0..handles.len() {
            let earlier: Vec<u32> = self.best.steps.iter().map(|step| step.number).collect();
            for maker in earlier {
                let simpler = |element: &mut Element| match element {
                    Element::Call { handles, .. } if maker < handles[place] => {
                        handles[place] = maker;
                        true
                    }
                    _ => false,
                };
                if self.change(number, simpler).await {
                    break;
                }
            }
        }
    }

    /// Puts each other fault in the place of this one, and keeps one with which fewer steps are enough.
    async fn another_fault(&mut self, number: u32) {
        for fault in 0..self.exploration.faults.len() {
            let (best, result) = (self.best.clone(), Arc::clone(&self.result));
            let other = |element: &mut Element| match element {
                Element::Inject(present) => std::mem::replace(present, fault) != fault,
                _ => false,
            };
            if self.change(number, other).await {
                self.fewer_steps().await;
                if self.best.steps.len() >= best.steps.len() {
                    (self.best, self.result) = (best, result);
                }
            }
        }
    }

    /// Takes simpler values: the first there is, or else, by halves, one nearer to it.
    async fn draw_less(&mut self, number: u32) {
        let Some(Element::Call { values, .. }) = self.best.step(number).map(|step| &step.element) else {
            return;
        };
        for (at, drawn) in values.clone().into_iter().enumerate() {
            let (mut holds, mut fails) = (None, drawn);
            while let Some(next) = nearer(holds, fails) {
                let simpler = |element: &mut Element| match element {
                    Element::Call { values, .. } => std::mem::replace(&mut values[at], next) != next,
                    _ => false,
                };
                if self.change(number, simpler).await {
                    fails = next;
                } else {
                    holds = Some(next);
                }
            }
        }
    }

    async fn wait_less(&mut self, number: u32) {
        let Some(Element::Wait(time)) = self.best.step(number).map(|step| &step.element) else { return };
        let (mut holds, mut fails) = (None, u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        while let Some(next) = nearer(holds, fails) {
            let shorter = |element: &mut Element| {
                *element = Element::Wait(Duration::from_millis(next));
                true
            };
            if self.change(number, shorter).await {
                fails = next;
            } else {
                holds = Some(next);
            }
        }
    }

    /// Takes a smaller sequence if it fails in the same way.
    async fn take(&mut self, candidate: Sequence) -> bool {
        let candidate = without_idle_steps(self.exploration, &candidate);
        if candidate == self.best || candidate.steps.is_empty() {
            return false;
        }
        if let Some(failed) = self.tried.get(&candidate) {
            return *failed;
        }
        if self.runs >= self.limits.runs {
            return false;
        }
        let within = self.exploration.settle.unwrap_or(self.trials.rules.settle);
        let scenario = script(self.exploration, &candidate, self.name.clone(), within);
        let unasked = unasked_keys(self.exploration, &candidate);
        let fails = |result: &ScenarioResult| self.is_alike(result, &unasked);
        let (result, runs) = self.trials.run_until(&scenario, self.other_names, fails).await;
        self.runs += runs;
        let failed = result.is_some();
        if let Some(result) = result {
            self.name.clone_from(&result.scenario.name);
            (self.best, self.result) = (candidate.clone(), result);
        }
        (self.tell)(Event::Shrunk { runs: self.runs, steps: self.best.steps.len() });
        self.tried.insert(candidate, failed);
        failed
    }

    /// Whether that is what was wrong at first, and certainly wrong.
    fn is_alike(&self, result: &ScenarioResult, unasked: &[String]) -> bool {
        !complaints(result, self.trials.rules).is_disjoint(&self.complaints) && is_certain(result, unasked)
    }
}

/// Leaves out ever smaller pieces of so many steps, from the end on: what is later refers to what is earlier. `take` does
/// without some steps if what is left still fails, and says how many are left then.
pub(crate) async fn fewer(mut len: usize, mut take: impl AsyncFnMut(Range<usize>) -> Option<usize>) {
    let mut size = len.div_ceil(2);
    while size > 0 {
        let mut removed = false;
        let mut end = len;
        while end > 0 {
            let start = end.saturating_sub(size);
            end = match take(start..end).await {
                Some(left) => {
                    (removed, len) = (true, left);
                    start.min(left)
                }
                None => start,
            };
        }
        // What goes may let more go; single steps are tried until none does.
        if size > 1 || !removed {
            size /= 2;
        }
    }
}

/// Between what is known to hold and what is known to fail: 0 first, then the middle.
fn nearer(holds: Option<u64>, fails: u64) -> Option<u64> {
    match holds {
        None => (fails > 0).then_some(0),
        Some(holds) => (fails - holds > 1).then(|| holds + (fails - holds) / 2),
    }
}
