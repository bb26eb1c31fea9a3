//! Shrinks a failing sequence to a smaller one that fails in the same way.
//!
//! Delta debugging on the steps, then each step made simpler (its values, the steps it refers to, when it is sent), then the
//! steps again, until nothing changes any more. Any part of a sequence is a sequence, so nothing has to be repaired.
//!
//! A sequence that fails only because the outcome of a request was left open is not accepted: a client that never asks again
//! may find an order unpaid and the money gone in a system that is right.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    time::Duration,
};

use engine::{ScenarioResult, Stage};
use scenario::Exploration;

use crate::{
    certainty::is_certain,
    complaint::{Complaint, complaints},
    progress::Progress,
    script::{Script, script, without_idle_steps},
    sequence::{Element, Release, Sequence},
    trial::{FailingRun, OTHER_SEEDS, Trials},
};

/// The limits of shrinking.
#[derive(Debug, Clone, Copy)]
pub struct ShrinkLimits {
    /// The most runs.
    pub runs: u32,
}

impl Default for ShrinkLimits {
    fn default() -> Self {
        Self { runs: 2_000 }
    }
}

/// Makes a failing sequence smaller.
pub(crate) struct Shrinker<'a, S, T> {
    exploration: &'a Exploration,
    trials: &'a Trials<'a, S>,
    limits: ShrinkLimits,
    tell: &'a T,
    /// The complaints of the sequence found at first. A smaller one must have one of them.
    complaints: BTreeSet<Complaint>,
    /// The sequences that were tried, and whether they failed in the same way.
    tried: BTreeMap<Sequence, bool>,
    /// The number of further seeds that each sequence is tried with.
    other_seeds: u32,
    pub(crate) runs: u32,
    /// The smallest sequence that fails, its scenario and its failed run.
    pub(crate) best: Sequence,
    script: Script,
    pub(crate) failing: FailingRun,
}

impl<'a, S: Stage, T: Fn(Progress)> Shrinker<'a, S, T> {
    pub(crate) fn new(
        exploration: &'a Exploration,
        trials: &'a Trials<'a, S>,
        limits: ShrinkLimits,
        tell: &'a T,
        sequence: &Sequence,
        script: Script,
        failing: FailingRun,
    ) -> Self {
        Self {
            exploration,
            trials,
            limits,
            tell,
            complaints: complaints_of(&script, &failing.result),
            tried: BTreeMap::new(),
            other_seeds: 0,
            runs: 0,
            best: without_idle_steps(exploration, sequence),
            script,
            failing,
        }
    }

    /// Shrinks the sequence as far as possible: with the seed it failed with, and also with others if it fails with some
    /// seeds only.
    pub(crate) async fn shrink(&mut self) {
        self.shrink_further().await;
        if self.trials.depends_on_seed(&self.failing).await {
            self.other_seeds = OTHER_SEEDS;
            self.tried.clear();
            self.shrink_further().await;
        }
    }

    async fn shrink_further(&mut self) {
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

    /// Changes the element of a step, if the sequence then fails as well. The step may have been removed before.
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

    /// Lets a step refer to an earlier one, so that a later one can be removed.
    async fn refer_earlier(&mut self, number: u32) {
        let Some(Element::Call { handles, .. }) = self.best.step(number).map(|step| &step.element) else {
            return;
        };
        for handle in 0..handles.len() {
            let earlier: Vec<u32> = self.best.steps.iter().map(|step| step.number).collect();
            for maker in earlier {
                let simpler = |element: &mut Element| match element {
                    Element::Call { handles, .. } if maker < handles[handle] => {
                        handles[handle] = maker;
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

    /// Replaces a fault by each other one. Keeps the replacement if fewer steps are enough with it.
    async fn another_fault(&mut self, number: u32) {
        for fault in 0..self.exploration.faults.len() {
            let before = (self.best.clone(), self.script.clone(), self.failing.clone());
            let other = |element: &mut Element| match element {
                Element::Inject(present) => std::mem::replace(present, fault) != fault,
                _ => false,
            };
            if self.change(number, other).await {
                self.fewer_steps().await;
                if self.best.steps.len() >= before.0.steps.len() {
                    (self.best, self.script, self.failing) = before;
                }
            }
        }
    }

    /// Replaces drawn values by simpler ones: by the first of their range, or one nearer to it (bisection).
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
        let name = self.script.scenario.name.clone();
        let script = script(self.exploration, &candidate, name, within);
        let fails = |result: &ScenarioResult| self.is_alike(&script, result);
        let seed = self.failing.seed.seed();
        let (found, runs) = self.trials.run_until(&script.scenario, seed, self.other_seeds, fails).await;
        self.runs += runs;
        let failed = found.is_some();
        if let Some(failing) = found {
            (self.best, self.script, self.failing) =
                (candidate.clone(), script, FailingRun::confirmed(failing));
        }
        let (runs, steps) = (self.runs, self.best.steps.len());
        (self.tell)(if failed {
            Progress::Shrunk { runs, steps, failing: self.failing.clone() }
        } else {
            Progress::Tried { runs, steps }
        });
        self.tried.insert(candidate, failed);
        failed
    }

    /// Whether a run of this script fails in the same way as the sequence found at first, and certainly.
    fn is_alike(&self, script: &Script, result: &ScenarioResult) -> bool {
        !complaints_of(script, result).is_disjoint(&self.complaints)
            && is_certain(result, &script.unchecked_keys)
    }
}

fn complaints_of(script: &Script, result: &ScenarioResult) -> BTreeSet<Complaint> {
    complaints(result, |step, member| script.operation_of_member(step, member).map(str::to_owned))
}

/// Delta debugging: removes ever smaller pieces of `len` steps, the last ones first, since later steps refer to earlier ones.
/// `take` removes a range of steps if the rest still fails, and returns the number of steps that are left then.
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
        // Once a step is removed, others may be removed too: single steps are tried until none is.
        if size > 1 || !removed {
            size /= 2;
        }
    }
}

/// The next value of a bisection between one that holds and one that fails: 0 first, then the middle.
fn nearer(holds: Option<u64>, fails: u64) -> Option<u64> {
    match holds {
        None => (fails > 0).then_some(0),
        Some(holds) => (fails - holds > 1).then(|| holds + (fails - holds) / 2),
    }
}
