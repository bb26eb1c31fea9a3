//! The processes of services while a scenario runs: signals to them, and those that end by themselves.

use scenario::{ProcessStep, Signal, StartWait};
use verdict::{BrokenOff, Failure, FailureLocation, Finding};

use super::{ScenarioRun, StepFindings, failure};
use crate::World;

/// The finding of a signal that the system under test made fail; an error if its environment did.
pub(super) fn failed_signal(sent: Result<(), BrokenOff>) -> Result<Option<Finding>, BrokenOff> {
    match sent {
        Ok(()) => Ok(None),
        Err(broken) => broken.finding().map(Some).ok_or(broken),
    }
}

impl<W: World> ScenarioRun<'_, W> {
    /// Carries out a step that sends a signal.
    pub(super) async fn signal(
        &self,
        ProcessStep { service, signal, wait }: &ProcessStep,
    ) -> Result<(), BrokenOff> {
        match (signal, wait) {
            (Signal::Start, StartWait::Running) => self.world.launch(service).await,
            (Signal::Restart, StartWait::Running) => {
                self.world.signal(service, Signal::Stop).await?;
                self.world.launch(service).await
            }
            _ => self.world.signal(service, *signal).await,
        }
    }

    pub(super) fn location(&self, index: usize) -> FailureLocation {
        let step = &self.scenario.steps[index];
        FailureLocation::Step { index, name: step.name.clone(), span: step.span }
    }

    /// The failures at one location, and those of services that have ended by themselves meanwhile, each at the step
    /// during which it ended, unless that step allows it.
    pub(super) async fn failures(&mut self, here: FailureLocation, mut found: StepFindings) -> Vec<Failure> {
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
                Some(index) => self.location(index),
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
