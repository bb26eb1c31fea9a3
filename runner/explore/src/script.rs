//! A sequence as an ordinary scenario.

mod plan;
mod steps;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use scenario::{Action, Exploration, Scenario};

use crate::{
    script::{
        plan::{Plan, Unit},
        steps::StepWriter,
    },
    sequence::Sequence,
};

/// A sequence as a scenario, with the operations to which its steps belong.
#[derive(Debug, Clone)]
pub struct Script {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// For each step, the names of the operations of its requests, in the order of the requests.
    operations: Vec<Vec<String>>,
    /// The keys of requests that no outcome check sends again.
    pub(crate) unchecked_keys: Vec<String>,
}

/// Writes a sequence as a scenario called `name`. A step that refers to one that isn't there is left out. An outcome check
/// succeeds `within` that time, or fails.
pub fn script(exploration: &Exploration, sequence: &Sequence, name: String, within: Duration) -> Script {
    let plan = Plan::new(exploration, sequence);
    let writer = StepWriter::new(&plan, within);
    let injected: BTreeSet<usize> = plan
        .units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Inject(fault) => Some(*fault),
            _ => None,
        })
        .collect();
    let steps = plan.units.iter().map(|unit| writer.step(unit));
    let (before, finally) = (&exploration.before, &exploration.finally);
    let scenario = Scenario {
        tags: exploration.tags.clone(),
        file: exploration.file.clone(),
        faults: injected.into_iter().map(|fault| exploration.faults[fault].clone()).collect(),
        steps: before.iter().cloned().chain(steps).chain(finally.iter().cloned()).collect(),
        settle: exploration.settle,
        ..Scenario::new(name, "")
    };
    let operations = plan.units.iter().map(|unit| plan.operations(unit));
    Script {
        scenario: Arc::new(scenario),
        operations: before.iter().map(|_| Vec::new()).chain(operations).collect(),
        unchecked_keys: plan.unchecked_keys(),
    }
}

/// The sequence without the steps that have no effect, because they refer to one that isn't there.
pub(crate) fn without_idle_steps(exploration: &Exploration, sequence: &Sequence) -> Sequence {
    let plan = Plan::new(exploration, sequence);
    let steps = sequence.steps.iter().filter(|step| plan.effective.contains(&step.number)).cloned();
    Sequence { clients: sequence.clients, steps: steps.collect() }
}

impl Script {
    /// The operation of a step's request, or of the `request`th one of a `together` step, counted from 0.
    pub(crate) fn operation(&self, step: usize, request: usize) -> Option<&str> {
        self.operations.get(step)?.get(request).map(String::as_str)
    }

    /// The operation of a step, or of a member of a `together` step.
    pub(crate) fn operation_of_member(&self, step: usize, member: Option<&str>) -> Option<&str> {
        let request = match (&self.scenario.steps.get(step)?.action, member) {
            (Action::Together(members), Some(name)) => members.iter().position(|step| step.name == name)?,
            (Action::Together(_), None) => return None,
            _ => 0,
        };
        self.operation(step, request)
    }
}
