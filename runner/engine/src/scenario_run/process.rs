//! The processes of services while a scenario runs: signals to them, and those that end by themselves.

use fault::ServiceName;
use scenario::{EffectExpectation, ProcessStep, Signal, StartWait};
use verdict::{BrokenOff, Failure, FailureLocation, Finding, History, HistoryEvent, ProcessChange};

use super::{Place, ScenarioRun, StepFindings, failure};
use crate::World;

/// The finding of a signal that the system under test made fail; an error if its environment did.
pub(super) fn failed_signal(sent: Result<(), BrokenOff>) -> Result<Option<Finding>, BrokenOff> {
    match sent {
        Ok(()) => Ok(None),
        Err(broken) => broken.finding().map(Some).ok_or(broken),
    }
}

/// The last thing that happened to a service's process, with the position of its record.
fn last_change(history: &History, service: &ServiceName) -> Option<(usize, ProcessChange)> {
    history.records().iter().enumerate().rev().find_map(|(position, record)| match &record.event {
        HistoryEvent::Process { service: changed, change } if changed == service => Some((position, *change)),
        _ => None,
    })
}

impl<W: World> ScenarioRun<'_, W> {
    /// Carries out a step that sends a signal. Worlds record every change of a process: without a record there was none.
    pub(super) async fn signal(&self, step: &ProcessStep) -> Result<Option<Finding>, BrokenOff> {
        let ProcessStep { service, signal, effect, .. } = step;
        let links = self.world.links();
        let before = links.read(|history| history.records().len());
        if let Some(failed) = failed_signal(self.send(step).await)? {
            return Ok(Some(failed));
        }
        let last = links.read(|history| last_change(history, service));
        let is_changed = last.is_some_and(|(position, _)| position >= before);
        Ok((!is_changed && *effect == EffectExpectation::Required)
            .then(|| Finding::unchanged(service, *signal, last.map(|(_, change)| change))))
    }

    async fn send(&self, ProcessStep { service, signal, wait, .. }: &ProcessStep) -> Result<(), BrokenOff> {
        match (signal, wait) {
            (Signal::Start, StartWait::Running) => self.world.launch(service).await,
            (Signal::Restart, StartWait::Running) => {
                self.world.signal(service, Signal::Stop).await?;
                self.world.launch(service).await
            }
            _ => self.world.signal(service, *signal).await,
        }
    }

    /// The failures at one location, and those of services that have ended by themselves meanwhile, each at the step
    /// during which it ended, unless that step allows it.
    pub(super) async fn failures(&mut self, here: FailureLocation, mut found: StepFindings) -> Vec<Failure> {
        let this_step = match here {
            FailureLocation::Step { index, .. } => Some(index),
            FailureLocation::Start | FailureLocation::End => None,
        };
        let (mut failures, mut ended_here) = (Vec::new(), Vec::new());
        for exit in self.exits.unexpected(self.world).await {
            // A start that failed because the process ended has found the same.
            let same = |finding: &Finding| finding.kind == exit.finding.kind;
            let allowed =
                exit.step.is_some_and(|index| self.scenario.steps[index].allows_end_of(&exit.service));
            if allowed {
                found.findings.retain(|finding| !same(finding));
                continue;
            }
            let location = match exit.step {
                // It may have ended during a step within that one.
                Some(index) if this_step == Some(index) => here.clone(),
                Some(index) => Place::outermost(index).location(&self.scenario.steps[index]),
                None if here == FailureLocation::End => FailureLocation::End,
                None => FailureLocation::Start,
            };
            if location != here {
                failures.push(failure(location, StepFindings::one(exit.finding)));
            } else if !found.findings.iter().any(same) {
                ended_here.push(exit.finding);
            }
        }
        // The end of a service is the cause of what else the step has found.
        found.findings.splice(0..0, ended_here);
        if !found.findings.is_empty() {
            failures.push(failure(here, found));
        }
        failures
    }
}
