//! Where a step stands that runs.

use scenario::Step;
use verdict::FailureLocation;

/// Where a step stands: in the scenario, or within another step.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The position of the outermost step in the scenario, from 0. What the steps within it do is recorded under it.
    pub(super) index: usize,
    /// The names of the steps around it, each with its round.
    around: String,
    /// Whether it runs while another step's request is in flight.
    pub(super) beside: Beside,
}

/// Whether a step runs while another step's request is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// It runs alone.
    Nothing,
    /// It runs beside a request, and is a part of that step.
    Request,
}

impl Place {
    /// The place of the scenario's step at `index`.
    pub(super) fn outermost(index: usize) -> Self {
        Self { index, around: String::new(), beside: Beside::Nothing }
    }

    /// The place of the steps within `step`; `round` is which of its rounds they belong to.
    pub(super) fn within(&self, step: &Step, round: Option<&str>) -> Self {
        let round = round.map_or_else(String::new, |round| format!(", {round}"));
        Self { around: format!("{}{}{round}: ", self.around, step.name), ..self.clone() }
    }

    /// The same place beside the request of its step.
    pub(super) fn beside(self) -> Self {
        Self { beside: Beside::Request, ..self }
    }

    /// What tells a step at this place from all others, for the values that it draws.
    pub(super) fn key(&self, step: &Step) -> String {
        match self.around.as_str() {
            "" => format!("step {}", self.index),
            around => format!("step {}, {around}{} on line {}", self.index, step.name, step.span.line),
        }
    }

    /// The location of what fails in a step at this place.
    pub(super) fn location(&self, step: &Step) -> FailureLocation {
        FailureLocation::Step {
            index: self.index,
            name: format!("{}{}", self.around, step.name),
            span: step.span,
            file: step.file.clone(),
        }
    }
}
