//! The steps of a scenario one after the other, and those at its end whatever has failed before.

use std::{future::Future, pin::Pin};

use scenario::Step;
use verdict::{BrokenOff, Failure, Finding, FindingKind};

use super::{
    Condition, ScenarioRun, StepFindings, failure, is_known,
    place::{Beside, Place},
};
use crate::{Stub, World};

impl<W: World> ScenarioRun<'_, W> {
    /// Runs the steps until one fails, and then those that run at the end all the same.
    pub(super) async fn steps(
        &mut self,
        on_step: &(impl Fn(usize) + Send + Sync),
    ) -> Result<Vec<Failure>, BrokenOff> {
        let mut failures: Vec<Failure> = Vec::new();
        for (index, step) in self.scenario.steps.iter().enumerate() {
            let runs = failures.is_empty() || step.phase.is_final() && self.has_captures_of(step);
            if !runs {
                continue;
            }
            on_step(index);
            let place = Place::outermost(index);
            let mut found = match self.run_step(&place, step).await {
                Ok(found) => found,
                Err(broken) if failures.is_empty() => return Err(broken),
                Err(broken) => {
                    let finding =
                        Finding::new(FindingKind::Unsettled, "it can be carried out", broken.to_string());
                    failures.push(failure(place.location(step), StepFindings::one(finding)));
                    break;
                }
            };
            for failure in &mut found {
                failure.findings.retain(|finding| !is_known(finding, &failures));
            }
            found.retain(|failure| !failure.findings.is_empty());
            if failures.is_empty() && !found.is_empty() {
                self.record_circuits().await;
            }
            failures.extend(found);
        }
        Ok(failures)
    }

    /// Whether everything was captured that a step needs. After a failure some of it may be missing.
    fn has_captures_of(&self, step: &Step) -> bool {
        let captured =
            |name: &String| self.scenario.steps.iter().any(|step| step.made().any(|made| made == name));
        step.names().iter().all(|name| self.variables.has(name) || !captured(name))
    }

    /// Runs steps until one fails.
    pub(super) async fn run_steps(
        &mut self,
        place: &Place,
        steps: &[Step],
    ) -> Result<Vec<Failure>, BrokenOff> {
        for step in steps {
            let failures = self.run_step(place, step).await?;
            if !failures.is_empty() {
                return Ok(failures);
            }
        }
        Ok(Vec::new())
    }

    /// Runs a step, and checks what must always hold.
    fn run_step<'s>(
        &'s mut self,
        place: &'s Place,
        step: &'s Step,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Failure>, BrokenOff>> + Send + 's>> {
        Box::pin(async move {
            // What runs beside a request is a part of that step.
            if place.beside == Beside::Nothing {
                self.world.enter_step(Some(place.index));
            }
            self.draw_at(&place.key(step));
            let mut inner = Vec::new();
            let found = match self.condition(step) {
                Err(error) => StepFindings::unevaluated(error),
                Ok(Condition::Fails) => StepFindings::default(),
                Ok(Condition::Holds) => {
                    let mut found;
                    (found, inner) = self.step(place, step).await?;
                    if place.beside == Beside::Nothing && inner.is_empty() {
                        found.findings.extend(self.invariants.check_after(place.index, self.world).await);
                        found.findings.extend(self.world.stubs().iter().flat_map(Stub::take_findings));
                    }
                    found
                }
            };
            let mut failures = self.failures(place.location(step), found).await;
            failures.extend(inner);
            Ok(failures)
        })
    }
}
