//! Loops: steps that run several times.

use scenario::{ForStep, Judging, Rounds, SharedValue, Step, Value};
use verdict::{BrokenOff, Failure, Finding, FindingKind, judge_check};

use super::{Place, ScenarioRun, StepFindings};
use crate::World;

/// The variable with the number of the round, from 0.
const INDEX: &str = "index";
/// The most characters of an item in the name of its round.
const LONGEST: usize = 40;

type Found = (StepFindings, Vec<Failure>);

impl<W: World> ScenarioRun<'_, W> {
    /// Runs the rounds of a loop until a step fails.
    pub(super) async fn rounds(
        &mut self,
        place: &Place,
        step: &Step,
        rounds: &ForStep,
    ) -> Result<Found, BrokenOff> {
        let name = match &rounds.rounds {
            Rounds::Each { name, .. } => name.as_deref(),
            Rounds::Until { .. } => None,
        };
        // A loop around this one may have an index, too.
        let outer = [Some(INDEX), name].map(|name| name.map(|name| (name, self.variables.take(name))));
        let found = match &rounds.rounds {
            Rounds::Each { list, name } => match list.render(&self.variables) {
                Ok(Value::Array(items)) => self.each(place, step, rounds, name.as_deref(), items).await,
                Ok(other) => {
                    self.without_captures(step);
                    let finding = Finding::new(FindingKind::Rounds, "a list", shown(&other));
                    Ok((StepFindings::one(finding), Vec::new()))
                }
                Err(error) => Ok((StepFindings::unevaluated(error), Vec::new())),
            },
            Rounds::Until { .. } => self.until(place, step, rounds).await,
        };
        for (name, value) in outer.into_iter().flatten() {
            restore(&mut self.variables, name, value);
        }
        found
    }

    async fn each(
        &mut self,
        place: &Place,
        step: &Step,
        rounds: &ForStep,
        name: Option<&str>,
        items: Vec<Value>,
    ) -> Result<Found, BrokenOff> {
        if items.is_empty() {
            self.without_captures(step);
            // At the end there may be nothing to tidy.
            if rounds.judging == Judging::Strict && step.is_judged() && !step.phase.is_final() {
                let finding = Finding::new(FindingKind::Rounds, "a round at least", "an empty list");
                return Ok((StepFindings::one(finding), Vec::new()));
            }
            self.judged.no_round(step);
        }
        let of = items.len();
        for (index, item) in items.into_iter().enumerate() {
            self.variables.set(INDEX, index);
            let mut round = format!("round {} of {of}", index + 1);
            if let Some(name) = name {
                round = format!("{round} ({name} = {})", shown(&item));
                self.variables.set(name, item);
            }
            let failures = self.run_steps(&place.within(step, Some(&round)), &rounds.steps).await?;
            if !failures.is_empty() {
                return Ok((StepFindings::default(), failures));
            }
        }
        Ok(Found::default())
    }

    async fn until(&mut self, place: &Place, step: &Step, rounds: &ForStep) -> Result<Found, BrokenOff> {
        let Rounds::Until { condition, at_most } = &rounds.rounds else { return Ok(Found::default()) };
        for index in 0..*at_most {
            self.variables.set(INDEX, index);
            let round = format!("round {}", index + 1);
            let failures = self.run_steps(&place.within(step, Some(&round)), &rounds.steps).await?;
            if !failures.is_empty() {
                return Ok((StepFindings::default(), failures));
            }
            match condition.holds(&self.variables) {
                Ok(true) => return Ok(Found::default()),
                Ok(false) => {}
                Err(error) => return Ok((StepFindings::unevaluated(error), Vec::new())),
            }
        }
        let unmet = judge_check(std::slice::from_ref(condition), &self.variables).into_iter();
        let unmet = unmet.map(|unmet| Finding { kind: FindingKind::Rounds, ..unmet });
        let late = Finding::new(
            FindingKind::Rounds,
            format!("true after round {at_most} at the latest"),
            "not until then",
        );
        Ok((StepFindings::of(unmet.chain([late]).collect()), Vec::new()))
    }
}

fn restore(variables: &mut scenario::Scope, name: &str, value: Option<SharedValue>) {
    match value {
        Some(value) => variables.share(name, value),
        None => drop(variables.take(name)),
    }
}

/// A value in one short line.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}
