//! The faults that were in force during the step that failed.

use engine::ScenarioResult;
use verdict::{Failure, FailureLocation};

use crate::{
    layout::printable,
    timeline::{fault_windows, step_spans},
};

pub(super) fn lines(result: &ScenarioResult, failure: &Failure) -> Vec<String> {
    let FailureLocation::Step { index, .. } = failure.location else { return Vec::new() };
    let Some(during) = step_spans(result).get(index).copied() else { return Vec::new() };
    let windows = fault_windows(result);
    let in_force = windows.iter().filter(|window| window.span.overlaps(during));
    let described = in_force.map(|window| {
        let fault = result.scenario.faults.iter().find(|fault| fault.name == *window.fault);
        let what = fault.map_or_else(String::new, |fault| printable(&format!(": {fault}")));
        let since = window.step.map_or_else(String::new, |step| format!(", since step {}", step + 1));
        format!("{}{what}{since}", window.fault)
    });
    described.collect()
}
